"""One person's session inside the engine: its pages, whether one plays, and which frames are under way."""

import json
import sys
import time
import traceback

import numpy as np

from foldline.core.errors import FoldlineError, SettingError
from foldline.lab.commands import Command, error_text
from foldline.lab.frames import Frame, encode_frame
from foldline.lab.images_shelf import Task
from foldline.lab.pages import BY_THEMSELVES, NOTHING, OF_POINTS, ONE_NET, Given, LabPage, Picture, make_page
from foldline.lab.points import PointTable
from foldline.lab.state import LabState, state_from_json

MOST_UNDER_WAY = 2  # frames that nobody has acknowledged
FRAME_S = 1 / 60  # from one frame to the next
TRAINING_S = 0.05  # of one frame; after that it is drawn with the steps that were taken
WORK_S = 0.03  # of one frame, of what is computed without being asked for again
WAITING_S = 0.1  # from one frame to the next, while threads are at work
CHANGING = frozenset({"play", "step", "reset", "seek", "save"})  # commands that need the page as it was asked for last


class EngineSession:
    """What a page's commands do.

    Commands are those of `read_command`; what comes back are texts and frames for the page.
    """

    def __init__(self, given: Given = NOTHING) -> None:
        self.given = given  # read again with the next state
        self._pages: dict[str, LabPage] = {}  # that were opened
        self._state: LabState | None = None  # that is shown
        self._wanted: LabState | None = None  # the newest state, until the next frame: the ones between are never made
        self._reading: Task[PointTable] | None = None  # that it waits for
        self._told = ""  # how far that is
        self._refused: LabState | None = None  # a state that could not be made, until another comes
        self._is_playing = False
        self._is_stale = False  # whether the page shows something else than what is there
        self._is_stuck = False  # whether the last picture failed: the next command may help, another try would not
        self._under_way: set[int] = set()
        self._n_frames = 0
        self._kept: dict[str, dict[str, np.ndarray]] = {}  # what the browser has of each page
        self._n_steps = 0  # since the last frame
        self._is_change = False  # whether the last frame showed a change, and nothing was trained for it
        self._next_s = 0.0

    def do(self, command: Command) -> str | bytes | None:
        """Do what a command says; give a text or a file's frame for the page, or None."""
        self._is_stuck = self._is_stuck and command["do"] == "ack"
        try:
            return self._do(command)
        except Exception as error:
            self._is_stale = True
            return self._failed(error, pauses=command["do"] not in ("look", "pairs", "save"))

    def close(self) -> None:
        """Begin nothing more."""
        for page in self._pages.values():
            page.close()

    def due_s(self) -> float | None:
        """Give when the next frame should be made, on the clock of `time.monotonic`; None: not before a command."""
        if self._is_reading:
            return self._next_s
        if self._is_stuck:
            return None
        page = self._shown()
        is_working = page is not None and page.is_working
        is_wanted = self._wanted is not None or self._is_stale or self._is_playing or is_working
        # Who has changed a setting waits for no picture's turn, and for none that was sent to be drawn.
        is_change = self._wanted is not None
        if not is_wanted or len(self._under_way) >= MOST_UNDER_WAY + is_change:
            return None
        return self._next_s - FRAME_S * is_change

    def frame(self) -> tuple[bytes | None, str | None]:
        """Train, if it plays, and make a frame; an error pauses, and its text comes beside the frame.

        While images are read that the newest state is of, there is no frame. A changed setting is shown before anything
        is trained with it: a new net's training is compiled only then. While changes go on coming, every other frame
        trains.
        """
        start = time.monotonic()
        if self._is_reading:
            self._next_s = start + WAITING_S
            return None, self._told_anew()
        frame = text = None
        try:
            self._is_change = self._wanted is not None and not self._is_change
            self._take_wanted()
            if self._is_playing and not self._is_change:
                self._train(until_s=start + TRAINING_S)
        except Exception as error:
            text = self._failed(error)
        self._is_stale = False
        if (page := self._shown()) is not None:
            try:
                if page.is_working:
                    page.work(until_s=start + (0 if page.works_elsewhere else WORK_S))
                frame = self._picture(page)
            except Exception as error:
                text = self._failed(error)
                self._is_stuck = True
        is_waiting = page is not None and page.is_working and page.works_elsewhere and not self._is_playing
        self._next_s = start + (WAITING_S if is_waiting else FRAME_S)
        return frame, text

    def _do(self, command: Command) -> str | bytes | None:
        do = command["do"]
        if do in CHANGING and self._wanted is None and self._refused is not None:
            self._want(self._refused)  # what was refused is refused again, or tried again
        if self._is_reading and do not in ("ack", "set"):
            self._do_meanwhile(do)
            return None
        match do:
            case "ack":
                frame = command["frame"]
                assert isinstance(frame, int)
                self._under_way.discard(frame)
                return None
            case "set":
                self._want(state_from_json(command["state"]))
                return None
            case "play":
                self._current()
                self._is_playing = True
            case "pause":
                self._is_playing = False
            case "step":
                self._is_playing = False
                self._n_steps += self._current().train(1)
            case "reset":
                self._current().reset()
            case "seek":
                self._is_playing = False
                step = command["step"]
                assert isinstance(step, int)
                self._current().seek(step)
            case "look":
                x, y = command["x"], command["y"]
                assert isinstance(x, float)
                assert isinstance(y, float)
                return json.dumps({"look": self._current().look(x, y)})
            case "pairs":
                self._current()
                assert self._state is not None
                table = self.given.table(self._state) if self._state.page in OF_POINTS else None
                if table is None:
                    raise SettingError("these points are of no table; expected a CSV file or images. Choose them.")
                return json.dumps({"pairs": table.shown()})
            case "save":
                return self._encoded("model", self._current().save())
        self._is_stale = True
        return None

    def _do_meanwhile(self, do: object) -> None:
        """Do what can be done while images are read: the page that they are for is not there yet."""
        match do:
            case "play" | "pause":
                self._is_playing = do == "play"
            case "look":
                pass  # a pointer waits for nothing
            case _:
                raise SettingError("the images are still being read; expected them to be there. Wait for the picture.")

    @property
    def _is_reading(self) -> bool:
        """Whether the newest state waits for its images."""
        return self._reading is not None and not self._reading.future.done()

    def _want(self, state: LabState) -> None:
        """Take a state with the next frame, or once its images are read; who leaves a page pauses it."""
        self._wanted, self._reading, self._told = state, self.given.reading(state), ""
        before = self._state
        if before is not None and before.page != state.page and not {before.page, state.page} <= ONE_NET:
            self._is_playing = False

    def _told_anew(self) -> str | None:
        """Say how far reading is, if that is something new."""
        assert self._reading is not None
        doing = self._reading.doing
        told = doing.words + ("" if doing.share is None else f": {5 * round(20 * doing.share)} %")
        before, self._told = self._told, told
        return None if told == before else json.dumps({"told": told})

    def _take_wanted(self) -> None:
        """Make the newest state that was asked for."""
        state, self._wanted = self._wanted, None
        if state is None:
            return
        self._is_stale = True
        self._refused = state
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.future.result()  # it may have failed
        page = self._pages.get(state.page)
        if page is not None:
            page.change(state, self.given)
        elif state.page not in BY_THEMSELVES:
            self._pages[state.page] = make_page(state, self.given, self._pages)
        self._state, self._refused = state, None

    def _shown(self) -> LabPage | None:
        return None if self._state is None else self._pages.get(self._state.page)

    def _current(self) -> LabPage:
        """Give the page in the newest state that was asked for."""
        self._take_wanted()
        if self._state is None:
            raise SettingError("there is no state yet; expected 'set' before anything else. Send the state first.")
        page = self._shown()
        if page is None:
            raise SettingError(f"{self._state.page} is drawn without the engine; expected another page. Open one.")
        return page

    def _train(self, *, until_s: float) -> None:
        assert self._state is not None
        page, left = self._current(), self._state.steps
        while left and (left == self._state.steps or time.monotonic() < until_s):
            n = page.train(left)
            if not n:  # there is nothing to train yet
                return
            left -= n
            self._n_steps += n

    def _picture(self, page: LabPage) -> bytes:
        assert self._state is not None
        picture = page.picture(is_playing=self._is_playing)
        kind, kept = self._state.page, picture.kept
        before = self._kept.get(kind, {})
        same = [name for name, array in kept.items() if before.get(name) is array]
        arrays = {**picture.arrays, **{name: array for name, array in kept.items() if name not in same}}
        meta = {**picture.meta, "playing": self._is_playing, "steps": self._n_steps, "as_before": same}
        data = self._encoded(kind, Picture(meta=meta, arrays=arrays))
        # Only now: what could not be written is not under way, and nobody has it.
        self._kept[kind], self._n_steps = kept, 0
        self._under_way.add(self._n_frames - 1)
        return data

    def _encoded(self, kind: str, picture: Picture) -> bytes:
        number, self._n_frames = self._n_frames, self._n_frames + 1
        return encode_frame(Frame(kind=kind, number=number, meta=picture.meta, arrays=picture.arrays))

    def _failed(self, error: Exception, *, pauses: bool = True) -> str:
        """Pause, and give the words for the page."""
        if pauses:
            self._is_playing = False
        if not isinstance(error, FoldlineError):
            traceback.print_exception(error, file=sys.stderr)
            error = RuntimeError(
                f"the engine stumbled ({type(error).__name__}: {error}), a mistake of ours; expected a picture. Change "
                f"a setting, and tell us what the terminal shows."
            )
        return error_text(error, pauses=pauses)
