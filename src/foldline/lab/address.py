"""Where the lab is found: its port on this machine, and its user's token."""

import os
import secrets
import socket

from foldline.core.caches import cache_folder
from foldline.core.checks import integer
from foldline.core.errors import SettingError
from foldline.core.text import reason

USUAL_PORT = 8765
ADDRESS = "127.0.0.1"  # this machine alone


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
