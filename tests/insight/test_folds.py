import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import foldline as fl
from foldline.core.errors import SettingError, ShapeError
from foldline.insight import Plane, find_folds, piecewise_net
from foldline.insight._regions import cut_window, zero_tolerances
from insight.fold_oracle import area, exact_class_areas, exact_regions
from insight.odd_nets import KINDS, net_of, odd_net, random_net


def two_lines():
    """Scores (0, h1 + h2) of h = relu(x), relu(y): four quadrants."""
    return net_of([np.eye(2), [[0, 0], [1, 1]]], [[0, 0], [0, 0]])


def assert_equals_the_oracle(net):
    folds = find_folds(net)
    exact = exact_regions(folds.net, (-1, 1, -1, 1))
    found = dict(zip(map(tuple, folds.patterns.tolist()), folds.areas.tolist(), strict=True))
    assert len(found) == folds.n_regions
    assert set(found) == set(exact)
    for pattern, polygon in exact.items():
        assert found[pattern] == pytest.approx(float(area(polygon)), abs=1e-12)
    assert_allclose(folds.class_areas, [float(a) for a in exact_class_areas(folds.net, exact)], atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_regions_are_those_of_rational_arithmetic(kind, seed):
    assert_equals_the_oracle(odd_net(kind, seed))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_regions_of_a_thousand_nets_are_those_of_rational_arithmetic(kind):
    for seed in range(3, 90):
        assert_equals_the_oracle(odd_net(kind, seed))


def test_two_units_make_four_quadrants():
    folds = find_folds(two_lines())
    assert folds.n_regions == 4
    assert_allclose(folds.areas, [1, 1, 1, 1])
    assert_array_equal(np.sort(folds.patterns @ [1, 2]), [0, 1, 2, 3])
    assert_allclose(folds.fold_lengths, [2, 2])
    assert folds.unit(1) == (0, 1)


def test_maps_and_patterns_are_the_nets_own_inside_every_region():
    net = random_net(2, 12, 8, 6, 4, seed=3, activation="leaky_relu")
    folds = find_folds(net, Plane.whole((-2, 3, -1, 4)))
    middles = np.array([part.mean(axis=0) for part in np.split(folds.corners, folds.starts[1:-1])])
    mapped = np.einsum("rak,ra->rk", folds.maps, np.column_stack([middles, np.ones(len(middles))]))
    assert_allclose(mapped, folds.net.scores(middles), atol=1e-11)
    h = middles
    for layer, start in zip(range(3), (0, 12, 20), strict=True):
        z = h @ folds.net.weights[layer].T + folds.net.biases[layer]
        assert_array_equal(folds.patterns[:, start : start + z.shape[1]], z > 0)
        h = np.where(z > 0, z, 0.2 * z)


def test_regions_fill_the_window_without_overlap():
    folds = find_folds(random_net(2, 30, 20, 3, seed=1), Plane.whole((5, 9, -3, 3)))
    assert folds.areas.min() > 0
    assert folds.areas.sum() == pytest.approx(24, rel=1e-12)
    assert folds.class_areas.sum() == pytest.approx(24, rel=1e-12)


def test_a_wide_layer_has_as_many_regions_as_its_lines_cut():
    net = random_net(2, 150, 3, seed=2)
    W, b = piecewise_net(net).weights[0], piecewise_net(net).biases[0]
    # In general position every line adds one region, and so does every crossing of two (Zaslavsky 1975).
    reach = np.abs(W).sum(axis=1)
    crosses = np.abs(b) < reach
    first, second = np.triu_indices(150, 1)
    pairs, offsets = np.stack([W[first], W[second]], axis=1), np.stack([b[first], b[second]], axis=1)
    points = np.linalg.solve(pairs, -offsets[..., None])[..., 0]
    n_crossings = (np.abs(points) < 1).all(axis=1).sum()
    folds = find_folds(net)
    assert folds.n_regions == 1 + crosses.sum() + n_crossings
    assert_array_equal(folds.fold_lengths > 0, crosses)


def test_both_classes_lead_along_the_boundary():
    folds = find_folds(random_net(2, 20, 10, 4, seed=9))
    boundary = folds.boundary
    assert len(boundary.segments) > 20
    for share in (0.25, 0.75):
        points = (1 - share) * boundary.segments[:, 0] + share * boundary.segments[:, 1]
        scores = folds.net.scores(points)
        rows = np.arange(len(points))
        for column in range(2):
            assert_allclose(scores[rows, boundary.classes[:, column]], scores.max(axis=1), atol=1e-10)
    assert (boundary.classes[:, 0] < boundary.classes[:, 1]).all()


def test_parts_have_the_class_that_wins_in_their_middle():
    folds = find_folds(random_net(2, 20, 10, 4, seed=9))
    parts = folds.parts
    middles = np.array([part.mean(axis=0) for part in np.split(parts.corners, parts.starts[1:-1])])
    assert_array_equal(parts.winners, folds.net.scores(middles).argmax(axis=1))
    assert_array_equal(parts.regions, folds.region_of(middles))


def test_convention_the_lowest_class_wins_where_all_units_are_off():
    boundary = find_folds(two_lines()).boundary
    assert boundary.length == pytest.approx(2)
    assert_allclose(np.sort(boundary.segments.reshape(-1, 2), axis=0), [[-1, -1], [0, 0], [0, 0], [0, 0]], atol=1e-12)


def test_convention_folds_that_nearly_coincide_count_as_one():
    line = [[1, 0.5], [1, 0.5]]
    assert find_folds(net_of([line, np.ones((2, 2))], [[0, 0], [0, 0]])).n_regions == 2
    assert find_folds(net_of([line, np.ones((2, 2))], [[0, 1e-15], [0, 0]])).n_regions == 2
    assert find_folds(net_of([line, np.ones((2, 2))], [[0, 1e-6], [0, 0]])).n_regions == 3


@pytest.mark.parametrize(("activation", "hidden"), [("identity", (5, 4)), ("relu", ())])
def test_a_net_without_folds_is_one_region(activation, hidden):
    net = random_net(2, *hidden, 3, activation=activation)
    folds = find_folds(net)
    assert (folds.n_regions, folds.n_units) == (1, 0)
    assert folds.fold_lengths.shape == (0,)
    points = np.random.default_rng(0).uniform(-1, 1, (5, 2))
    mapped = np.column_stack([points, np.ones(5)]) @ folds.maps[0]
    assert_allclose(mapped, net(jnp.asarray(points, jnp.float32)), atol=1e-5)


def test_a_plane_through_a_space_of_many_dimensions_is_cut_as_its_points_say():
    net = random_net(50, 20, 10, 3, seed=4)
    X = np.random.default_rng(1).standard_normal((3, 50))
    folds = find_folds(net, Plane.through(X))
    points = folds.plane.coordinates(X)
    regions = folds.region_of(points)
    mapped = np.einsum("nak,na->nk", folds.maps[regions], np.column_stack([points, np.ones(3)]))
    assert_allclose(mapped, folds.net.scores(X), atol=1e-9)


def test_points_outside_the_window_have_no_region():
    folds = find_folds(two_lines())
    found = folds.region_of(np.array([[0.5, 0.5], [-0.5, 0.5], [1.5, 0.0], [0.0, -2.0]]))
    assert_array_equal(found[2:], [-1, -1])
    assert_array_equal(folds.patterns[found[:2]], [[True, True], [False, True]])


def test_fold_lines_are_where_their_unit_is_zero():
    folds = find_folds(random_net(2, 9, 7, 3, seed=8))
    segments, units = folds.fold_lines
    h = segments.mean(axis=1)
    z = np.concatenate([h @ folds.net.weights[0].T + folds.net.biases[0]], axis=1)
    deeper = np.maximum(z, 0) @ folds.net.weights[1].T + folds.net.biases[1]
    values = np.concatenate([z, deeper], axis=1)[np.arange(len(units)), units]
    assert set(units) >= {0, 9}
    assert_allclose(values, 0, atol=1e-12)


def test_more_regions_than_asked_for_are_refused():
    with pytest.raises(SettingError, match=r"more than 10 regions; expected no more\. Look at a smaller window"):
        find_folds(random_net(2, 20, 3), max_regions=10)


def test_one_region_that_is_cut_into_too_many_is_given_up_before_all_are_made():
    net = piecewise_net(random_net(2, 400, 3))  # some 50,000 regions, in one piece
    first_maps = np.column_stack([net.weights[0], net.biases[0]])
    tolerances = zero_tolerances(net, np.abs(first_maps).sum(axis=1))
    with pytest.raises(SettingError, match="more than 1,000 regions"):
        next(cut_window(net, first_maps, tolerances, most_at_once=1_000))
    assert sum(len(chunk.maps) for chunk in cut_window(net, first_maps, tolerances, most_at_once=100_000)) > 10_000


@pytest.mark.slow
def test_nets_whose_folds_do_not_fit_into_memory_are_refused():
    n = 4_000_000  # which would take 256 TB
    net = net_of([np.ones((n, 2)), np.ones((2, n))], [np.zeros(n), np.zeros(2)])
    with pytest.raises(SettingError, match="4,000,000 units, whose folds in the window take more memory than there is"):
        find_folds(net)


def test_a_plane_of_another_space_is_refused():
    with pytest.raises(ShapeError, match="space of 2 dimensions; expected 7, what the net takes"):
        find_folds(random_net(7, 4, 3))


def test_a_fitted_classifier_is_taken_as_its_net():
    X = np.random.default_rng(0).standard_normal((60, 2)).astype(np.float32)
    model = fl.MLPClassifier(hidden=(6,), epochs=3).fit(X, X[:, 0] > 0)
    assert find_folds(model).n_regions == find_folds(model.model_).n_regions > 1
