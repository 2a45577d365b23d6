"""Runs the lab until it is stopped: its port, its token, the browser."""

import os
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from foldline.core.checks import integer
from foldline.core.caches import cache_folder
from foldline.core.errors import DataError, MissingDataError, MissingExtraError, SettingError
from foldline.core.text import printable, reason
from foldline.lab.points import FilePoints, read_points

if TYPE_CHECKING:
    from uvicorn import Config

    from foldline.lab.guard import App

USUAL_PORT = 8765
ADDRESS = "127.0.0.1"  # this machine alone
MOST_MESSAGE_BYTES = 2**20  # beyond, a connection is closed; texts from 64 KiB on are answered with an error
GOODBYE_S = 1  # for open pages when the lab is stopped


def run_lab(
    data: str | os.PathLike[str] | None = None,
    *,
    port: int | None = None,
    browser: bool = True,
    say: Callable[[str], object] = print,
) -> None:
    """Serve the lab on this machine until Ctrl-C.

    Args:
        data: a CSV file of x, y and a class, to begin with; None for the lab's own points.
        port: where to listen; None for 8765, or any other if that is taken.
        browser: whether to open the page.
        say: told the address.
    Raises: MissingExtraError without the lab's packages; SettingError for a port that is taken or the system's;
        DataError for a file that cannot be used.
    """
    try:
        import uvicorn
        import websockets  # noqa: F401  # used by uvicorn

        from foldline.lab.server import lab_app
    except ImportError as error:
        raise MissingExtraError(
            f"{error.name} is not installed; expected for the lab's page. Install it with: pip install 'foldline[lab]'"
        ) from error

    file = None if data is None else _file(Path(data))
    listener = listen(port)
    port = listener.getsockname()[1]
    token = kept_token()
    config = config_of(lab_app(token=token, port=port, file=file))
    url = f"http://{ADDRESS}:{port}/{token}/" + ("" if file is None else "#data=csv")
    say(f"The lab is open at {url}\nOnly this machine can reach it, and only with this address. Stop it with Ctrl-C.")
    if browser:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
    with closing(listener), suppress(KeyboardInterrupt):  # which it raises once more after its own farewell
        uvicorn.Server(config).run(sockets=[listener])
    say("The lab is closed.")


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


def listen(port: int | None) -> socket.socket:
    """Listen on this machine alone. Raises: SettingError for a port that is taken or the system's."""
    if port is not None:
        integer(port, name="port", low=1024, high=65535)
    for wanted in (USUAL_PORT, 0) if port is None else (port,):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":  # elsewhere this would let two servers listen at once
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, wanted))
            listener.listen()
        except OSError as error:
            listener.close()
            failure = error
        else:
            return listener
    raise SettingError(f"port is {port} ({reason(failure)}); expected a free one. Leave port out to take any.")


def kept_token() -> str:
    """Give this user's token: made once and kept, so that a page finds the lab again when it was started again."""
    path = cache_folder("lab") / "token"
    try:
        if path.exists():
            kept = path.read_text(encoding="ascii", errors="replace").strip()
            if len(kept) >= 32 and kept.replace("-", "").replace("_", "").isalnum():
                return kept
            path.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        token = secrets.token_urlsafe(32)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(token)
    except OSError:
        return secrets.token_urlsafe(32)  # for this run alone: a folder that cannot be written keeps nothing
    return token


def _file(path: Path) -> FilePoints:
    shown = printable(path.name)
    try:
        text = path.read_text(encoding="utf-8-sig") if path.is_file() else None
    except UnicodeDecodeError as error:
        raise DataError(f"{shown} is no UTF-8; expected a CSV file. Save it as CSV in UTF-8.") from error
    except OSError as error:
        raise DataError(
            f"{shown} cannot be read ({reason(error)}); expected a CSV file. Change who may read it, or give another."
        ) from error
    if text is None:
        raise MissingDataError(f"{shown} is no file; expected a CSV file of x, y and a class. Check the name.")
    return read_points(text, name=shown)
