"""Nets that are built near a function one after the other, beside the engine, which goes on serving meanwhile."""

import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from foldline.core.errors import FoldlineError, SettingError
from foldline.insight.built_nets import Built, build, build_within, proved
from foldline.insight.bumps import bounded_range, smallest_within
from foldline.insight.certificates import certify
from foldline.insight.fewest_units import best_net
from foldline.insight.free_knots import needed_folds
from foldline.insight.learned_units import nearest_neighbour
from foldline.insight.targets import Column, Target
from foldline.insight.unit_sums import Lines, UnitSum

MOST = 300  # units, or samples, that are tried for an eps: folds of more could not be told apart on the page
# Quick ones first; for an eps, bumps and neighbours begin with as many as there are overlapping bumps.
ORDER = ("overlapping", "bumps", "hats", "neighbour", "free")
KIND_OF = {"overlapping": "overlapping bumps"}  # the name that the nets' own room gives it
UNSEEN = 1e-5  # of the height: a net that is nearer is not looked for
LEAST_HEIGHT, MOST_HEIGHT = 1e-9, 1e9  # beyond, float32 and the searches' own tolerances tell nothing apart

# One for all sessions, who are served in turn. A search takes seconds, for the wildest functions half a minute, mostly
# in compiled code that lets other threads run. Measured on 2 cores under a load of 10 to 13: whoever wanted to go on
# waited for 0.2 to 6 ms in the median of 8 searches, 99 times of 100 for at most 0.11 s, once for 0.8 s.
_WORKER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bumps")


class Question(NamedTuple):
    """What nets are built for: a function, its interval, and a number of units or else a share of its height."""

    target: Target
    low: float
    high: float
    n_units: int | None
    share: float | None


@dataclass(frozen=True, kw_only=True)
class Found:
    """A net, or nearest neighbours, with a proof of how near they come.

    Args:
        function: what was built.
        n_units: hidden units, or samples.
        n_bumps: of bumps, how many; else None.
        bound: no error is larger: proved.
        bound_single: the same for weights and arithmetic of float32; of neighbours the bound itself.
        places: folds, or where samples were taken.
    """

    function: UnitSum | Lines
    n_units: int
    n_bumps: int | None
    bound: float
    bound_single: float
    places: Column

    def values(self, x: Column) -> Column:
        """Give values at points."""
        if isinstance(self.function, UnitSum):
            return self.function(x)
        return np.asarray(self.function.on(x, x).at_lo.middle)


class Search:
    """What is built for one question.

    Args:
        question: what for.
    """

    def __init__(self, question: Question) -> None:
        self.question = question
        self.found: dict[str, Found | None] = {}  # None: MOST units do not do
        self.needed: int | None = None  # units that any net as near as the smallest one has: proved
        self.eps: float | None = None  # that was asked for
        self.problem: str | None = None
        self.is_checked = False  # whether the function is bounded
        self.under_way: str | None = None
        self._height = 1.0
        self._is_stopped = False
        self._last: Future[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether something more will be found."""
        return self._last is not None

    def want(self, names: Iterable[str]) -> None:
        """Check the function, if that is yet to be done, and build these too."""
        names = {*names} - {*self.found}
        if self.problem is None and (names or not self.is_checked):
            self._last = _WORKER.submit(self._run, names)

    def wait(self, until_s: float) -> None:
        """Wait for the end, until about then on the clock of `time.monotonic`."""
        if self._last is None:
            return
        done, _ = wait_for([self._last], timeout=max(until_s - time.monotonic(), 0.0))
        if done:
            last, self._last = self._last, None
            last.result()

    def stop(self) -> None:
        """Begin nothing more."""
        self._is_stopped = True
        self._last = None

    def _run(self, names: set[str]) -> None:
        target, low, high, _, share = self.question
        if share is not None and names & {"bumps", "neighbour"}:
            names = names | {"overlapping"}
        try:
            if not self._is_stopped and not self.is_checked:
                bounded_range(target, low=low, high=high)
                self._height = _checked_height(target.sample(np.linspace(low, high, 2001)))
                self.eps = None if share is None else share * self._height
                self.is_checked = True
            for name in ORDER:
                if name not in names or name in self.found:
                    continue
                if self._is_stopped:
                    break
                self.under_way = name
                self.found[name] = self._build(name)
                if name == "free":
                    self.needed = needed_folds(target, low=low, high=high, eps=self.eps or self._bound("free"))
        except FoldlineError as error:
            self.problem = str(error)
        finally:
            self.under_way = None

    def _build(self, name: str) -> Found | None:
        f, low, high, n_units, _ = self.question
        if self.eps is not None:
            return self._within(name, self.eps)
        assert n_units is not None
        match name:
            case "free":
                net = best_net(f, low=low, high=high, n_units=n_units, enough=UNSEEN * self._height)
                return _of(proved("free knots", f, net, low=low, high=high))
            case "neighbour":
                return _neighbours(f, low, high, n_units)
        n_parts = {"bumps": n_units // 4, "overlapping": n_units // 2 + 1, "hats": n_units}[name]
        return _of(build(f, KIND_OF.get(name, name), low=low, high=high, n=n_parts))

    def _within(self, name: str, eps: float) -> Found | None:
        f, low, high, _, _ = self.question
        if name in ("overlapping", "hats"):
            most = MOST // 2 + 1 if name == "overlapping" else MOST
            built = build_within(f, KIND_OF.get(name, name), low=low, high=high, eps=eps, most=most)
            return None if built is None else _of(built)
        if name == "free":
            return _of(smallest_within(f, low=low, high=high, eps=eps))
        overlapping = self.found["overlapping"]
        n = MOST if overlapping is None or overlapping.n_bumps is None else overlapping.n_bumps
        if name == "bumps":  # no number of them closes the gaps
            return _of(build(f, "bumps", low=low, high=high, n=min(n, MOST // 4)))
        tried = (_neighbours(f, low, high, n_samples) for n_samples in range(n, MOST + 1))
        return next((one for one in tried if one.bound <= eps or self._is_stopped), None)

    def _bound(self, name: str) -> float:
        found = self.found[name]
        assert found is not None
        return found.bound


def _checked_height(values: Column) -> float:
    """Give the height of a function, 1 of a constant one. Raises: SettingError for one that cannot be drawn."""
    height, farthest = float(np.ptp(values)), float(np.abs(values).max())
    if farthest > MOST_HEIGHT:
        raise SettingError(
            f"the function is up to {farthest:.3g} away from 0; expected at most {MOST_HEIGHT:g}. Multiply it by a "
            f"number, or change its range."
        )
    if height and not LEAST_HEIGHT <= height <= MOST_HEIGHT:
        raise SettingError(
            f"the function is {height:.3g} high in its range; expected {LEAST_HEIGHT:g} to {MOST_HEIGHT:g}. Multiply "
            f"it by a number, or change its range."
        )
    return height or 1.0


def _of(built: Built) -> Found:
    net = built.net
    with np.errstate(divide="ignore", invalid="ignore"):
        places = -net.b / net.w
    return Found(
        function=net,
        n_units=net.n_units,
        n_bumps=built.n_bumps,
        bound=built.bound,
        bound_single=built.bound_single,
        places=places,
    )


def _neighbours(f: Target, low: float, high: float, n_samples: int) -> Found:
    lines = nearest_neighbour(f, low, high, n_samples)
    bound = certify(f, lines, low=low, high=high).at_most
    middles = (lines.x[:-1] + lines.x[1:]) / 2
    return Found(function=lines, n_units=n_samples, n_bumps=None, bound=bound, bound_single=bound, places=middles)
