"""The lab beside a notebook or a script: it serves in a thread of its own until it is closed."""

import atexit
import html
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from foldline.core.errors import SettingError
from foldline.lab.first_net import FirstNet
from foldline.lab.from_arrays import points_from_arrays, window_of
from foldline.lab.pages import Given
from foldline.lab.serving import LabServer, open_page
from foldline.lab.state import LabState, state_from_json, state_to_link

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


class Lab:
    """A lab that is open; `fl.lab` opens one. It is closed by `close`, at the end of a `with`, or with Python.

    Args:
        server: made, and not run yet.
        given: what pages need beside their states.
    """

    def __init__(self, server: LabServer, given: Given) -> None:
        self._server = server
        self._error: BaseException | None = None
        is_ready = threading.Event()

        def run() -> None:
            try:
                server.run(lambda: given, is_ready.set)
            except BaseException as error:  # told by whoever waits below
                self._error = error
            finally:
                is_ready.set()

        # A thread that Python does not wait for at its end: it closes the lab then.
        self._thread = threading.Thread(target=run, daemon=True, name="foldline lab")
        self._thread.start()
        is_ready.wait()
        if self._error is not None:
            raise self._error
        atexit.register(self.close)

    @property
    def url(self) -> str:
        """The address of the page, with the settings it opens with."""
        return self._server.url

    @property
    def is_open(self) -> bool:
        """Whether pages are answered."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Close the lab; once more does nothing."""
        self._server.stop()
        self._thread.join()
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Lab({self.url!r})" if self.is_open else "Lab(closed)"

    def _repr_html_(self) -> str:
        if not self.is_open:
            return "<p>The lab is closed.</p>"
        url = html.escape(self.url)
        return (
            f'<p>The lab is open at <a href="{url}" target="_blank" rel="noopener">{url}</a>. Only this machine can '
            f"reach it. <code>.close()</code> closes it, and so does the end of Python.</p>"
        )


def open_lab(
    model: "BaseEstimator | None", X: ArrayLike | None, y: ArrayLike | None, *, port: int | None, browser: bool
) -> Lab:
    """Open the lab; see `foldline.lab.lab`."""
    state, given = _beginning(model, X, y)
    lab = Lab(LabServer(port=port, link=state_to_link(state)), given)
    if browser:
        open_page(lab.url)
    return lab


def _beginning(model: "BaseEstimator | None", X: ArrayLike | None, y: ArrayLike | None) -> tuple[LabState, Given]:
    """Give the settings that the page opens with, and what it needs beside them."""
    if (X is None) != (y is None):
        there, missing = ("X", "y") if y is None else ("y", "X")
        raise SettingError(f"{there} is given without {missing}; expected both, or none. Give {missing} too.")
    settings: dict[str, object] = {}
    classes: np.ndarray | None = None
    if model is not None:
        from foldline.lab.from_model import given_model

        layers, of_model, classes = given_model(model)
        settings |= {**of_model, "test": 0.0}  # which points it has learned from is not known
    points = None
    if X is not None and y is not None:
        points = points_from_arrays(X, y, classes)
        settings |= {"data": "csv", "window": window_of(points.numbers)}
    elif classes is not None:
        settings |= {"data": "points", "classes": len(classes)}
    state = state_from_json(settings)
    net = None if model is None else FirstNet(state=state, layers=layers)
    return state, Given(points=points, net=net)
