"""The images page without any web in it: a set, a classifier in training, and the numbers of its pictures."""

import time
from concurrent.futures import wait

import numpy as np

from foldline.core.checks import integer
from foldline.core.errors import DataError, DivergedError, FoldlineError
from foldline.features import VisualWords
from foldline.insight import shaded, word_patches
from foldline.insight.measures import confusion_counts
from foldline.lab.images_features import Vectors, box_colors
from foldline.lab.images_looks import MOST_TEMPLATES, explained, look_at_image, templates_of
from foldline.lab.images_shelf import Task
from foldline.lab.images_trainer import ImagesTrainer, Measured
from foldline.lab.kept import Kept
from foldline.lab.pages import NOTHING, Given, LabPage, Picture
from foldline.lab.state import LabState, differ

OF_VECTORS = ("images", "images_features")  # what, when it changes, asks for other vectors
OF_NET = ("images_units", "seed")  # and for another net
MOST_KEPT = 500  # points of the curve
NO_NUMBERS = np.zeros(0, np.float32)


class Images(LabPage):
    """What one person does with images.

    Args:
        state: all settings.
        given: has the shelf of images.
    Raises: SettingError for images="given" without any.
    """

    works_elsewhere = True

    def __init__(self, state: LabState, given: Given = NOTHING) -> None:
        self.state = state
        self._shelf = given.images
        self._curve: Kept[tuple[float, ...]] = Kept(MOST_KEPT)
        self._looked: dict[str, object] | None = None
        self._failure: str | None = None
        self._diverged: str | None = None
        self._vectors: Vectors | None = None
        self._trainer: ImagesTrainer | None = None
        self._ask()

    def change(self, state: LabState, given: Given = NOTHING) -> None:
        """Take other settings; training goes on with the same weights where it can.

        Raises: SettingError as when made; nothing has changed then.
        """
        self._shelf.source(state.images)
        before, self.state = self.state, state
        if differ(before, state, OF_VECTORS):
            self._ask()
        elif self._vectors is None:
            return
        elif differ(before, state, OF_NET):
            self._begin(self._vectors)
        else:
            assert self._trainer is not None
            self._trainer.use(state)
            if state.loss != before.loss:  # numbers of another loss are no part of the curve
                self._curve = Kept(MOST_KEPT)
                self._measure()

    def reset(self) -> None:
        """Begin with new weights; try again what could not be loaded."""
        if self._vectors is not None:
            self._begin(self._vectors)
        elif not self.is_working:
            self._ask()

    def work(self, until_s: float) -> None:
        """Wait for the threads, and begin once they are done."""
        wait([self._task.future], timeout=max(until_s - time.monotonic(), 0))
        if not self._task.future.done():
            return
        self.is_working = False
        try:
            vectors = self._task.future.result()
        except FoldlineError as error:
            self._failure = str(error)
        except Exception as error:
            self._failure = (
                f"the engine stumbled over these images ({type(error).__name__}), a mistake of ours; expected to read "
                f"them. Choose others."
            )
            raise
        else:
            self._begin(vectors)

    def train(self, n_steps: int) -> int:
        """Take some training steps, fewer if they would last long, and none while there are no vectors; say how many.

        Raises: DataError if there will be none; DivergedError if the loss is no longer finite, now or before.
        """
        if self._failure is not None:
            raise DataError(self._failure)
        if self._trainer is None:
            return 0
        if self._diverged is not None:
            raise DivergedError(self._diverged)
        before = self._trainer.model
        n = self._trainer.train(n_steps)
        try:
            self._measure()
        except DivergedError:
            self._trainer.model = before
            raise
        return n

    def look(self, x: float, y: float) -> dict[str, object]:
        """Say what is in a test image, and what speaks for its class; x is its number.

        Returns: `features` None and nothing else where there is no such image, or not yet: a pointer is often faster.
        """
        row = integer(int(x), name="x", low=0)
        if self._vectors is None or self._trainer is None or row >= len(self._vectors.images.test):
            return {"row": row, "features": None}
        if self._looked is None or self._looked["row"] != row:
            self._looked = look_at_image(self._vectors, row)
        return {**self._looked, **explained(self._trainer.model, self._vectors, row)}

    def picture(self, *, is_playing: bool = False) -> Picture:
        """Give the numbers of a picture."""
        vectors, trainer = self._vectors, self._trainer
        images = self._images.future.result() if self._are_loaded() else None
        meta: dict[str, object] = {
            "images": self.state.images,
            "features": self.state.images_features,
            "n_units": self.state.images_units,
            "told": None if images is None else images.told,
            "source": None if images is None else images.train.source,
            "class_names": [] if images is None else list(images.class_names),
            "boxes": [] if images is None else box_colors(images.shape).tolist(),
            "working": self._working(),
            "note": self._failure or self._diverged,
            "step": 0,
            "epoch": 0.0,
            "loss": {"train": None, "test": None},
            "accuracy": {"train": None, "test": None},
            "rate": None,
        }
        kept = {} if images is None else {"images": images.test.images}
        if vectors is None or trainer is None:
            return Picture(meta=meta, arrays={}, kept=kept)
        (loss, accuracy), (test_loss, test_accuracy) = self._measured.numbers.tolist()
        meta |= {
            "step": trainer.step,
            "epoch": trainer.epoch,
            "loss": {"train": loss, "test": test_loss},
            "accuracy": {"train": accuracy, "test": test_accuracy},
            "rate": trainer.examples_per_s,
        }
        rows, labels = trainer.measured_rows, vectors.images.train.labels
        true, k = vectors.images.test.labels, len(vectors.images.class_names)
        has_units = len(trainer.model.layers) > 1
        arrays = {
            "labels": true.astype(np.uint16),
            "scores": self._measured.scores,
            "confusion": confusion_counts(true, self._measured.scores.argmax(axis=1), n_classes=k).astype(np.uint32),
            "templates": templates_of(trainer.model, vectors, self._measured_X, labels[rows]),
            "next": np.asarray(trainer.model.layers[1].W)[:, :MOST_TEMPLATES] if has_units else NO_NUMBERS,
            "curve": np.array(self._curve.entries, np.float32).reshape(-1, 5),
        }
        return Picture(meta=meta, arrays=arrays, kept={**kept, "words": self._words})

    def _ask(self) -> None:
        """Ask the shelf for what the state names."""
        self._images = self._shelf.images(self.state.images)
        self._task: Task[Vectors] = self._shelf.vectors(self.state.images, self.state.images_features)
        self.is_working = True
        self._vectors = self._trainer = self._failure = self._diverged = None

    def _begin(self, vectors: Vectors) -> None:
        """Begin a net."""
        if vectors is not self._vectors:
            self._words = _word_pictures(vectors)
            self._looked = None
        self._vectors = vectors
        self._trainer = ImagesTrainer(self.state, vectors)
        self._measured_X = np.asarray(vectors.X_train[self._trainer.measured_rows])
        self._curve = Kept(MOST_KEPT)
        self._diverged = None
        self._measure()

    def _measure(self) -> None:
        """Measure the net, and add to the curve. Raises: DivergedError if its numbers are not finite."""
        assert self._trainer is not None
        measured: Measured = self._trainer.measured()
        if not (np.isfinite(measured.numbers).all() and np.isfinite(measured.scores).all()):
            self._diverged = (
                f"the loss became infinite or NaN by step {self._trainer.step}; expected finite numbers. Lower lr (now "
                f"{self.state.lr:g}) and reset the net."
            )
            raise DivergedError(self._diverged)
        self._measured = measured
        (loss, accuracy), (test_loss, test_accuracy) = measured.numbers.tolist()
        self._curve.add((self._trainer.step, loss, test_loss, accuracy, test_accuracy))

    def _are_loaded(self) -> bool:
        return self._images.future.done() and not self._images.has_failed

    def _working(self) -> dict[str, object] | None:
        """Say what is being done, and the share of it that is."""
        if not self.is_working:
            return None
        doing = self._task.doing
        return {"words": doing.words, "share": doing.share}


def _word_pictures(vectors: Vectors) -> np.ndarray:
    feature = vectors.feature
    if not isinstance(feature, VisualWords):
        return np.zeros((0, 0, 0, 1), np.uint8)
    return np.stack([shaded(patch) for patch in word_patches(feature)])
