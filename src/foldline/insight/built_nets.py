"""Nets built by hand with a proof of how near they come, and the number of parts that comes near enough."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from foldline.insight.bump_nets import KINDS
from foldline.insight.certificates import certify
from foldline.insight.targets import Column, Target
from foldline.insight.unit_sums import UnitSum

MOST_UNITS = 20_000  # of bumps and hats; more are not built
MOST_STEPS = 1_000  # sigmoid and tanh units, whose certificates take longer
EACH = 300  # numbers of parts that are tried one by one; as many lines as free knots may have


@dataclass(frozen=True, kw_only=True)
class Built:
    """A net that was built, and how near it surely comes.

    Args:
        name: how it was built.
        net: the net.
        n_bumps: how many bumps it is made of; None where it is not of bumps.
        at_least: an error that the net, in real numbers, has at the point `at`.
        bound: no error of the net in float64 is larger, anywhere between low and high: proved.
        bound_single: the same for the weights and the arithmetic of float32, as in `net.mlp()`.
        at: the point of `at_least`.
    """

    name: str
    net: UnitSum
    n_bumps: int | None
    at_least: float
    bound: float
    bound_single: float
    at: float

    @property
    def n_units(self) -> int:
        """How many hidden units it has."""
        return self.net.n_units


def proved(
    name: str, f: Target, net: UnitSum, *, low: float, high: float, n_bumps: int | None = None, enough: float = 0.0
) -> Built:
    """Bound the errors of a net over the whole interval; bounds below `enough` need not be tight."""
    exact = certify(f, net.function(low=low, high=high), low=low, high=high, enough=enough)
    single = net.single()
    rounded = certify(f, single.function(low=low, high=high), low=low, high=high, enough=enough).at_most
    return Built(
        name=name,
        net=net,
        n_bumps=n_bumps,
        at_least=exact.at_least,
        bound=exact.at_most + net.rounding(low=low, high=high),
        bound_single=rounded + single.rounding(low=low, high=high, precision="single"),
        at=exact.at,
    )


def build(f: Target, name: str, *, low: float, high: float, n: int, enough: float = 0.0) -> Built:
    """Build a net of n parts, as `name` of KINDS says, and bound its errors."""
    n_bumps = n if "bumps" in name else None
    return proved(name, f, KINDS[name](f, low=low, high=high, n=n), low=low, high=high, n_bumps=n_bumps, enough=enough)


def build_within(f: Target, name: str, *, low: float, high: float, eps: float, most: int | None = None) -> Built | None:
    """Build a net of few parts, as `name` of KINDS says, with a bound of eps; None if `most` parts do not do.

    More parts may do worse, as where fewer of them have knots on the kinks of f. So numbers up to EACH are tried one by
    one, and the smallest is taken that does for eps or a few thousandths less; a larger one is found by halving, and
    need not be the smallest.

    Args:
        most: how many parts are tried; MOST_UNITS by default, of steps MOST_STEPS.
    """
    most = most or (MOST_STEPS if "steps" in name else MOST_UNITS)
    goal, start = eps, 1
    hard = np.clip(np.concatenate([np.linspace(low, high, 65), f.breaks()]), low, high)  # looked at first

    def is_near(n: int) -> bool:
        nonlocal hard
        net = KINDS[name](f, low=low, high=high, n=n)
        if _errors(net, f, hard).max() > eps:
            return False
        x = np.clip(np.concatenate([np.linspace(low, high, max(8 * n + 1, 4001)), -net.b / net.w]), low, high)
        errors = _errors(net, f, x)
        hard = np.append(hard, x[errors.argmax()])
        return bool(errors.max() <= eps)

    for _ in range(4):
        n = _fewest(is_near, start=start, most=most)
        if n is None:
            return None
        built = build(f, name, low=low, high=high, n=n, enough=goal / 10)
        if built.bound <= goal:
            return built
        # What the points missed; that the bound is a little more than is reached takes a little more as well.
        missed = built.at + (high - low) * np.append(0.0, 2.0 ** -np.arange(10, 30))
        hard, start = np.append(hard, np.clip(missed, low, high)), n
        eps *= 1 - 1e-3
    return None


def _fewest(is_near: Callable[[int], bool], *, start: int, most: int) -> int | None:
    """Find a small number of parts, from `start` to `most`, that comes near."""
    one_by_one = min(EACH, most)
    for n in range(start, one_by_one + 1):
        if is_near(n):
            return n
    below = above = max(start - 1, one_by_one)
    while not is_near(above := min(2 * above, most)):
        if above == most:
            return None
        below = above
    while above - below > 1:
        n = (below + above) // 2
        below, above = (below, n) if is_near(n) else (n, above)
    return above


def _errors(net: UnitSum, f: Target, x: Column) -> Column:
    y = _by_sums(net, x) if net.activation == "relu" else net(x)
    return np.asarray(np.abs(y - f.sample(x)))


def _by_sums(net: UnitSum, x: Column) -> Column:
    """Give values of a ReLU net with w = 1 by sums over its sorted knots, which is quick for thousands of units."""
    order = np.argsort(-net.b, kind="stable")
    knots, u = -net.b[order], net.u[order]
    before = np.searchsorted(knots, x, side="right")
    slopes, moments = np.append(0.0, np.cumsum(u)), np.append(0.0, np.cumsum(u * knots))
    return np.asarray(slopes[before] * x - moments[before] + net.p)
