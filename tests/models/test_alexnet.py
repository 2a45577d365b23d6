import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from convolution_loops import loops
from foldline.core.errors import SettingError
from foldline.models import PLANS, AlexNet, Net
from foldline.models.alexnet import SMALL, Plan, Stage
from foldline.training.objective import penalty

KEY = jax.random.key(0)
TINY = Plan(
    stages=(
        Stage(4, 5, border=2, is_normalised=True, is_pooled=True),
        Stage(6, 3, border=1, groups=2, is_pooled=True),
        Stage(5, 3, border=1),
    ),
    hidden=(7,),
)


LIKE_SMALL = Plan(
    stages=(Stage(6, 5, border=2, is_pooled=True), Stage(5, 3, border=1, is_pooled=True), Stage(4, 3, border=1)),
    hidden=(4,),
)


@jax.jit
def scores(net, X, dropout=0.0, key=None):
    return net(X, dropout=dropout, key=key)


@jax.jit
def hidden(net, X):
    return net.hidden(X)


def n_numbers(plan, image_shape, n_out):
    net = jax.eval_shape(lambda key: AlexNet.random(image_shape=image_shape, n_out=n_out, plan=plan, key=key), KEY)
    return sum(leaf.size for leaf in jax.tree.leaves(net))


def moved(net):
    """The same net with biases that are not 0."""
    leaves, structure = jax.tree.flatten(net)
    keys = jax.random.split(jax.random.key(1), len(leaves))
    return jax.tree.unflatten(
        structure, [leaf + 0.2 * jax.random.normal(key, leaf.shape) for leaf, key in zip(leaves, keys, strict=True)]
    )


def papers_forward_pass(net, image):
    """What each layer makes of one image, in the paper's order: sum, bias, ReLU, normalisation, pooling."""
    x, given = image[None].astype(float), []
    for stage, layer in zip(net.plan.stages, net.convolutions, strict=True):
        sums = loops(x, np.asarray(layer.W), stride=stage.stride, border=stage.border, groups=stage.groups)
        x = np.maximum(0, sums + np.asarray(layer.b))
        if stage.is_normalised:
            near = [x[..., max(0, i - 2) : i + 3] for i in range(x.shape[-1])]
            x = x / np.stack([(2 + 1e-4 * (of_unit**2).sum(-1)) ** 0.75 for of_unit in near], -1)
        if stage.is_pooled:
            down, across = (int(np.ceil((side - 3) / 2)) + 1 for side in x.shape[1:3])
            windows = [[x[0, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] for j in range(across)] for i in range(down)]
            x = np.array([[window.max(axis=(0, 1)) for window in row] for row in windows])[None]
        given.append(x.ravel())
    for layer in net.connected[:-1]:
        given.append(np.maximum(0, np.asarray(layer.W) @ given[-1] + np.asarray(layer.b)))
    return [*given, np.asarray(net.connected[-1].W) @ given[-1] + np.asarray(net.connected[-1].b)]


def test_the_papers_net_has_60965224_numbers():
    assert n_numbers(PLANS["paper"], (227, 227, 3), 1000) == 60_965_224


def test_the_papers_maps_have_the_papers_sides():
    assert PLANS["paper"].map_shape((227, 227, 3)) == (6, 6, 256)


def test_the_small_net_has_as_many_numbers_as_its_layers_on_paper():
    convolutions = 32 * (75 + 1) + 64 * (9 * 32 + 1) + 96 * (9 * 64 + 1) + 96 * (9 * 96 + 1) + 64 * (9 * 96 + 1)
    assert n_numbers(SMALL, (32, 32, 3), 10) == convolutions + 256 * (4 * 4 * 64 + 1) + 256 * 257 + 10 * 257


@pytest.mark.parametrize(("plan", "shape"), [(TINY, (9, 11, 3)), (LIKE_SMALL, (8, 10, 3))])
def test_scores_and_hidden_layers_equal_the_papers_forward_pass(plan, shape):
    net = moved(AlexNet.random(image_shape=shape, n_out=3, plan=plan, key=KEY))
    images = np.random.default_rng(0).standard_normal((2, *shape)).astype(np.float32)
    X = jnp.asarray(images.reshape(2, -1))
    layers = [*hidden(net, X), scores(net, X)]
    for found, *expected in zip(layers, *(papers_forward_pass(net, image) for image in images), strict=True):
        assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())


def test_many_rows_score_as_each_alone():
    net = AlexNet.random(image_shape=(9, 9, 1), n_out=2, plan=TINY, key=KEY)
    X = jax.random.normal(jax.random.key(2), (300, 81))
    some = jnp.asarray([0, 255, 256, 299])
    assert_allclose(scores(net, X)[some], scores(net, X[some]), rtol=1e-4, atol=1e-5)


def test_dropout_switches_off_units_of_the_connected_layers():
    net = AlexNet.random(image_shape=(9, 9, 1), n_out=2, plan=TINY, key=KEY)
    X = jax.random.normal(jax.random.key(2), (40, 81))
    masked = np.stack([scores(net, X, 0.5, key) for key in jax.random.split(KEY, 100)])
    assert masked.std(axis=0).min() > 0
    assert_allclose(masked.mean(), scores(net, X).mean(), atol=0.1)


def test_every_weight_is_regularised_and_no_bias():
    net = moved(AlexNet.random(image_shape=(9, 9, 1), n_out=2, plan=TINY, key=KEY))
    assert isinstance(net, Net)
    squares = sum(float((np.asarray(leaf, float) ** 2).sum()) for leaf in jax.tree.leaves(net) if leaf.ndim > 1)
    assert_allclose(penalty(net, l1=0.0, l2=1.0), squares, rtol=1e-5)


@pytest.mark.parametrize(("size", "smallest"), [("small", 12), ("paper", 55)])
def test_images_smaller_than_the_net_needs_are_refused_and_the_smallest_are_taken(size, smallest):
    with pytest.raises(SettingError, match=rf"expected at least {smallest}x{smallest} pixels.*size={smallest}"):
        PLANS[size].map_shape((smallest - 1, 300, 3))
    assert PLANS[size].map_shape((smallest, smallest, 3))[:2] == (1, 1)
