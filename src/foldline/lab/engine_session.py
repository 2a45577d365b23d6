"""One person's session inside the engine: a playground, whether it plays, and which frames are under way."""

import json
import sys
import time
import traceback

from foldline.core.errors import FoldlineError, SettingError
from foldline.lab.commands import Command, error_text
from foldline.lab.frames import Frame, encode_frame
from foldline.lab.playground import Playground
from foldline.lab.points import FilePoints
from foldline.lab.state import LabState, state_from_json

MOST_UNDER_WAY = 2  # frames that nobody has acknowledged
FRAME_S = 1 / 60  # from one frame to the next
TRAINING_S = 0.05  # of one frame; after that it is drawn with the steps that were taken


class EngineSession:
    """What a page's commands do.

    Commands are those of `read_command`; what comes back are texts and frames for the page.
    """

    def __init__(self, file: FilePoints | None = None) -> None:
        self.file = file  # read again with the next state
        self._playground: Playground | None = None
        self._wanted: LabState | None = None  # the newest state, until the next frame: the ones between are never made
        self._refused: LabState | None = None  # a state that could not be made, until another comes
        self._is_playing = False
        self._is_stale = False  # whether the page shows something else than what is there
        self._under_way: set[int] = set()
        self._n_frames = 0
        self._n_steps = 0  # since the last frame
        self._next_s = 0.0

    def do(self, command: Command) -> str | None:
        """Do what a command says; give a text for the page, or None."""
        try:
            return self._do(command)
        except Exception as error:
            self._is_stale = self._playground is not None
            return self._failed(error)

    def due_s(self) -> float | None:
        """Give when the next frame should be made, on the clock of `time.monotonic`; None: not before a command."""
        is_wanted = self._wanted is not None or self._is_stale or (self._is_playing and self._playground is not None)
        return self._next_s if is_wanted and len(self._under_way) < MOST_UNDER_WAY else None

    def frame(self) -> tuple[bytes | None, str | None]:
        """Train, if it plays, and make a frame; an error pauses, and its text comes beside the frame."""
        start = time.monotonic()
        frame = text = None
        try:
            playground = self._current()
            if self._is_playing:
                self._train(playground, until_s=start + TRAINING_S)
        except Exception as error:
            text = self._failed(error)
        self._is_stale = False
        if self._playground is not None:
            try:
                frame = self._picture(self._playground)
            except Exception as error:
                text = self._failed(error)
        self._next_s = start + FRAME_S
        return frame, text

    def _do(self, command: Command) -> str | None:
        match command["do"]:
            case "ack":
                frame = command["frame"]
                assert isinstance(frame, int)
                self._under_way.discard(frame)
                return None
            case "set":
                self._wanted = state_from_json(command["state"])
                return None
            case "play":
                self._to_train()
                self._is_playing = True
            case "pause":
                self._is_playing = False
            case "step":
                self._is_playing = False
                self._n_steps += self._to_train().train(1)
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
        self._is_stale = self._playground is not None
        return None

    def _current(self) -> Playground:
        """Give the playground in the newest state that was asked for."""
        state, self._wanted = self._wanted, None
        if state is not None:
            self._is_stale = True
            self._refused = state
            if self._playground is None:
                self._playground = Playground(state, self.file)
            else:
                self._playground.change(state, self.file)
            self._refused = None
        if self._playground is None:
            raise SettingError("there is no state yet; expected 'set' before anything else. Send the state first.")
        return self._playground

    def _to_train(self) -> Playground:
        """Give the playground as `_current` does; a state that was refused is refused again."""
        self._wanted = self._wanted or self._refused
        return self._current()

    def _train(self, playground: Playground, *, until_s: float) -> None:
        left = playground.state.steps
        while left and (left == playground.state.steps or time.monotonic() < until_s):
            n = playground.train(left)
            left -= n
            self._n_steps += n

    def _picture(self, playground: Playground) -> bytes:
        picture = playground.picture(with_weights=not self._is_playing)
        meta = {**picture.meta, "playing": self._is_playing, "steps": self._n_steps}
        data = encode_frame(Frame(kind="playground", number=self._n_frames, meta=meta, arrays=picture.arrays))
        self._under_way.add(self._n_frames)
        self._n_frames, self._n_steps = self._n_frames + 1, 0
        return data

    def _failed(self, error: Exception) -> str:
        """Pause, and give the words for the page."""
        self._is_playing = False
        if not isinstance(error, FoldlineError):
            traceback.print_exception(error, file=sys.stderr)
            error = RuntimeError(
                f"the engine stumbled ({type(error).__name__}: {error}), a mistake of ours; expected a picture. Change "
                f"a setting, and tell us what the terminal shows."
            )
        return error_text(error)
