"""Recordings of the playground: a training run as one HTML file that replays it anywhere, without a server."""

import base64
import os
import zlib
from pathlib import Path
from typing import NamedTuple

from foldline.core.checks import integer
from foldline.core.errors import DataError, SaveError, SettingError
from foldline.core.files import check_can_write, write_text
from foldline.core.progress import tracking
from foldline.core.text import plural
from foldline.lab.frames import Frame, decode_frame, encode_frame
from foldline.lab.kept import Kept
from foldline.lab.one_file import one_file
from foldline.lab.pages import NOTHING, Given
from foldline.lab.state import LabState, state_to_link

PAGE = Path(__file__).with_name("page") / "recording.html"
MARK = "A recording of foldline's lab"
MOST_FRAMES = 200  # some ten seconds
MOST_BYTES = 24 * 2**20  # of frames; a third more as text, a half less compressed
MOST_STEPS = 1_000_000


class Shown(NamedTuple):
    """A frame, and the settings that it was made with."""

    state: LabState
    frame: bytes


class Recorder:
    """Keeps frames of the playground evenly: of a long run every second, fourth, ... and always the newest."""

    def __init__(self) -> None:
        self._kept: Kept[Shown] = Kept(MOST_FRAMES)
        self._newest: Shown | None = None

    def add(self, state: LabState, frame: bytes) -> None:
        """Take a frame; those of other pages are passed over."""
        if decode_frame(frame).kind != "playground":
            return
        self._newest = Shown(state, frame)
        self._kept.add(self._newest)
        while len(self._kept.entries) > 1 and sum(len(shown.frame) for shown in self._kept.entries) > MOST_BYTES:
            self._kept.thin()

    @property
    def shown(self) -> list[Shown]:
        """What was kept, first to last."""
        kept = self._kept.entries
        return kept if self._newest is None or kept[-1] is self._newest else [*kept, self._newest]

    def write(self, path: str | os.PathLike[str]) -> str:
        """Write the file; give a sentence on what is in it.

        Raises: DataError if nothing was shown; SaveError as `check_recording_path`, and if the file cannot be written.
        """
        shown = self.shown
        if not shown:
            raise DataError(
                f"{path} was not written: no page showed the playground. Expected one picture at least. Open the page "
                f"before the lab is stopped."
            )
        check_recording_path(path)
        states = list(dict.fromkeys(state for state, _ in shown))
        data = {
            "runs": [{"link": state_to_link(state), "loss": state.loss} for state in states],
            "frames": [
                {"run": states.index(state), "deflated": base64.b64encode(zlib.compress(frame)).decode()}
                for state, frame in shown
            ],
        }
        text = one_file(PAGE, mark=MARK, data=data)
        write_text(path, text)
        n = len(shown)
        return f"{path}: {n} {plural('frame', n)}, {len(text.encode()) / 1e6:.1f} MB. Any browser replays it."


def check_recording_path(path: str | os.PathLike[str]) -> None:
    """Check that a recording can be written, before there is one.

    Raises: SaveError if something stands there that is no recording of the lab, or the place cannot be written.
    """
    check_can_write(path)
    if os.path.isfile(path):
        with open(path, "rb") as file:
            if MARK.encode() not in file.read(100):
                raise SaveError(
                    f"{path} could not be written: it is no recording of the lab. Expected one to replace, or a name "
                    f"that is free. Choose another name; what stands there is untouched."
                )


def record_training(
    path: str | os.PathLike[str], state: LabState | None = None, *, steps: int, given: Given = NOTHING
) -> str:
    """Train as the playground does, without any page, and write the recording.

    Args:
        path: of the HTML file.
        state: all settings (see `state_from_link`); None for the usual ones. A frame is made every `state.steps` steps;
            of a long run, every so many times as many that there are 200 at most.
        steps: training steps, from 1 to 1,000,000.
        given: has the points of data="csv" and data="images".
    Returns: a sentence on what is in it.
    Raises: SettingError for steps out of range or another page; DivergedError if training diverges; SaveError if the
        file cannot be written, or another than a recording stands there.
    Example:
        >>> import os, tempfile
        >>> from foldline.lab.state import state_from_link
        >>> state, _ = state_from_link("data=moons&hidden=8")
        >>> path = os.path.join(tempfile.mkdtemp(), "moons.html")
        >>> record_training(path, state, steps=40).partition(": ")[2][:8]
        '3 frames'
    """
    from foldline.lab.playground import Playground

    integer(steps, name="steps", low=1, high=MOST_STEPS)
    state = state or LabState()
    if state.page != "playground":
        raise SettingError(f"page is {state.page}; expected playground, which trains. Leave page out of the link.")
    check_recording_path(path)
    playground, recorder, step = Playground(state, given), Recorder(), 0
    every = state.steps * -(-steps // (state.steps * (MOST_FRAMES - 2)))
    with tracking("steps", steps) as advance:
        while True:
            picture = playground.picture(is_playing=step < steps)
            meta = {**picture.meta, "playing": step < steps, "steps": every}
            frame = Frame(kind="playground", number=step // every, meta=meta, arrays=picture.arrays)
            recorder.add(state, encode_frame(frame))
            if step == steps:
                return recorder.write(path)
            end = min(step + every, steps)
            while step < end:
                n = playground.train(end - step)
                step += n
                advance(n, "")
