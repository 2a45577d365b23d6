"""Images and their vectors, made once in threads of their own, for all pages of all sessions."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from foldline.core.errors import SettingError
from foldline.core.progress import telling_progress
from foldline.core.text import printable
from foldline.lab.images_source import ImageSource

if TYPE_CHECKING:
    from foldline.lab.images_features import Vectors
    from foldline.lab.images_set import LabImages
    from foldline.lab.points import PointTable

MOST_THREADS = 2  # one may wait for a slow disk
TITLES = {"raw": "raw pixels", "color": "colour histograms", "hog": "HoG", "words": "visual words"}

Made = TypeVar("Made")
Key = TypeVar("Key")


class Task(Generic[Made]):
    """Something that is made in a thread.

    Args:
        pool: of threads.
        words: what is being done, for a person.
        make: does it.
        after: what has to be there before it begins.
    """

    def __init__(
        self, pool: ThreadPoolExecutor, words: str, make: Callable[[], Made], *, after: "Task[Any] | None" = None
    ) -> None:
        self.words = words
        self.after = after
        self.share: float | None = None  # that is done, of what is told
        self.future: Future[Made] = Future()
        if after is None:
            pool.submit(self._run, make)
        else:  # no thread waits for another: the one that is waited for may be slow
            after.future.add_done_callback(lambda _: pool.submit(self._run, make))

    @property
    def doing(self) -> "Task[Any]":
        """What is being done just now: this, or what it waits for."""
        return self if self.after is None or self.after.future.done() else self.after.doing

    @property
    def has_failed(self) -> bool:
        """Whether it ended with an error."""
        return self.future.done() and self.future.exception() is not None

    def _run(self, make: Callable[[], Made]) -> None:
        try:
            with telling_progress(self._tell):
                self.future.set_result(make())
        except BaseException as error:
            self.future.set_exception(error)

    def _tell(self, what: str, n_done: int, n_all: int) -> None:
        self.share = n_done / max(n_all, 1)


class ImageShelf:
    """What was loaded stays; what failed is tried again when it is asked for again.

    Args:
        given: the images of images="given"; None if there are none.
    """

    def __init__(self, given: ImageSource | None = None) -> None:
        self.given = given
        self._pool = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="images")
        self._sets: dict[str, Task[LabImages]] = {}
        self._vectors: dict[tuple[str, str], Task[Vectors]] = {}
        self._points: dict[tuple[str, str], Task[PointTable]] = {}

    def source(self, name: str) -> ImageSource:
        """Give where a set comes from. Raises: SettingError for images="given" without any."""
        if name != "given":
            return ImageSource(path=name)
        if self.given is None:
            raise SettingError(
                "no images were given, and images is 'given'; expected some on the command line, such as foldline lab "
                "photos/. Start it so, or choose a built-in set."
            )
        return self.given

    def images(self, name: str) -> Task["LabImages"]:
        """Begin to load a set, or give what was begun. Raises: SettingError as `source`."""
        # Imported here: a lab whose images nobody looks at begins sooner. What the threads need as well: of a package
        # that two threads import at once, one may find half.
        import sklearn.datasets  # noqa: F401

        import foldline.estimators.saving  # noqa: F401
        from foldline.lab.images_set import load_lab_images

        source = self.source(name)
        return self._task(self._sets, name, f"Reading {printable(source.path)}", lambda: load_lab_images(source))

    def vectors(self, name: str, features: str) -> Task["Vectors"]:
        """Begin to compute the vectors of a set, or give what was begun. Raises: SettingError as `source`."""
        images, words = self.images(name), f"Computing {TITLES[features]}"
        return self._task(
            self._vectors, (name, features), words, lambda: _vectors(images.future.result(), features), after=images
        )

    def points(self, name: str, features: str) -> Task["PointTable"]:
        """Begin to make points of a set, or give what was begun. Raises: SettingError as `source`."""
        import sklearn.utils.extmath  # noqa: F401  # here, as above

        vectors, words = self.vectors(name, features), "Finding the directions in which they differ most"
        return self._task(
            self._points, (name, features), words, lambda: _points(vectors.future.result()), after=vectors
        )

    def _task(
        self,
        begun: dict[Key, Task[Made]],
        key: Key,
        words: str,
        make: Callable[[], Made],
        *,
        after: Task[Any] | None = None,
    ) -> Task[Made]:
        task = begun.get(key)
        if task is None or task.has_failed or task.after is not after:
            task = begun[key] = Task(self._pool, words, make, after=after)
        return task


def _points(vectors: "Vectors") -> "PointTable":
    from foldline.lab.images_points import image_points

    return image_points(vectors)


def _vectors(images: "LabImages", features: str) -> "Vectors":
    from foldline.lab.images_features import Vectors
    from foldline.lab.images_looks import look_at_image

    vectors = Vectors.of(images, features)
    look_at_image(vectors, 0)  # what this compiles the first time would hold the engine for seconds
    return vectors
