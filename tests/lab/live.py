"""A lab that really listens, and a page that really speaks to it."""

import json
import threading
import time
from contextlib import contextmanager
from socket import create_connection, create_server

from websockets.sync.client import connect

from foldline.lab.frames import decode_frame
from foldline.lab.pages import NOTHING
from foldline.lab.serving import LabServer

PATIENCE_S = 60  # for an engine that starts on a busy machine
PATIENCE_MS = 1000 * PATIENCE_S
SIZE = {"width": 1280, "height": 720}  # of the smallest screen that shows all without scrolling


class Lab:
    """Where a running lab is."""

    def __init__(self, url):
        self.url = url.partition("#")[0]
        self.host, self.token = self.url.split("/")[2:4]
        self.port = int(self.host.partition(":")[2])

    @contextmanager
    def page(self, *, origin=None, path=None, host=None):
        """Open a page's connection; the host is what its name is thought to be, whoever answers."""
        path = f"/{self.token}/ws" if path is None else path
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


def free_port():
    """Give a port that no lab of another test asks for: all others take the usual one, or any."""
    with create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextmanager
def running_lab(recorder=None, folder=None, given=NOTHING):
    """Run a lab in a thread of its own."""
    server, is_ready = LabServer(recorder=recorder, folder=folder), threading.Event()
    thread = threading.Thread(target=server.run, args=(lambda: given, is_ready.set))
    thread.start()
    assert is_ready.wait(PATIENCE_S)
    try:
        yield Lab(server.url)
    finally:
        server.stop()
        thread.join(timeout=30)
        assert not thread.is_alive()
