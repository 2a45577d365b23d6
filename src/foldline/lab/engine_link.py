"""The server's side of the engine: starts its process, carries commands and answers, and starts it again if it dies."""

import asyncio
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from typing import TYPE_CHECKING

from foldline.core.errors import FoldlineError
from foldline.lab.commands import Command, error_text
from foldline.lab.engine import ANSWER, COMMAND
from foldline.lab.state import LabState, state_from_json

if TYPE_CHECKING:
    from foldline.lab.pages import Given
    from foldline.lab.recording import Recorder

MOST_WAITING = 1024  # answers that a page has not taken yet; frames are two of them at most
QUICK_DEATH_S = 10.0  # an engine that dies so soon is not given the states again: one of them may have killed it
PATIENCE_S = 2.0  # for an engine to end by itself


class PageIsSlow(FoldlineError):
    """A page does not take what it asks for."""


class EngineLink:
    """An engine for many sessions. All methods are for the server's event loop.

    Args:
        recorder: is given the frames of the page that has been open longest.
    """

    def __init__(self, recorder: "Recorder | None" = None) -> None:
        self._recorder = recorder
        self._sessions: dict[int, Session] = {}
        self._n_sessions = 0
        self.given: Given | None = None  # that `give` gave last
        self._process: Process | None = None
        self._started_s = 0.0
        self._reading: asyncio.Task[None] | None = None
        self._is_closing = False

    async def start(self) -> None:
        """Start the engine, which takes some seconds to answer."""
        # In a session of its own, so that Ctrl-C in the terminal is for the server alone, which then ends the engine.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "foldline.lab.engine", stdin=PIPE, stdout=PIPE, start_new_session=True
        )
        self._started_s = time.monotonic()
        self._reading = asyncio.create_task(self._read(self._process))

    async def close(self) -> None:
        """End the engine."""
        self._is_closing = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reading is not None:
            await self._reading

    @property
    def n_sessions(self) -> int:
        """How many sessions are open."""
        return len(self._sessions)

    async def open(self) -> "Session":
        """Begin a session."""
        self._n_sessions += 1
        session = self._sessions[self._n_sessions] = Session(self._n_sessions, self)
        await self.send(session.number, {"do": "open"})
        return session

    async def end(self, session: "Session") -> None:
        """End a session."""
        if self._sessions.pop(session.number, None) is not None:
            await self.send(session.number, {"do": "close"})

    async def give(self, given: "Given") -> None:
        """Give all sessions what the lab has beside their states, in the place of what was given before."""
        self.given = given
        await self.send(0, {"do": "given", "given": given.to_json()})

    async def send(self, session: int, command: Command) -> None:
        """Send a command, waiting while the engine has many others to read; one that has died will be told the rest."""
        assert self._process is not None
        assert self._process.stdin is not None
        data = json.dumps(command).encode()
        try:
            self._process.stdin.write(COMMAND.pack(session, len(data)) + data)
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            pass  # its reader sees the same, and starts another

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        try:
            while True:
                number, is_frame, length = ANSWER.unpack(await process.stdout.readexactly(ANSWER.size))
                data = await process.stdout.readexactly(length)
                if number in self._sessions:
                    self._sessions[number].hear(data if is_frame else data.decode())
                    if is_frame and self._recorder is not None and number == min(self._sessions):
                        self._recorder.add(self._sessions[number].state, data)
        except asyncio.IncompleteReadError:
            code = await process.wait()
        if not self._is_closing:
            await self._start_again(code)

    async def _start_again(self, code: int) -> None:
        lived_s = time.monotonic() - self._started_s
        told = f"the engine ended with code {code}; expected it to go on. "
        if lived_s < QUICK_DEATH_S:
            await asyncio.sleep(1.0)  # or a broken one would be started without end, as fast as it dies
            told += "It was started again without your settings, as it had just begun: change one to go on."
        else:
            told += "It was started again with your settings; the net begins anew."
        await self.start()
        if self.given is not None:
            await self.give(self.given)
        for session in list(self._sessions.values()):
            commands: list[Command] = [{"do": "open"}]
            if lived_s >= QUICK_DEATH_S:
                commands += session.restoring
            session.hear(error_text(RuntimeError(told), restarted=True))
            for command in commands:
                await session.do(command)


class Session:
    """One page's session.

    Args:
        number: its name in the engine.
        link: to the engine.
    """

    def __init__(self, number: int, link: EngineLink) -> None:
        self.number = number
        self.answers: asyncio.Queue[str | bytes | PageIsSlow] = asyncio.Queue()
        self._link = link
        self._state: Command | None = None
        self._is_playing = False

    @property
    def state(self) -> LabState:
        """The newest settings that the page has asked for."""
        return LabState() if self._state is None else state_from_json(self._state["state"])

    @property
    def restoring(self) -> list[Command]:
        """The commands that bring a new engine to where this session was."""
        if self._state is None:
            return []
        return [self._state, {"do": "play"}] if self._is_playing else [self._state]

    async def do(self, command: Command) -> None:
        """Send a command to the engine."""
        match command["do"]:
            case "set":
                self._state = command
            case "play":
                self._is_playing = True
            case "pause" | "step" | "seek":
                self._is_playing = False
        await self._link.send(self.number, command)

    def hear(self, answer: str | bytes) -> None:
        """Take an answer of the engine, which pauses at most errors."""
        if isinstance(answer, str) and json.loads(answer).get("pauses"):
            self._is_playing = False
        self.hand(answer)

    def hand(self, answer: str | bytes) -> None:
        """Take an answer for the page."""
        n_waiting = self.answers.qsize()
        if n_waiting < MOST_WAITING:
            self.answers.put_nowait(answer)
        elif n_waiting == MOST_WAITING:
            self.answers.put_nowait(PageIsSlow("the page takes no answers; expected it to. Load it again."))
