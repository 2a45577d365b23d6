"""The engine's process: it trains and draws for all sessions in turn, so that the server never waits for it.

It is started as `python -m foldline.lab.engine`, reads commands from its standard input, writes what is for pages to
its standard output, and ends when its input does.
"""

import gc
import json
import os
import queue
import signal
import struct
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from typing import BinaryIO

COMMAND = struct.Struct("<II")  # session, bytes of the JSON that follows
ANSWER = struct.Struct("<I?I")  # session, whether it is a frame, bytes of the frame or text that follows

# Half a second, which nobody should wait for who saves a net or opens the images. Not in a thread of its own: of a
# package that two threads import at once, one may find half.
LATER = "foldline.estimators.saving"
IDLE_S = 1.0  # after which it is imported
CHECKED_EVERY_S = 60.0  # how many programs there are: in a minute some hundreds can be compiled

Command = dict[str, object]
Commands = queue.SimpleQueue[tuple[int, Command] | None]  # None: the input has ended


def main() -> None:
    """Serve sessions until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then ends the engine
    # Whatever prints must not print into the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.environ.setdefault("JAX_PLATFORMS", "cpu")  # nets so small are slower anywhere else
    gc.disable()  # nothing that is imported becomes garbage, and looking for some is an eighth of the imports' time
    commands: Commands = queue.SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, commands), daemon=True).start()
    with suppress(BrokenPipeError):  # the server is gone, and its input will end too
        _serve(commands, answers)
    os._exit(0)  # nothing is left to be written, and nobody waits for what JAX and Python tidy up


def _read(stream: BinaryIO, commands: Commands) -> None:
    while len(head := stream.read(COMMAND.size)) == COMMAND.size:
        session, length = COMMAND.unpack(head)
        commands.put((session, json.loads(stream.read(length))))
    commands.put(None)


def _serve(commands: Commands, answers: BinaryIO) -> None:
    # Imported here: commands are read meanwhile.
    from foldline.core.compiled import forget_programs, use_jax_cache
    from foldline.lab.engine_session import EngineSession
    from foldline.lab.pages import NOTHING, Given
    from foldline.lab.playground import Playground
    from foldline.lab.state import LabState

    use_jax_cache()
    if commands.empty():  # while a browser is still starting: the first picture then waits for no program to be loaded
        Playground(LabState()).picture()
    gc.freeze()  # nor is it looked at between pictures
    gc.enable()
    later = [LATER]  # what is imported while nothing else is to be done
    sessions: dict[int, EngineSession] = {}
    given = NOTHING
    checked_s = time.monotonic()

    def answer(session: int, data: bytes, *, is_frame: bool) -> None:
        answers.write(ANSWER.pack(session, is_frame, len(data)))
        answers.write(data)
        answers.flush()

    while True:
        if time.monotonic() > checked_s + CHECKED_EVERY_S:
            forget_programs()  # of all the architectures that were tried
            checked_s = time.monotonic()
        due = {number: due_s for number, one in sessions.items() if (due_s := one.due_s()) is not None}
        wait_s = max(min(due.values()) - time.monotonic(), 0.0) if due else IDLE_S if later and sessions else None
        try:
            found = commands.get(timeout=wait_s)
        except queue.Empty:
            if not due:
                import_module(later.pop())
                continue
            # The one that has waited longest; whoever had a frame just now waits for the others.
            number = min(due, key=due.__getitem__)
            frame, text = sessions[number].frame()
            if text is not None:
                answer(number, text.encode(), is_frame=False)
            if frame is not None:
                answer(number, frame, is_frame=True)
            continue
        if found is None:
            return
        number, command = found
        match command["do"]:
            case "open":
                sessions[number] = EngineSession(given)
            case "close":
                if number in sessions:
                    sessions.pop(number).close()
            case "given":
                found_given = Given.from_json(command["given"])  # type: ignore[arg-type]  # from Given.to_json
                if found_given.images.given == given.images.given:  # then what was loaded stays
                    found_given = replace(found_given, images=given.images)
                given = found_given
                for one in sessions.values():
                    one.given = given
            case _ if number in sessions:
                said = sessions[number].do(command)
                if isinstance(said, str):
                    answer(number, said.encode(), is_frame=False)
                elif said is not None:
                    answer(number, said, is_frame=True)


if __name__ == "__main__":
    main()
