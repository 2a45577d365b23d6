"""Runs the lab until it is stopped: engine, server, browser."""

import asyncio
import os
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from foldline.core.errors import MissingExtraError, SettingError
from foldline.lab.address import ADDRESS, kept_token, listen
from foldline.lab.engine_link import EngineLink
from foldline.lab.images_source import ImageSource, holds_images
from foldline.lab.state import LabState, state_from_link, state_to_link

if TYPE_CHECKING:
    from uvicorn import Config, Server

    from foldline.lab.guard import App
    from foldline.lab.pages import Given
    from foldline.lab.recording import Recorder

MOST_MESSAGE_BYTES = 2**20  # beyond, a connection is closed; texts from 64 KiB on are answered with an error
GOODBYE_S = 1  # for open pages when the lab is stopped


def run_lab(
    data: str | os.PathLike[str] | None = None,
    *,
    size: int | tuple[int, int] | None = None,
    fit: Literal["crop", "pad"] = "crop",
    link: str = "",
    record: str | os.PathLike[str] | None = None,
    port: int | None = None,
    browser: bool = True,
    say: Callable[[str], object] = print,
) -> None:
    """Serve the lab on this machine until Ctrl-C.

    Args:
        data: what to begin with: a CSV file of two or more numbers and a class a line, or images as `load_images` reads
            them; None for the lab's own points.
        size, fit: of images, as in `load_images`.
        link: the part of the page's address behind '#': settings to begin with.
        record: an HTML file that is to replay what the page that is open longest has shown of the playground; None for
            none.
        port: where to listen; None for 8765, or any other if that is taken.
        browser: whether to open the page.
        say: told the address.
    Raises: MissingExtraError without the lab's packages; SettingError for a port that is taken or the system's;
        DataError for a file that cannot be used; SaveError for a recording that cannot be written.
    """
    state = beginning(link, data=data, say=say)
    recorder = None
    if record is not None:
        from foldline.lab.recording import Recorder, check_recording_path

        check_recording_path(record)
        recorder = Recorder()
    server = LabServer(port=port, link=state_to_link(state), recorder=recorder)

    def ready() -> None:
        say(
            f"The lab is open at {server.url}\n"
            f"Only this machine can reach it, and only with this address. Stop it with Ctrl-C."
        )
        if record is not None:
            say(f"What it shows of the playground is recorded; {record} is written when the lab is stopped.")
        if browser:
            open_page(server.url)

    with suppress(KeyboardInterrupt):  # which uvicorn raises once more after its own farewell
        server.run(lambda: given_by(data, size=size, fit=fit), ready)
    say("The lab is closed.")
    if record is not None and recorder is not None:
        say(recorder.write(record))


def beginning(link: str, *, data: str | os.PathLike[str] | None, say: Callable[[str], object]) -> LabState:
    """Read the settings to begin with; `say` is told what of the link is not used."""
    state, notes = state_from_link(link)
    for note in notes:
        say(note)
    if data is None:
        return state
    if not holds_images(data):
        return replace(state, data="csv")
    return replace(state, page=state.page if state.data == "images" else "images", images="given")


def given_by(
    data: str | os.PathLike[str] | None,
    *,
    size: int | tuple[int, int] | None = None,
    fit: Literal["crop", "pad"] = "crop",
) -> "Given":
    """Read a CSV file, if there is one; images are read when they are first looked at.

    Raises: DataError for a file that cannot be used; SettingError for a size without images.
    """
    from foldline.lab.images_shelf import ImageShelf
    from foldline.lab.pages import NOTHING, Given
    from foldline.lab.point_file import read_point_file

    if data is not None and holds_images(data):
        return Given(images=ImageShelf(ImageSource(path=os.fspath(data), size=size, fit=fit)))
    if size is not None:
        raise SettingError(f"size is {size} and there are no images; expected a folder or archive of them. Name one.")
    return NOTHING if data is None else Given(points=read_point_file(Path(data)))


class LabServer:
    """A lab on this machine: made, it listens; run, it answers.

    Args:
        port: where to listen; None for 8765, or any other if that is taken.
        link: the part of the address behind '#'.
        recorder: is given what the page that is open longest shows.
        folder: where runs are looked for; None for the current one.
    Raises: SettingError for a port that is taken or the system's.
    """

    def __init__(
        self,
        *,
        port: int | None = None,
        link: str = "",
        recorder: "Recorder | None" = None,
        folder: Path | None = None,
    ) -> None:
        self._recorder = recorder
        self._folder = folder
        self._listener = listen(port)
        self._port = self._listener.getsockname()[1]
        self._token = kept_token()
        self._server: Server | None = None
        self.url = f"http://{ADDRESS}:{self._port}/{self._token}/" + (f"#{link}" if link else "")

    def run(self, read: "Callable[[], Given]", ready: Callable[[], object]) -> None:
        """Serve until Ctrl-C or `stop`.

        Args:
            read: gives what pages need beside their states.
            ready: called when all that could fail is done.
        Raises: MissingExtraError without the lab's packages; and what `read` raises.
        """
        with self._listener:
            asyncio.run(self._serve(read, ready))

    def stop(self) -> None:
        """End `run`, from any thread."""
        if self._server is not None:
            self._server.should_exit = True

    async def _serve(self, read: "Callable[[], Given]", ready: Callable[[], object]) -> None:
        engine = EngineLink(self._recorder)
        await engine.start()  # first of all: what it imports takes longest, and all below is done meanwhile
        try:
            await engine.give(read())
            self._server = _server_of(engine, token=self._token, port=self._port, folder=self._folder)
            ready()
            await self._server.serve(sockets=[self._listener])
        finally:
            await engine.close()  # after Ctrl-C nothing can be awaited here, but the server has closed it then


def open_page(url: str) -> None:
    """Open the browser, without waiting for it."""
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def config_of(app: "App") -> "Config":
    """Give the server's settings: no compression, nothing that tells of itself, bounded messages."""
    from uvicorn import Config

    return Config(
        app,
        http="h11",
        ws="websockets-sansio",
        ws_max_size=MOST_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # measured: 22 frames/s with it, 2,433 without, of 876 KiB each
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GOODBYE_S,
    )


def _server_of(engine: EngineLink, *, token: str, port: int, folder: Path | None) -> "Server":
    try:
        import uvicorn
        import websockets  # noqa: F401  # used by uvicorn

        from foldline.lab.server import lab_app
    except ImportError as error:
        raise MissingExtraError(
            f"{error.name} is not installed; expected for the lab's page. Install it with: pip install 'foldline[lab]'"
        ) from error
    return uvicorn.Server(config_of(lab_app(engine, token=token, port=port, folder=folder)))
