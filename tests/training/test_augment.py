import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import SettingError
from foldline.training import Augment

SHAPE = (6, 8, 3)
KEY = jax.random.key(0)
IMAGES = np.random.default_rng(0).uniform(1, 2, (40, *SHAPE)).astype(np.float32)  # 0 comes from outside alone


def changed(key=KEY, **settings):
    rows = jnp.asarray(IMAGES.reshape(40, -1))
    return np.asarray(Augment(SHAPE, **settings).checked(n_in=144)(rows, key)).reshape(IMAGES.shape)


def moved(image, down, right):
    out = np.zeros_like(image)
    h, w, _ = image.shape
    for i in range(h):
        for j in range(w):
            if 0 <= i + down < h and 0 <= j + right < w:
                out[i, j] = image[i + down, j + right]
    return out


def test_a_shift_is_one_of_those_within_reach_and_each_of_them_comes():
    found = set()
    for image, out in zip(IMAGES, changed(shift_px=1), strict=True):
        same = [(d, r) for d in (-1, 0, 1) for r in (-1, 0, 1) if np.allclose(moved(image, d, r), out)]
        assert len(same) == 1
        found.update(same)
    assert len(found) >= 8


def test_about_half_of_the_images_are_mirrored_and_the_others_are_as_they_were():
    out = changed(flip=True)
    is_mirrored = np.array([np.allclose(o, i[:, ::-1]) for o, i in zip(out, IMAGES, strict=True)])
    is_same = np.array([np.allclose(o, i) for o, i in zip(out, IMAGES, strict=True)])
    assert (is_mirrored ^ is_same).all()
    assert 8 <= is_mirrored.sum() <= 32


def test_a_crop_of_a_ramp_is_a_flatter_ramp_round_its_own_middle():
    ramp = np.broadcast_to(np.arange(8, dtype=np.float32)[None, :, None], SHAPE).reshape(1, -1).repeat(30, 0)
    out = np.asarray(Augment(SHAPE, zoom=0.5)(jnp.asarray(ramp), KEY)).reshape(30, *SHAPE)
    slopes = np.diff(out, axis=2)
    assert_allclose(slopes, np.broadcast_to(slopes[:, :1, :1, :1], slopes.shape), atol=1e-4)
    assert slopes.min() >= 0.5 - 1e-4
    assert slopes.max() <= 1 + 1e-4
    assert np.ptp(slopes[:, 0, 0, 0]) > 0.3
    assert_allclose(out.mean((1, 2, 3)), 3.5, atol=1e-4)


def test_what_is_covered_is_a_square_of_zeros():
    out = changed(cutout_px=3)
    is_covered = (out == 0).all(axis=3)
    assert_array_equal(out[~is_covered], IMAGES[~is_covered])
    sides = {(int(c.any(1).sum()), int(c.any(0).sum())) for c in is_covered}
    assert (3, 3) in sides
    assert all(h <= 3 and w <= 3 for h, w in sides)
    for c in is_covered:
        assert_array_equal(c, np.outer(c.any(1), c.any(0)))


def test_another_key_gives_other_images_and_the_same_one_the_same():
    settings = {"shift_px": 2, "flip": True, "zoom": 0.3, "cutout_px": 2}
    assert_array_equal(changed(**settings), changed(**settings))
    assert (changed(**settings) != changed(jax.random.key(1), **settings)).any()


@pytest.mark.parametrize(
    ("settings", "n_in", "words"),
    [
        ({"shift_px": 6}, 144, "shift_px is 6; expected a whole number from 0 to 5"),
        ({"zoom": 1.0}, 144, "zoom is 1.0; expected a number at least 0 and below 1"),
        ({"cutout_px": -1}, 144, "cutout_px is -1"),
        ({"flip": 1}, 144, "flip is 1; expected True or False"),
        ({}, 100, r"image_shape \(6, 8, 3\), which is 144 numbers, and rows hold 100; expected as many. Give"),
    ],
)
def test_settings_outside_their_range_are_refused(settings, n_in, words):
    with pytest.raises(SettingError, match=words):
        Augment(SHAPE, **settings).checked(n_in=n_in)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("8x8", "image_shape is '8x8'; expected height, width and channels. Give for example"),
        ((1, 2), r"image_shape is \(1, 2\); expected height, width and channels"),
        ((8, 0, 3), "the width in image_shape is 0; expected a whole number at least 1"),
    ],
)
def test_what_is_no_shape_of_images_is_refused(shape, words):
    augment = Augment(SHAPE)._replace(image_shape=shape)
    with pytest.raises(SettingError, match=words):
        augment.checked(n_in=144)
