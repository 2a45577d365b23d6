"""A lab that really listens, and a page that really speaks to it."""

import json
import threading
import time
from contextlib import contextmanager
from socket import create_connection

import uvicorn
from websockets.sync.client import connect

from foldline.lab.frames import decode_frame
from foldline.lab.server import lab_app
from foldline.lab.serving import config_of, listen

TOKEN = "t" * 43
PATIENCE_S = 60  # for an engine that starts on a busy machine


class Lab:
    """Where a running lab is."""

    def __init__(self, port):
        self.port = port
        self.host = f"127.0.0.1:{port}"
        self.url = f"http://{self.host}/{TOKEN}/"

    @contextmanager
    def page(self, *, origin=None, path=f"/{TOKEN}/ws", host=None):
        """Open a page's connection; the host is what its name is thought to be, whoever answers."""
        origin = f"http://{self.host}" if origin is None else origin or None
        with (
            create_connection(("127.0.0.1", self.port)) as to_lab,
            connect(
                f"ws://{host or self.host}{path}", sock=to_lab, origin=origin, max_size=None, compression=None
            ) as socket,
        ):
            yield Page(socket)


class Page:
    """What a page says and hears."""

    def __init__(self, socket):
        self.socket = socket

    def say(self, do, **more):
        """Send a command."""
        self.socket.send(json.dumps({"do": do, **more}))

    def hear(self):
        """Give the next frame, acknowledged, or the next text."""
        answer = self.socket.recv(timeout=PATIENCE_S)
        if isinstance(answer, str):
            return json.loads(answer)
        frame = decode_frame(answer)
        self.say("ack", frame=frame.number)
        return frame

    def frame(self, wanted=lambda meta: True):
        """Give the next frame whose meta is as wanted; a text is a failure."""
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            answer = self.hear()
            assert not isinstance(answer, dict), answer
            if wanted(answer.meta):
                return answer
        raise AssertionError("no such frame came")

    def text(self):
        """Give the next text; frames before it are acknowledged."""
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            answer = self.hear()
            if isinstance(answer, dict):
                return answer
        raise AssertionError("no text came")


@contextmanager
def running_lab(file=None):
    """Run a lab in a thread of its own."""
    listener = listen(None)
    lab = Lab(listener.getsockname()[1])
    server = uvicorn.Server(config_of(lab_app(token=TOKEN, port=lab.port, file=file)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield lab
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        listener.close()
        assert not thread.is_alive()
