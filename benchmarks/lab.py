"""The lab: how fast its engine trains and draws, and what a person at its page waits for.

usage: python benchmarks/lab.py [--pages 20] [--seconds 5] [--rounds 5]

The engine alone on one thread: 20 training steps and all numbers of a picture of the default net (2-20-3, 300 points),
and training examples a second. Then `foldline lab` as a user starts it, on all cores: frames a second of one page and
of many, without a browser; and in Chromium, which needs to be there: seconds from the command to the first picture;
frames a second, steps a frame and examples a second of the default playground; milliseconds from a slider's event,
while the net trains, to the frame drawn that shows it, and from another architecture to its first picture; many pages
at once, with the memory of server and engine. A frame counts as drawn when the page acknowledges it; the screen shows
it up to 17 ms later.
"""

import argparse
import asyncio
import json
import os
import time

from common import one_thread, print_table, summary, write_result
from lab_page import in_chromium, lab

BEFORE = dict(os.environ)
CORES = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
one_thread()

import numpy as np  # noqa: E402
from websockets.asyncio.client import connect  # noqa: E402

from foldline.lab.frames import Frame, decode_frame  # noqa: E402
from foldline.lab.playground import Playground  # noqa: E402
from foldline.lab.points import make_points  # noqa: E402
from foldline.lab.state import LabState  # noqa: E402
from foldline.lab.stepper import CALL_STEPS  # noqa: E402
from foldline.lab.trainer import Trainer  # noqa: E402

NETS = {
    "2-20-3, batches of 32": LabState(),
    "2-20-3, batches of 10": LabState(batch=10),
    "2-6-2-2 tanh, batches of 10": LabState(hidden=(6, 2), classes=2, activation=("tanh",), batch=10),
    "2-4-2-2 tanh, batches of 10": LabState(hidden=(4, 2), classes=2, activation=("tanh",), batch=10),
}


def pictures_ms(n: int) -> dict[str, float]:
    """Time 20 steps and a picture of the default net."""
    playground, took = Playground(LabState()), []
    for _ in range(n):
        started = time.perf_counter()
        left = 20
        while left:
            left -= playground.train(left)
        playground.picture()
        took.append(1e3 * (time.perf_counter() - started))
    return {**summary(took[3:]), "p95": float(np.percentile(took[3:], 95))}


def examples_per_s(state: LabState, *, calls: int = 200) -> dict[str, float]:
    """Train a net in calls of 128 steps."""
    trainer, rates = Trainer(state, make_points(state)), []
    for _ in range(3):
        trainer.train(CALL_STEPS)
    for _ in range(calls):
        started = time.perf_counter()
        n = trainer.train(CALL_STEPS)
        rates.append(n * state.batch / (time.perf_counter() - started))
    return summary(rates)


class Page:
    """A page that takes every frame at once."""

    def __init__(self, socket) -> None:
        self.socket = socket
        self.n_frames = 0

    async def say(self, do: str, **more: object) -> None:
        await self.socket.send(json.dumps({"do": do, **more}))

    async def frame(self) -> Frame:
        while isinstance(data := await self.socket.recv(), str):
            print(data)
        frame = decode_frame(data)
        self.n_frames += 1
        await self.say("ack", frame=frame.number)
        return frame


async def without_browser(address: str, *, n_pages: int, seconds: float) -> dict[str, float]:
    """Let pages that draw nothing play: what engine and server can give."""
    host, token = address.split("/")[2:4]

    async def playing(lasting_s: float) -> float:
        async with connect(
            f"ws://{host}/{token}/ws", origin=f"http://{host}", compression=None, max_size=None
        ) as socket:
            page = Page(socket)
            await page.say("set", state={"seed": 1})
            await page.frame()
            await page.say("play")
            await page.frame()
            page.n_frames, begun = 0, time.perf_counter()
            while time.perf_counter() < begun + lasting_s:
                await page.frame()
            return page.n_frames / (time.perf_counter() - begun)

    alone = await playing(seconds)
    together = await asyncio.gather(*(playing(2 * seconds) for _ in range(n_pages)))
    return {"frames/s alone": alone, f"frames/s of the slowest of {n_pages}": min(together)}


def before_one_thread() -> None:
    """Give what is started from now on all cores and threads."""
    os.environ.clear()
    os.environ.update(BEFORE)
    if CORES:
        os.sched_setaffinity(0, CORES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=5, help="of starting the lab")
    options = parser.parse_args()
    picture = pictures_ms(300)
    rows = [{"net": name, "examples/s": examples_per_s(state)} for name, state in NETS.items()]
    print(f"20 steps and a picture: {picture['median']:.2f} ms, 95 % within {picture['p95']:.2f} ms")
    print_table(rows)
    before_one_thread()
    with lab() as (_, address):
        bare = asyncio.run(without_browser(address, n_pages=options.pages, seconds=options.seconds))
    print(json.dumps({"without a browser": bare}, indent=1))
    seen = in_chromium(pages=options.pages, seconds=options.seconds, rounds=options.rounds)
    print(json.dumps({"in Chromium": seen}, indent=1))
    write_result("lab", {"picture_ms": picture, "training": rows, "without_browser": bare, "in_chromium": seen})


if __name__ == "__main__":
    main()
