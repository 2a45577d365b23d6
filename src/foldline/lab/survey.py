"""The objective at many places of a plane of weights, computed some at a time so that nobody waits for it."""

import time
from typing import Literal

import numpy as np
from jaxtyping import Float64

from foldline.lab.weight_plane import WeightPlane

LINE_PLACES = 101


class Survey:
    """Values at places that are computed piece by piece.

    Args:
        plane: whose places they are.
        what: a line through the middle, or a map of the plane.
        settings: angle in degrees and range of a line; range and side of a map.
        values: of the objective; NaN where it is not computed yet.
    """

    def __init__(self, plane: WeightPlane, what: Literal["line", "map"], settings: tuple[float, ...]) -> None:
        self.plane = plane
        self.what = what
        self.settings = settings
        self._places = line_places(*settings) if what == "line" else map_places(settings[0], side=int(settings[1]))
        self.values = np.full(len(self._places), np.nan)
        self._n_done = 0

    @property
    def is_done(self) -> bool:
        """Whether all values are there."""
        return self._n_done == len(self._places)

    @property
    def n_left(self) -> int:
        """How many values are not there yet."""
        return len(self._places) - self._n_done

    def work(self, until_s: float) -> None:
        """Compute some values, at least a few, until about then on the clock of `time.monotonic`."""
        while not self.is_done:
            some = slice(self._n_done, self._n_done + self.plane.places_a_call)
            self.values[some] = self.plane.values(self._places[some])
            self._n_done = min(some.stop, len(self._places))
            if time.monotonic() >= until_s:
                return


def line_steps(reach: float) -> Float64[np.ndarray, " p"]:
    """Give evenly spaced steps to both sides of 0."""
    return np.linspace(-reach, reach, LINE_PLACES)


def line_places(angle_deg: float, reach: float) -> Float64[np.ndarray, "p 2"]:
    """Give places on a line through the middle, against the clock from the first direction."""
    angle_rad = np.deg2rad(angle_deg)
    return line_steps(reach)[:, None] * [np.cos(angle_rad), np.sin(angle_rad)]


def map_places(reach: float, *, side: int) -> Float64[np.ndarray, "p 2"]:
    """Give the corners of a grid, the top row first."""
    steps = np.linspace(-reach, reach, side)
    return np.stack(np.meshgrid(steps, steps[::-1]), axis=-1).reshape(-1, 2)
