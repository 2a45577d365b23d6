from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

import foldline as fl
from foldline.insight import surfaces_picture
from foldline.insight.convexity import Structure
from foldline.insight.landscapes import LossSlice
from foldline.insight.lecture_net import LectureSlices
from foldline.insight.loss_planes import LossPlane
from foldline.insight.minima import local_minima

NET = Structure(is_convex=False, steps=("has a hidden layer",))
BOWL = Structure(is_convex=True, steps=("is linear",))


def a_slice():
    steps = np.linspace(-0.5, 1.5, 101)
    values = 1 + np.sin(np.pi * steps) ** 2 + 0.1 * steps
    return LossSlice(
        steps=steps,
        values=values,
        rounding=1e-7,
        kind="between",
        seed=0,
        n_rows=10,
        convexity=fl.convexity_of_samples(steps, values),
        structure=NET,
        minima=tuple(i for (i,) in local_minima(values, depth=1e-6)),
    )


def a_plane(*, with_path=False):
    steps = np.linspace(-1, 1, 31)
    a, b = np.meshgrid(steps, 2 * steps)
    values = 0.1 + a**2 + 0.3 * b**2
    return LossPlane(
        steps_1=steps,
        steps_2=2 * steps,
        values=values,
        rounding=1e-7,
        kind="path" if with_path else "filter",
        seed=3,
        n_rows=10,
        convexity=fl.convexity_of_samples(steps, values[0]),
        structure=BOWL,
        minima=((15, 15),),
        path=np.array([[0.9, -1.5], [0.3, -0.2], [0.0, 0.0]]) if with_path else None,
        path_share=0.87 if with_path else None,
    )


def test_the_slice_looks_like_its_golden_one(assert_golden):
    assert_golden(a_slice().picture(), "loss-slice")


def test_the_plane_with_a_path_looks_like_its_golden_one(assert_golden):
    assert_golden(a_plane(with_path=True).picture(), "loss-plane")


def test_the_chord_is_drawn_where_the_triple_is():
    found = a_slice()
    lines = {line.get_label(): line for line in found.picture().axes[0].lines}
    v = found.convexity.violation
    assert_allclose(lines["a chord that it lies above"].get_xydata(), [[v.x1, v.f1], [v.x2, v.f2]])
    assert_allclose(lines["objective"].get_ydata(), found.values)
    assert_allclose(lines["local minima"].get_xdata(), found.steps[list(found.minima)])
    assert lines["other model"].get_xdata() == [1.0]


def test_titles_say_the_verdict_and_the_seed():
    assert a_slice().picture().axes[0].get_title(loc="left") == "not convex; 2 local minima"
    title = a_plane().picture().axes[0].get_title(loc="left")
    assert title.startswith("convex by structure")
    assert title.endswith(", seed 3")
    assert "87 % of its way lies in it" in a_plane(with_path=True).picture().axes[0].get_title(loc="left")
    unseen = replace(a_slice(), convexity=fl.convexity_of_samples(np.arange(3.0), np.arange(3.0)))
    assert "no violation of convexity in 3 samples" in unseen.picture().axes[0].get_title(loc="left")


def test_the_path_is_drawn_where_it_went():
    lines = {line.get_label(): line for line in a_plane(with_path=True).picture().axes[0].lines}
    assert_allclose(lines["training, an epoch a dot"].get_xydata(), a_plane(with_path=True).path)
    assert_allclose(lines["first epoch"].get_xydata(), [[0.9, -1.5]])


def test_a_flat_plane_can_be_drawn():
    flat = replace(a_plane(), values=np.full((31, 31), 2.0))
    assert flat.picture().axes


def test_surfaces_stand_side_by_side_under_their_titles():
    figure = surfaces_picture({"linear": a_plane(), "net": a_plane()})
    assert [axes.get_title() for axes in figure.axes] == ["linear", "net"]
    with pytest.raises(fl.DataError, match="there is no plane to draw"):
        surfaces_picture({})


def test_the_lecture_picture_names_kinds_seeds_and_counts():
    found = LectureSlices(
        slices={"convex-looking": a_slice(), "wild": replace(a_slice(), seed=7)},
        counts={"convex-looking": 5, "not convex": 0, "local minima": 0, "wild": 2},
        n_seeds=20,
    )
    titles = [axes.get_title(loc="left") for axes in found.picture().axes]
    assert titles == ["convex-looking: seed 0", "wild: seed 7"]
    assert found.picture().axes[1].texts[0].get_text() == "2 of 20 seeds"
    with pytest.raises(fl.DataError, match="none of 20 seeds gave a slice to show"):
        replace(found, slices={}).picture()
