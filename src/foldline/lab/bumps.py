"""The page of bumps without any web in it: a function, nets near it with proofs, and one in training."""

import numpy as np

from foldline.core.errors import FoldlineError, SettingError
from foldline.insight.formula import read_formula
from foldline.insight.targets import Column, FormulaTarget, PointsTarget, Target
from foldline.lab.bump_numbers import Drawn, arrays_of, built_way, places_of, trained_way, window_of
from foldline.lab.bump_search import Found, Question, Search
from foldline.lab.bump_trainer import BumpTrainer
from foldline.lab.pages import NOTHING, Given, LabPage, Picture
from foldline.lab.state import LabState

OF_QUESTION = ("bumps_of", "bumps_formula", "bumps_curve", "bumps_range", "bumps_by", "bumps_units", "bumps_eps")
CURVE_WINDOW = (-1.12, 1.12)  # drawn curves keep theirs, so that the pointer stays on what it draws


class Bumps(LabPage):
    """What one person does on the page.

    Args:
        state: all settings.
        given: not used.
    """

    def __init__(self, state: LabState, given: Given = NOTHING) -> None:
        self.state = state
        self._search: Search | None = None  # None: nothing could be read yet
        self._trainer: BumpTrainer | None = None
        self._kept: tuple[tuple[object, ...], Column, Column, list[Drawn]] | None = None  # drawn last, but what trains
        self._unread: str | None = None  # why the function cannot be read; what was there before stays
        self._ask(state)

    def change(self, state: LabState, given: Given = NOTHING) -> None:
        """Take other settings; another question begins anew, in training too."""
        before, self.state = self.state, state
        if any(getattr(before, name) != getattr(state, name) for name in OF_QUESTION):
            self._ask(state)
        elif self._search is not None and self._unread is None:
            self._search.want(_wanted(state))
        if state.seed != before.seed:
            self._trainer = None
        if self._trainer is not None:
            self._trainer.take(state)

    works_elsewhere = True

    @property
    def is_working(self) -> bool:  # type: ignore[override]  # a fact that changes by itself
        """Whether nets are being built."""
        return self._search is not None and self._search.is_running

    def work(self, until_s: float) -> None:
        """Wait for what is being built, until about then."""
        if self._search is not None:
            self._search.wait(until_s)

    def train(self, n_steps: int) -> int:
        """Take some training steps; none while it is not known how many units the net shall have.

        Raises: SettingError for a function that cannot be read or has no bound; DivergedError as `BumpTrainer.train`.
        """
        if (problem := self._problem()) is not None:
            raise SettingError(problem)
        trainer = self._ready_trainer()
        return 0 if trainer is None else trainer.train(n_steps)

    def close(self) -> None:
        """Build nothing more."""
        if self._search is not None:
            self._search.stop()

    def reset(self) -> None:
        """Begin with the first weights."""
        self._trainer = None

    def picture(self, *, is_playing: bool = False) -> Picture:
        """Give the numbers of a picture of all that was built so far."""
        search = self._search
        if search is None:
            nothing = np.zeros(0)
            return Picture(meta=self._meta(nothing, []), arrays=arrays_of(None, [], x=nothing, f=nothing))
        found = {name: one for name in self.state.bumps_shown if (one := search.found.get(name)) is not None}
        key = (search, *found)
        if self._kept is None or self._kept[0] != key:
            self._kept = (key, *_drawn(search.question, found))
        _, x, f, built = self._kept
        trainer = self._ready_trainer() if "trained" in self.state.bumps_shown else None
        drawn = built if trainer is None else [*built, trained_way(trainer, x, f)]
        return Picture(meta=self._meta(f, drawn), arrays=arrays_of(found.get("bumps"), drawn, x=x, f=f))

    def _ask(self, state: LabState) -> None:
        """Begin with another question, or say why it is none."""
        low, high = state.bumps_range
        try:
            if not low < high:
                raise SettingError(
                    f"x goes from {low:g} to {high:g}; expected its end above its beginning. Change one of them."
                )
            target = _target(state)
        except FoldlineError as error:
            self._unread = str(error)
            return
        if self._search is not None:
            self._search.stop()
        by_units = state.bumps_by == "units"
        n_units, share = (state.bumps_units, None) if by_units else (None, state.bumps_eps)
        self._search = Search(Question(target, low, high, n_units, share))
        self._search.want(_wanted(state))
        self._trainer, self._unread = None, None

    def _problem(self) -> str | None:
        return self._unread or (None if self._search is None else self._search.problem)

    def _ready_trainer(self) -> BumpTrainer | None:
        """Give the net in training; None while its function is not checked, or its number of units not known."""
        search = self._search
        if self._trainer is None and search is not None and search.is_checked:
            target, low, high, n_units, _ = search.question
            smallest = search.found.get("free")
            if n_units is None and smallest is not None:
                n_units = max(smallest.n_units, 1)
            if n_units is not None:
                self._trainer = BumpTrainer(self.state, target, low=low, high=high, n_units=n_units)
        return self._trainer

    def _meta(self, f: Column, drawn: list[Drawn]) -> dict[str, object]:
        search, shown = self._search, self.state.bumps_shown
        told: dict[str, object] = {
            "problem": self._problem(),
            "under_way": None,
            "range": list(self.state.bumps_range),
            "window": list(CURVE_WINDOW if self.state.bumps_of == "curve" else window_of(f)),
            "eps": None,
            "needed": None,
            "beyond": [],
            "step": 0 if self._trainer is None else self._trainer.step,
            "ways": [one.head for one in drawn],
        }
        if search is None:
            return told
        return told | {
            "under_way": search.under_way if search.is_running else None,
            "range": [search.question.low, search.question.high],
            "eps": search.eps,
            "needed": search.needed,
            "beyond": [name for name in shown if name in search.found and search.found[name] is None],
        }


def _wanted(state: LabState) -> set[str]:
    # For an eps the smallest net is always found: the trained one gets as many units, and how many are needed is told.
    return ({*state.bumps_shown} - {"trained"}) | ({"free"} if state.bumps_by == "eps" else set())


def _target(state: LabState) -> Target:
    if state.bumps_of == "formula":
        return FormulaTarget(read_formula(state.bumps_formula))
    heights, (low, high) = np.array(state.bumps_curve) / 100, state.bumps_range
    return PointsTarget(np.linspace(low, high, len(heights)), heights, "the drawn curve")


def _drawn(question: Question, found: dict[str, Found]) -> tuple[Column, Column, list[Drawn]]:
    """Give places, the function there, and what was built."""
    x = places_of(found, low=question.low, high=question.high)
    with np.errstate(all="ignore"):  # of a function that is yet to be checked
        return x, question.target.sample(x), [built_way(name, one, x) for name, one in found.items()]
