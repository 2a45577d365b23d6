"""The playground without any web in it: points, a net in training, its history, and the numbers of its pictures."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float32, UInt16

from foldline.core.errors import DataError, DivergedError, SettingError
from foldline.core.plane_inputs import plane_inputs
from foldline.lab.first_net import OF_NET
from foldline.lab.kept import Kept
from foldline.lab.pages import NOTHING, Given, LabPage, Picture
from foldline.lab.points import LabPoints, make_points
from foldline.lab.regions import Drawn, draw_grid, draw_regions, look_at, softmax
from foldline.lab.saving import FILE, model_file
from foldline.lab.state import LabState, differ
from foldline.lab.trainer import MOST_RESPONSES, Measured, Trainer, net_of_layers
from foldline.models import MLP, n_numbers

OF_POINTS = ("data", "classes", "points", "noise", "test", "seed", "clicked", "columns")  # they ask for others

HISTORY_BYTES = 16 * 2**20  # of the kept nets of one playground
MOST_KEPT, FEWEST_KEPT = 500, 8  # nets
MOST_WEIGHTS = 16_384  # that go with every picture
TRIES_APART = 30  # pictures from one try of exact regions to the next, after they could not be had


class Moment(NamedTuple):
    """A net at some step."""

    step: int
    epoch: float
    model: MLP


class Playground(LabPage):
    """What one person plays with.

    Args:
        state: all settings.
        given: has the points of data="csv" and data="images", and the net to begin with.
    Raises: SettingError for data="csv" without a file; what reading images raises.
    """

    def __init__(self, state: LabState, given: Given = NOTHING) -> None:
        self.state = state
        self._given = given
        self._table = given.table(state)
        self._points = make_points(state, self._table)
        self.reset()

    @property
    def points(self) -> LabPoints:
        """The points that the net learns from and is tested on."""
        return self._points

    @property
    def moment(self) -> Moment:
        """The moment that is shown."""
        return self._moment

    @property
    def last_step(self) -> int:
        """Training steps of the newest moment."""
        return self._trainer.step

    @property
    def note(self) -> str | None:
        """Words to show: that training diverged."""
        return self._diverged

    def reset(self) -> None:
        """Begin with new weights, or those of the net that was given, on the same points."""
        given, model = self._given.net, None
        if given is not None and given.suits(self.state, n_classes=self._points.n_classes):
            model = net_of_layers(given.layers, self.state)
        self._trainer = Trainer(self.state, self._points, model)
        most = HISTORY_BYTES // (4 * n_numbers(self._trainer.model)) // 2 * 2
        self._kept: Kept[Moment] = Kept(min(max(most, FEWEST_KEPT), MOST_KEPT))
        self._curve: Kept[tuple[float, ...]] = Kept(MOST_KEPT)
        self._tries_off = 0
        self._diverged: str | None = None
        self._show_newest()

    def change(self, state: LabState, given: Given = NOTHING) -> None:
        """Take other settings; training goes on with the same weights where it can.

        Raises: SettingError as when made; nothing has changed then.
        """
        before, points, table = self.state, self._points, given.table(state)
        is_other_table = table is not self._table
        if differ(before, state, OF_POINTS) or is_other_table:
            points = make_points(state, table)
        is_other_net = differ(before, state, OF_NET) or is_other_table or points.n_classes != self._points.n_classes
        self.state, self._given, self._table, self._points = state, given, table, points
        if is_other_net:
            self.reset()
        else:
            self._trainer.take(state, points)
            self._tries_off = 0
            self._show(self._moment)
            if state.loss != before.loss:  # numbers of another loss are no part of the curve
                self._curve = Kept(MOST_KEPT)
                self._mark(self._newest.step, self._trainer.measured(self._newest.model))

    def train(self, n_steps: int) -> int:
        """Take some training steps from the newest moment on, fewer if they would last long; say how many.

        Raises: DataError without points to learn from; DivergedError if the loss is no longer finite, now or before.
        """
        if self._diverged is not None:
            raise DivergedError(self._diverged)
        n = self._trainer.train(n_steps)
        if not n:
            raise DataError("there are no points to learn from; expected one at least. Click some into the plane.")
        self._show_newest()
        return n

    def seek(self, step: int) -> None:
        """Show the newest kept moment at or before a step; training goes on from the newest moment all the same."""
        self._tries_off = 0
        self._show([moment for moment in self.moments() if moment.step <= step][-1])

    def moments(self) -> list[Moment]:
        """Give all moments that can be shown; the newest is one whether it was kept or passed over."""
        kept = self._kept.entries
        return kept if kept[-1].step == self._newest.step else [*kept, self._newest]

    def look(self, x: float, y: float) -> dict[str, object]:
        """Say what the shown net makes of a point: scores, and the affine map that it is around it."""
        point, model = np.array([x, y]), self._moment.model
        exact: dict[str, object]
        try:
            found = look_at(model, self.state.inputs, point)
        except SettingError:
            seen = jnp.asarray(plane_inputs(point[None], self.state.inputs))
            scores = np.asarray(model(seen), np.float64)[0]
            exact = {"exact": False, "W": None, "b": None, "on": None}
        else:
            scores = found.W @ point + found.b
            exact = {"exact": True, "W": found.W.tolist(), "b": found.b.tolist(), "on": list(found.on)}
        answer = {"x": x, "y": y, "top": int(scores.argmax())}
        return {**answer, "scores": scores.tolist(), "confidence": softmax(scores).tolist(), **exact}

    def save(self) -> Picture:
        """Give the net that is shown as a model file."""
        data = model_file(self._moment.model, self.state, self._points)
        units = {"csv": "in the units of your file", "images": "not of images but of these two numbers of each"}
        row = ", ".join(self._points.axes)
        says = (
            f"{FILE} holds the net of step {self._moment.step:,}. In Python: model = foldline.load('{FILE}'); "
            f"model.predict(points) gives the class of each row ({row}) of an array, "
            f"{units.get(self.state.data, 'as on the page')}."
        )
        return Picture(meta={"name": FILE, "says": says}, arrays={"bytes": np.frombuffer(data, np.uint8)})

    def picture(self, *, is_playing: bool = False) -> Picture:
        """Give the numbers of a picture of the moment that is shown.

        Args:
            is_playing: whether training goes on: the weights of a large net are then left out.
        """
        moment, trainer, points, drawn = self._moment, self._trainer, self._points, self._drawn()
        has_test = bool(points.is_test.any())
        curve = np.array(self._curve.entries, np.float32).reshape(-1, 5)
        (loss, accuracy), (test_loss, test_accuracy) = self._measured.numbers.tolist()
        is_small = n_numbers(moment.model) <= MOST_WEIGHTS
        arrays = {
            "points": points.xy,
            "labels": points.labels.astype(np.uint8),
            "is_test": points.is_test.astype(np.uint8),
            **drawn.arrays,
            "curve": curve,
            "kept": np.array([kept.step for kept in self.moments()], np.uint32),
            "responses": self._measured.responses,
            "response_units": _response_units(self.state.hidden),
            "weights": _weights(moment.model) if is_small or not is_playing else np.zeros(0, np.float32),
        }
        meta: dict[str, object] = {
            "step": moment.step,
            "last_step": trainer.step,
            "epoch": moment.epoch,
            "exact": drawn.why is None,
            "why": drawn.why,
            "n_regions": drawn.n_regions,
            "boundary_length": drawn.boundary_length,
            "loss": {"train": loss, "test": test_loss if has_test else None},
            "accuracy": {"train": accuracy, "test": test_accuracy if has_test else None},
            "n_classes": points.n_classes,
            "class_names": list(points.class_names),
            "axes": list(points.axes),
            "columns": list(points.columns),
            "told": points.told,
            "inputs": list(self.state.inputs),
            "layers": [list(layer.W.shape) for layer in moment.model.layers],
            "activations": list(moment.model.activations),
            "window": list(self.state.window),
            "rate": trainer.examples_per_s,
            "note": self._diverged,
        }
        return Picture(meta=meta, arrays=arrays)

    def _show_newest(self) -> None:
        """Keep and show the newest moment. Raises: DivergedError, with the last good one shown, if it is not finite."""
        model = self._trainer.model
        assert isinstance(model, MLP)
        newest = Moment(self._trainer.step, self._trainer.epoch, model)
        measured = self._trainer.measured(newest.model)
        if not (np.isfinite(measured.numbers).all() and np.isfinite(_weights(newest.model)).all()):
            self._diverged = (
                f"the loss became infinite or NaN by step {newest.step}; expected finite numbers. Lower lr (now "
                f"{self.state.lr:g}) and reset the net."
            )
            self._show(self.moments()[-1])
            raise DivergedError(self._diverged)
        self._newest, self._moment, self._measured = newest, newest, measured
        self._kept.add(newest)
        self._mark(newest.step, measured)

    def _mark(self, step: int, measured: Measured) -> None:
        """Add to the curve."""
        (loss, accuracy), (test_loss, test_accuracy) = measured.numbers.tolist()
        if not self._points.is_test.any():
            test_loss = test_accuracy = float("nan")
        self._curve.add((step, loss, test_loss, accuracy, test_accuracy))

    def _show(self, moment: Moment) -> None:
        self._moment, self._measured = moment, self._trainer.measured(moment.model)

    def _drawn(self) -> Drawn:
        state, model = self.state, self._moment.model
        if self._tries_off:
            self._tries_off -= 1
        else:
            try:
                return draw_regions(model, state.inputs, state.window)
            except SettingError as error:
                self._why, self._tries_off = str(error), TRIES_APART
        return draw_grid(model, state.inputs, state.window, why=self._why)


def _weights(model: MLP) -> Float32[np.ndarray, " p"]:
    return np.concatenate([np.ravel(leaf) for layer in model.layers for leaf in (layer.W, layer.b)])


def _response_units(hidden: tuple[int, ...]) -> UInt16[np.ndarray, " u"]:
    firsts = np.cumsum([0, *hidden])
    shown = [first + np.arange(min(width, MOST_RESPONSES)) for first, width in zip(firsts, hidden, strict=False)]
    return np.concatenate([np.zeros(0), *shown]).astype(np.uint16)
