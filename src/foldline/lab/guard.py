"""Who may speak to the lab: this machine's browser, on the lab's own page, with the token."""

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

METHODS = ("GET", "HEAD", "POST")


class Guard:
    """Lets requests through to an application, below `/TOKEN`, and puts headers on what it answers.

    A request is let through if its Host is 127.0.0.1 or localhost with the lab's port (else a stranger's name may point
    at this machine: DNS rebinding), if its Origin, which WebSockets and POST must have, is that host's (else another
    site asks), and if its path begins with the token.

    Args:
        app: what answers.
        token: the first part of every path.
        port: where the lab listens.
    """

    def __init__(self, app: App, *, token: str, port: int) -> None:
        self._app = app
        self._token = token
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        sockets = " ".join(f"ws://{host}" for host in sorted(self._hosts))  # Safari's 'self' leaves WebSockets out
        policy = (
            f"default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; "
            f"connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        self._headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),  # the address holds the token
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"cache-control", b"no-store"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = dict(message["headers"])  # a report has a stricter policy of its own
                message["headers"] = [*own.items(), *((name, said) for name, said in self._headers if name not in own)]
            await send(message)

        why = self._refusal(scope)
        if why is None:
            inside = {**scope, "path": scope["path"].removeprefix(f"/{self._token}")}
            await self._app(inside, receive, send_with_headers)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": why})  # before accepting: answered with 403
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send_with_headers({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": f"{why}\n".encode()})

    def _refusal(self, scope: Scope) -> str | None:
        """Say why a request is refused; None if it is not."""
        hosts, origins = (
            [value.decode("latin-1") for key, value in scope["headers"] if key == name] for name in (b"host", b"origin")
        )
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return (
                f"the host is not the lab's; expected {' or '.join(sorted(self._hosts))}. Open the address it printed."
            )
        needs_origin = scope["type"] == "websocket" or scope["method"] == "POST"
        if origins != [f"http://{hosts[0]}"] and (origins or needs_origin):
            return "the request comes from another site; expected the lab's own page. Open the address it printed."
        if scope["type"] == "http" and scope["method"] not in METHODS:
            return f"the method is not known to the lab; expected one of {', '.join(METHODS)}. Use its page."
        given = scope["path"].split("/")[1] if scope["path"].count("/") > 1 else ""
        if not secrets.compare_digest(given.encode("utf-8", "replace"), self._token.encode()):
            return (
                "the address has no token, or another; expected the whole address that foldline lab printed. Open it."
            )
        return None
