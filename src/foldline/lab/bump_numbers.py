"""The numbers that the page of bumps draws: curves and errors, folds, weights, and the corners of bumps."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, UInt32

from foldline.insight.certificates import rounded_up
from foldline.insight.targets import Column
from foldline.insight.unit_sums import UnitSum
from foldline.lab.bump_search import Found
from foldline.lab.bump_trainer import BumpTrainer

EVENLY = 2001  # places at which curves are drawn, and the trained net's error is measured
MARGIN = 0.12  # of the function's height, above and below


class Drawn(NamedTuple):
    """One way of building, as it is drawn.

    Args:
        head: what the page says about it.
        curve: its values.
        net: its units; None of nearest neighbours.
        places: folds or samples.
    """

    head: dict[str, object]
    curve: Column
    net: UnitSum | None
    places: Column


def places_of(found: Mapping[str, Found], *, low: float, high: float) -> Column:
    """Give places that show all kinks, and both sides of all jumps."""
    edges = [one.function.x for one in found.values() if not isinstance(one.function, UnitSum)]
    kinks = [one.places for one in found.values() if isinstance(one.function, UnitSum)]
    before = [np.nextafter(x, -np.inf) for x in edges]
    x = np.unique(np.concatenate([np.linspace(low, high, EVENLY), *edges, *before, *kinks]))
    return x[(x >= low) & (x <= high)]


def built_way(name: str, one: Found, x: Column) -> Drawn:
    """Draw what was built, at x."""
    head: dict[str, object] = {
        "name": name,
        "n_units": one.n_units,
        "n_bumps": one.n_bumps,
        "error": one.bound,
        "told": rounded_up(one.bound),
        "is_proved": True,
        "single": rounded_up(one.bound_single),
    }
    net = one.function if isinstance(one.function, UnitSum) else None
    return Drawn(head, one.values(x), net, one.places)


def trained_way(trainer: BumpTrainer, x: Column, f: Column) -> Drawn:
    """Draw the net in training, at x, where the function is f."""
    net = trainer.net
    curve = net(x)
    error = float(np.abs(curve - f).max())
    head: dict[str, object] = {
        "name": "trained",
        "n_units": trainer.n_units,
        "n_bumps": None,
        "error": error,
        "told": rounded_up(error),
        "is_proved": False,
        "single": rounded_up(error),
    }
    return Drawn(head, curve, net, -net.b / net.w)


def arrays_of(bumps: Found | None, drawn: list[Drawn], *, x: Column, f: Column) -> dict[str, np.ndarray]:
    """Give the arrays of a frame (docs/lab-protocol.md)."""
    places = [one.places[(one.places >= x[0]) & (one.places <= x[-1])] for one in drawn]
    weights = [_weights(one) for one in drawn]
    with np.errstate(all="ignore"):  # what float32 does not hold is not drawn
        return {
            "x": x.astype(np.float32),
            "f": f.astype(np.float32),
            "curves": np.array([one.curve for one in drawn], np.float32).reshape(len(drawn), len(x)),
            "errors": np.array([np.abs(one.curve - f) for one in drawn], np.float32).reshape(len(drawn), len(x)),
            "bumps": _corners(bumps),
            "places": np.concatenate([np.zeros(0), *places]).astype(np.float32),
            "place_starts": _starts(places),
            "weights": np.concatenate([np.zeros(0), *weights]).astype(np.float32),
            "weight_starts": _starts(weights),
        }


def window_of(f: Column) -> list[float]:
    """Give the bottom and the top of what is seen: the function and 0, from where bumps rise."""
    seen = f[np.isfinite(f)]
    bottom, top = float(seen.min(initial=0.0)), float(seen.max(initial=0.0))
    margin = MARGIN * (top - bottom) or 1.0
    return [bottom - margin, top + margin]


def _corners(bumps: Found | None) -> Float32[np.ndarray, "n 5"]:
    """Give s1, s2, s3, s4 and t of each of the lecture's bumps."""
    if bumps is None or not isinstance(bumps.function, UnitSum):
        return np.zeros((0, 5), np.float32)
    knots, slopes = -bumps.function.b.reshape(-1, 4), bumps.function.u.reshape(-1, 4)
    heights = slopes[:, :1] * (knots[:, 1:2] - knots[:, :1])
    return np.concatenate([knots, heights], axis=1).astype(np.float32)


def _weights(one: Drawn) -> Column:
    """Give w, b, u and p in a row; nothing of nearest neighbours."""
    return np.zeros(0) if one.net is None else np.concatenate([one.net.w, one.net.b, one.net.u, [one.net.p]])


def _starts(parts: list[Column]) -> UInt32[np.ndarray, " n"]:
    return np.cumsum([0, *map(len, parts)]).astype(np.uint32)
