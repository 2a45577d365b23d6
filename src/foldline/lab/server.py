"""The lab's web server: the page's files, and a WebSocket for each page that is open."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from foldline.core.errors import DataError, FoldlineError, SettingError
from foldline.lab.commands import error_text, read_command
from foldline.lab.engine_link import EngineLink, PageIsSlow, Session
from foldline.lab.guard import App, Guard
from foldline.lab.pages import NOTHING
from foldline.lab.points import read_points
from foldline.lab.run_routes import run_routes
from foldline.lab.state import schema

PAGE = Path(__file__).with_name("page")
# Written out: what the system knows of types is not to be relied on, and a module of another type is not run.
TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}
FILE_NAME = re.compile(r"([a-z0-9_-]+/)*[a-zA-Z0-9_-]+\.[a-z0-9]+")  # none that leads out of the folder
MOST_SESSIONS = 32
MOST_UPLOAD_BYTES = 8 * 2**20
MESSAGES_PER_S = 200.0  # of one page: acknowledgements of 60 frames a second, a pointer, and as much again
TRY_AGAIN_LATER = 1013  # of the WebSocket protocol


def lab_app(engine: EngineLink, *, token: str, port: int, folder: Path | None = None) -> App:
    """Give the lab as an ASGI application, which closes the engine when it ends.

    Args:
        engine: started by the caller.
        token: the first part of every path.
        port: where it will be listened.
        folder: where runs are looked for; None for the current one.
    """

    @asynccontextmanager
    async def running(app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await engine.close()

    async def take_file(request: Request) -> Response:
        try:
            text = await _text_of(request)
            found = await asyncio.to_thread(read_points, text, name="the file")  # a large one takes seconds
        except DataError as error:
            return JSONResponse(json.loads(error_text(error)), status_code=422)
        await engine.give(replace(engine.given or NOTHING, points=found))
        return JSONResponse(found.summary())

    async def serve_page(socket: WebSocket) -> None:
        await socket.accept()
        if engine.n_sessions >= MOST_SESSIONS:
            error = SettingError(f"{MOST_SESSIONS} pages are open; expected no more. Close one.")
            await socket.send_text(error_text(error))
            await socket.close(TRY_AGAIN_LATER)
            return
        session = await engine.open()
        try:
            await _talk(socket, session)
        finally:
            await engine.end(session)

    routes = [
        Route("/schema.json", lambda request: JSONResponse(schema())),
        Route("/data", take_file, methods=["POST"]),
        WebSocketRoute("/ws", serve_page),
        *run_routes(folder or Path.cwd()),
        Route("/{name:path}", _page_file),
    ]
    return Guard(Starlette(routes=routes, lifespan=running), token=token, port=port)


async def _page_file(request: Request) -> Response:
    name = request.path_params["name"] or "index.html"
    path = PAGE / name
    if not FILE_NAME.fullmatch(name) or path.suffix not in TYPES or not path.is_file():
        return PlainTextResponse("there is no such file in the lab", status_code=404)
    return Response(path.read_bytes(), media_type=TYPES[path.suffix])


async def _text_of(request: Request) -> str:
    """Read the body of a request. Raises: DataError if it is too long or no UTF-8."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_UPLOAD_BYTES:
            raise DataError(f"the file has more than {MOST_UPLOAD_BYTES:,} bytes; expected fewer. Leave rows out.")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError("the file is no UTF-8; expected a text with commas. Save it as CSV in UTF-8.") from error


async def _talk(socket: WebSocket, session: Session) -> None:
    """Carry messages both ways until the page leaves."""
    ways = [asyncio.create_task(_listen(socket, session)), asyncio.create_task(_tell(socket, session))]
    ended, others = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for way in others:
        way.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for way in ended:
        way.result()


async def _listen(socket: WebSocket, session: Session) -> None:
    next_s = 0.0
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        try:
            if message.get("text") is None:
                raise SettingError("the message is binary; expected a text. Send JSON.")
            await session.do(read_command(message["text"]))
        except FoldlineError as error:
            session.hand(error_text(error))
        # Who sends more is read later, and so the page's own queue grows instead of ours.
        now = time.monotonic()
        next_s = max(next_s, now - 1.0) + 1.0 / MESSAGES_PER_S
        if next_s > now:
            await asyncio.sleep(next_s - now)


async def _tell(socket: WebSocket, session: Session) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        while not isinstance(answer := await session.answers.get(), PageIsSlow):
            await (socket.send_text(answer) if isinstance(answer, str) else socket.send_bytes(answer))
        await socket.send_text(error_text(answer))
        await socket.close(TRY_AGAIN_LATER)
