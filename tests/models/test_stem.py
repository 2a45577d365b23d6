import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from foldline.core.errors import SettingError
from foldline.models import MLP, Stem

SHAPE = (10, 12, 3)
STEM = Stem(SHAPE, n_patches=5, patch_px=4, grid=4, regions=2, n_directions=360)


def rows(n=300, *, seed=0):
    """Smooth images: random fields whose neighbours are alike."""
    rng = np.random.default_rng(seed)
    fields = rng.normal(size=(n, 13, 15, 3)).astype(np.float32)
    smooth = sum(fields[:, i : i + 10, j : j + 12] for i in range(4) for j in range(4))
    return (smooth / smooth.std()).reshape(n, -1)


X = rows()


def layers(stem=STEM, X=X, seed=0):
    return stem.checked(n_in=X.shape[1]).first_layers(X, generator=np.random.default_rng(seed))


def test_shapes_are_as_asked():
    assert [layer.W.shape for layer in layers()] == [(360, 360), (80, 360), (20, 80)]
    few = STEM._replace(n_directions=30, regions=3)
    assert [layer.W.shape for layer in layers(few)] == [(30, 360), (80, 30), (45, 80)]


def test_convention_whitening_divides_by_the_root_of_variance_plus_half_the_mean_variance():
    variances, V = np.linalg.eigh(np.cov(X.T, bias=True).astype(np.float64))
    expected = (X - X.mean(axis=0)) @ V / np.sqrt(variances + 0.5 * variances.mean())
    # Directions have no sign of their own.
    assert_allclose(np.abs(layers()[0](jnp.asarray(X))), np.abs(expected), atol=5e-3)


def test_convention_wide_units_start_with_deviation_1_and_bias_minus_a_half():
    whitening, wide, _ = layers()
    assert_array_equal(wide.b, np.full(80, -0.5))
    assert_allclose(np.std(wide(whitening(jnp.asarray(X))), axis=0), np.ones(80), rtol=1e-3)


def test_convention_the_bottleneck_starts_with_mean_0_and_deviation_1():
    pooled = np.asarray(MLP(layers(), "relu", linear=(0,))(jnp.asarray(X)))
    assert_allclose(pooled.mean(axis=0), np.zeros(20), atol=1e-4)
    assert_allclose(pooled.std(axis=0), np.ones(20), rtol=1e-3)


def test_a_wide_unit_looks_at_one_place_of_the_whitened_image_and_all_of_a_patch_at_the_same_thing():
    whitening, wide, _ = layers()
    V = np.asarray(whitening.W) / np.linalg.norm(whitening.W, axis=1, keepdims=True)
    filters = (np.asarray(wide.W) @ V).reshape(5, 4, 4, *SHAPE)
    for i, top in enumerate((0, 2, 4, 6)):
        for j, left in enumerate((0, 3, 5, 8)):
            seen = filters[:, i, j, top : top + 4, left : left + 4]
            outside = filters[:, i, j].copy()
            outside[:, top : top + 4, left : left + 4] = 0
            assert np.abs(outside).max() < 0.02 * np.abs(seen).max()
            unit, first = (
                f.reshape(5, -1) / np.linalg.norm(f.reshape(5, -1), axis=1)[:, None]
                for f in (seen, filters[:, 0, 0, :4, :4])
            )
            assert_allclose(unit, first, atol=0.02)


def test_a_bottleneck_unit_sums_one_patch_over_one_region():
    _, _, bottleneck = layers()
    weights = np.asarray(bottleneck.W).reshape(5, 2, 2, 5, 4, 4)
    for k in range(5):
        others = np.delete(weights[k], k, axis=2)
        assert not others.any()
        # Regions of 2 x 2 places round (0.5, 0.5): weights 3/4 there, 1/4 one place further.
        assert_allclose(
            weights[k, 0, 0, k] / weights[k, 0, 0, k, 0, 0], np.outer([1, 1, 1 / 3, 0], [1, 1, 1 / 3, 0]), atol=1e-6
        )


def test_patches_are_centres_of_noisy_ones_that_point_the_same_way():
    rng = np.random.default_rng(1)
    kinds = np.linalg.qr(rng.normal(size=(48, 2)))[0].T
    noisy = rng.uniform(1, 5, (200, 1)) * (kinds[np.arange(200) % 2] + rng.normal(0, 0.07, (200, 48)))
    stem = Stem((4, 4, 3), n_patches=2, patch_px=4, grid=1, regions=1, n_directions=48)
    nearness = stem._patches(noisy.astype(np.float32), generator=np.random.default_rng(0)) @ kinds.T
    of_rows = (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)) @ kinds.T
    assert of_rows.max() < 0.97
    assert nearness.max(axis=1).min() > 0.99
    assert set(nearness.argmax(axis=1)) == {0, 1}


def test_the_same_generator_gives_the_same_bits_and_the_rows_stay_as_they_were():
    before = X.copy()
    first, again, other = layers(), layers(), layers(seed=1)
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(again), strict=True):
        assert_array_equal(a, b)
    assert (np.asarray(first[1].W) != np.asarray(other[1].W)).any()
    assert_array_equal(X, before)


@pytest.mark.parametrize("X", [X[:1], np.zeros((20, 360), np.float32)])
def test_one_image_or_images_that_are_all_alike_give_finite_weights(X):
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(layers(X=X)))


@pytest.mark.parametrize("image_shape", [(1, 1, 1), (3, 9, 1), (32, 32, 3), (8, 8, 1), (40, 20, 3)])
def test_the_stem_for_images_fits_them(image_shape):
    n_in = int(np.prod(image_shape))
    stem = Stem.for_images(image_shape).checked(n_in=n_in)
    assert stem.image_shape == image_shape
    if image_shape == (32, 32, 3):
        assert stem == Stem(image_shape)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"image_shape": (32, 32)}, r"image_shape is \(32, 32\); expected height, width and channels"),
        ({"image_shape": (0, 12, 3)}, "the height in image_shape is 0"),
        ({"image_shape": (10, 12, 1)}, "which is 120 numbers, and rows hold 360; .* or leave stem out"),
        ({"n_patches": 0}, "n_patches is 0; expected a whole number at least 1"),
        ({"patch_px": 11}, "patch_px is 11; expected a whole number from 1 to 10"),
        ({"grid": 0}, "grid is 0"),
        ({"regions": 5}, "regions is 5; expected a whole number from 1 to 4"),
        ({"n_directions": 361}, "n_directions is 361; expected a whole number from 1 to 360"),
    ],
)
def test_settings_outside_their_range_are_refused(settings, words):
    with pytest.raises(SettingError, match=words):
        STEM._replace(**settings).checked(n_in=360)
