"""The landscape page: the loss around the playground's net, along a line and over a plane of its weights."""

import time
from typing import Literal

import numpy as np

from foldline.core.checks import number
from foldline.core.errors import DataError
from foldline.lab.pages import Given, LabPage, Picture
from foldline.lab.playground import Playground
from foldline.lab.state import LabState
from foldline.lab.survey import Survey, line_steps
from foldline.lab.verdicts import convexity_of, minima_of, structure_of
from foldline.lab.weight_plane import WeightPlane, settings_of, weight_plane

COARSE, FINE = 21, 41  # sides of the map: while the net is trained, and when it stands still
FARTHEST = 100.0  # steps from the middle that can be looked at

Wanted = tuple[Literal["line", "map"], tuple[float, ...]]


class LandscapePage(LabPage):
    """The loss around the net of a playground, which is trained from here as from there.

    Args:
        playground: holds points, net and history.
        state: all settings.
    """

    def __init__(self, playground: Playground, state: LabState) -> None:
        self._playground = playground
        self._state = state
        self._plane: WeightPlane | None = None
        self._line: Survey | None = None  # that is shown
        self._map: Survey | None = None
        self._todo: list[Survey] = []
        self._is_planned = False  # whether what is left to do is in the list
        self._is_refused = False  # whether it failed, and would fail again
        self._is_playing = False

    @property
    def is_working(self) -> bool:  # type: ignore[override]  # of other pages it never changes
        """Whether line and map are not yet those of the net and the settings."""
        return not self._is_refused and bool(self._todo or self._is_behind() or self._missing())

    def change(self, state: LabState, given: Given) -> None:
        """Take other settings, as the playground does."""
        self._playground.change(state, given)
        self._state = state
        self._plan_anew()

    def train(self, n_steps: int) -> int:
        """Train the playground's net."""
        n = self._playground.train(n_steps)
        self._is_refused = False
        return n

    def reset(self) -> None:
        """Begin training anew."""
        self._playground.reset()
        self._plan_anew()

    def seek(self, step: int) -> None:
        """Look around the newest kept moment at or before a step."""
        self._playground.seek(step)
        self._plan_anew()

    def work(self, until_s: float) -> None:
        """Compute line and map, a piece after the other."""
        try:
            # While the net is trained, what was begun is ended first: else large nets would never get a map.
            if not self._is_planned or not self._todo:
                self._plan()
            while self._todo:
                survey = self._todo[0]
                survey.work(until_s)
                if survey.is_done:
                    self._show(self._todo.pop(0))
                if time.monotonic() >= until_s:
                    return
        except Exception:
            self._todo, self._is_refused = [], True
            raise

    def look(self, x: float, y: float) -> dict[str, object]:
        """Say what the net at a place of the plane does.

        Raises: SettingError for places too far away; DataError where its scores are not finite, or while there is no
            plane.
        """
        for name, value in (("x", x), ("y", y)):
            number(value, name=name, low=-FARTHEST, high=FARTHEST)
        plane = self._plane
        if plane is None:
            raise DataError("there is no plane yet; expected one. Wait for the picture.")
        scores, share = plane.seen((x, y), window=self._state.window)
        (loss,) = plane.values(np.array([[x, y]])).tolist()
        if not np.isfinite(scores).all():
            raise DataError("the scores of the net there are not finite; expected numbers. Look nearer to the middle.")
        return {
            "x": x,
            "y": y,
            "loss": loss,
            "right": share,
            "shape": list(scores.shape),
            "scores": scores.astype(np.float64).round(5).ravel().tolist(),
        }

    def picture(self, *, is_playing: bool) -> Picture:
        """Give the numbers of what is computed so far."""
        if self._is_playing and not is_playing:
            self._is_planned = False
        self._is_playing = is_playing
        playground, plane, points = self._playground, self._plane, self._playground.points
        line, grid = self._line, self._map
        steps = np.zeros(0) if line is None else line_steps(line.settings[1])
        values = np.zeros(0) if line is None else line.values
        heights = np.zeros((0, 0)) if grid is None else grid.values.reshape(int(grid.settings[1]), -1)
        path = plane.path if plane else None
        moment = playground.moment
        arrays = {
            "line": np.stack([steps, values], axis=1).astype(np.float32),
            "line_minima": np.array(minima_of(values), np.uint32).ravel(),
            "map": heights.astype(np.float32),
            "map_minima": np.array(minima_of(heights), np.uint32).reshape(-1, 2),
            "path": (np.zeros((0, 2)) if path is None else path).astype(np.float32),
            "points": points.xy,
            "labels": points.labels.astype(np.uint8),
            "is_test": points.is_test.astype(np.uint8),
        }
        meta: dict[str, object] = {
            "step": moment.step,
            "last_step": playground.last_step,
            "epoch": moment.epoch,
            "line": line and {"angle": line.settings[0], "range": line.settings[1]},
            "map": grid and {"range": grid.settings[0], "step": grid.plane.step},
            "left": sum(survey.n_left for survey in self._todo),
            "kind": plane.settings[0] if plane and plane.note is None else None,
            "plane_note": plane and plane.note,
            "path_share": plane and plane.path_share,
            "n_rows": plane.n_rows if plane else 0,
            "n_train": int(np.count_nonzero(~points.is_test)),
            "convexity": convexity_of(steps, values),
            "structure": structure_of(moment.model, self._state),
            "n_classes": points.n_classes,
            "window": list(self._state.window),
            "note": playground.note,
        }
        return Picture(meta=meta, arrays=arrays)

    def _plan_anew(self) -> None:
        self._is_planned = self._is_refused = False

    def _plan(self) -> None:
        """List what is to be done, the line first; what was begun and is still wanted goes on."""
        if self._is_behind():
            moments = self._playground.moments()
            until = [moment for moment in moments if moment.step <= self._playground.moment.step]
            self._plane = weight_plane(self._state, self._playground.points, until)
        plane = self._plane
        assert plane is not None
        begun = {(one.what, one.settings): one for one in self._todo if one.plane is plane}
        self._todo = [begun.get(wanted) or Survey(plane, *wanted) for wanted in self._missing()]
        self._is_planned = True

    def _is_behind(self) -> bool:
        """Say whether the plane is of another net, of other points or settings."""
        plane, playground = self._plane, self._playground
        return (
            plane is None
            or plane.problem.model is not playground.moment.model
            or plane.points is not playground.points
            or plane.settings != settings_of(self._state)
        )

    def _missing(self) -> list[Wanted]:
        """Give what the plane lacks of what the settings ask for."""
        reach = self._state.landscape_range
        wanted: list[Wanted] = []
        line = (self._state.landscape_angle, reach)
        if self._line is None or self._line.plane is not self._plane or self._line.settings != line:
            wanted.append(("line", line))
        grid, side = self._map, 0.0
        if grid is not None and grid.plane is self._plane and grid.settings[0] == reach:
            side = grid.settings[1]
        sides = (COARSE,) if self._is_playing else (COARSE, FINE)
        return [*wanted, *(("map", (reach, one)) for one in sides if one > side)]

    def _show(self, survey: Survey) -> None:
        if survey.what == "line":
            self._line = survey
        else:
            self._map = survey
