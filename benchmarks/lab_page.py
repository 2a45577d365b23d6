"""What a person at the lab's page waits for, measured inside Chromium."""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from common import summary

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
START = "import sys; sys.argv[0] = 'foldline'; from foldline.cli.main import main; main()"
SIZE = {"width": 1280, "height": 720}
PATIENCE_S = 120.0
BATCH = 32  # of the default playground

# Frames are noted as they come, and again when the page acknowledges them, which it does as soon as they are drawn;
# what it acknowledges while a newer one is there was never drawn.
METER = """
window.meter = { drawn: [] };
const heads = new Map();
let newest = -1;
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      if (typeof data === "string") return;
      const length = new DataView(data).getUint32(4, true);
      const { frame, meta, arrays } = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 8, length)));
      const points = arrays.find(({ name }) => name === "points");
      newest = frame;
      const point = points.shape[0] ? new Float32Array(data, points.offset, 1)[0] : 0;
      heads.set(frame, { steps: meta.steps, width: meta.layers[0][0], point });
    });
  }
  send(text) {
    super.send(text);
    const { do: what, frame } = JSON.parse(text);
    if (what !== "ack") return;
    if (frame === newest) meter.drawn.push({ at_ms: performance.now(), ...heads.get(frame) });
    heads.delete(frame);
  }
};
"""
# Changes a control as a hand would, and gives the milliseconds until a frame is drawn that shows it.
CHANGE = """
({ id, value, shows }) => new Promise((done) => {
  const control = document.querySelector(id);
  const last = meter.drawn.at(-1);
  const started_ms = performance.now();
  control.value = value;
  control.dispatchEvent(new Event("input", { bubbles: true }));
  control.dispatchEvent(new Event("change", { bubbles: true }));
  const look = () => {
    const found = meter.drawn.find((one) => one.at_ms > started_ms &&
      (shows === "width" ? one.width === value : one.point !== last.point));
    if (found) done(found.at_ms - started_ms);
    else setTimeout(look, 1);
  };
  look();
})
"""


@contextmanager
def lab(**environment: str):
    """Start the lab as a user does; give its process and its address as soon as it is printed."""
    command = [sys.executable, "-c", START, "lab", "--no-browser"]
    environment = {**os.environ, **environment}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def opened(browser, address: str):
    """Open the page and wait for its first picture."""
    page = browser.new_context(viewport=SIZE).new_page()
    page.add_init_script(METER)
    page.goto(address, wait_until="commit")
    until(page, "() => meter.drawn.length > 0")
    return page


def until(page, is_so: str) -> None:
    """Ask again and again: a function that waits inside the page needs eval, which its policy forbids."""
    end_s = time.monotonic() + PATIENCE_S
    while not page.evaluate(is_so):
        assert time.monotonic() < end_s, "the page shows nothing"
        time.sleep(0.005)


def first_picture_s(browser, *, rounds: int) -> dict[str, float]:
    """Time from the command to the first picture, the browser being there already."""
    took = []
    for _ in range(rounds):
        started_s = time.time()
        with lab() as (_, address):
            page = opened(browser, address)
            drawn_ms = page.evaluate("() => performance.timeOrigin + meter.drawn[0].at_ms")
            took.append(drawn_ms / 1e3 - started_s)
            page.context.close()
    return {**summary(took), "least": min(took)}


def playing(pages, seconds: float) -> list[dict[str, float]]:
    """Let pages play for a while; give what each drew."""
    for page in pages:
        page.locator("#play").click()
        until(page, "() => meter.drawn.length > 30")
    starts_ms = [page.evaluate("() => performance.now()") for page in pages]
    time.sleep(seconds)
    rows = []
    for page, start_ms in zip(pages, starts_ms, strict=True):
        drawn, now_ms = page.evaluate("() => [meter.drawn, performance.now()]")
        steps = [one["steps"] for one in drawn if start_ms < one["at_ms"] <= now_ms]
        lasted_s = (now_ms - start_ms) / 1e3
        rows.append(
            {
                "frames/s": len(steps) / lasted_s,
                "steps a frame": sum(steps) / max(len(steps), 1),
                "examples/s": BATCH * sum(steps) / lasted_s,
            }
        )
    return rows


def input_to_picture_ms(page, *, times: int, rounds: int) -> dict[str, object]:
    """Time from an event of the noise slider, while the net trains, to the frame drawn that shows it.

    Returns: over all rounds; and the 95th percentile of each round, in rising order.
    """
    took = np.array(
        [[change(page, "#field-noise", 1 + k % 10, "point") for k in range(3 + times)][3:] for _ in range(rounds)]
    )
    p95 = sorted(np.percentile(took, 95, axis=1).tolist())
    return {**summary(took.ravel()), "p95": float(np.percentile(took, 95)), "p95 of rounds": p95}


def architecture_ms(browser) -> dict[str, float]:
    """Time from another width of the hidden layer, while the net trains, to its first picture.

    Returns: medians over widths that were never compiled on this machine, that were there before in the same lab, and
        that an earlier lab has compiled.
    """
    widths = (13, 17, 23, 29, 31)

    def all_widths(page) -> float:
        took = []
        for width in widths:
            took.append(change(page, "#architecture input", width, "width"))
            until(page, "() => meter.drawn.at(-1).steps > 0")  # it trains
        return statistics.median(took)

    with TemporaryDirectory() as cache:
        with lab(FOLDLINE_CACHE=cache) as (_, address):
            page = opened(browser, address)
            playing([page], 1)
            new, again = all_widths(page), all_widths(page)
            page.context.close()
        with lab(FOLDLINE_CACHE=cache) as (_, address):
            page = opened(browser, address)
            playing([page], 1)
            kept = all_widths(page)
            page.context.close()
    return {"new": new, "again": again, "kept by an earlier lab": kept}


def change(page, control: str, value: float, shows: str) -> float:
    """Change a control; give the milliseconds until it is shown."""
    return page.evaluate(CHANGE, {"id": control, "value": value, "shows": shows})


def memory_mb(process) -> dict[str, float]:
    """Give the memory of the server and of its engine."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return {"server": _resident_mb(process.pid), "engine": sum(map(_resident_mb, map(int, children)))}


def _resident_mb(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1e3


def in_chromium(*, pages: int, seconds: float, rounds: int) -> dict[str, object]:
    """Measure everything."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        # A browser of root has no sandbox, as in most containers.
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] * (os.geteuid() == 0))
        found: dict[str, object] = {"first_picture_s": first_picture_s(browser, rounds=rounds)}
        found["architecture_to_picture_ms"] = architecture_ms(browser)
        with lab() as (process, address):
            page = opened(browser, address)
            found["default_playground"] = playing([page], seconds)[0]
            found["input_to_picture_ms"] = input_to_picture_ms(page, times=100, rounds=rounds)
            page.context.close()
            before = memory_mb(process)
            many = [opened(browser, address) for _ in range(pages)]
            rows = playing(many, 2 * seconds)
            found[f"{pages}_pages"] = {
                "frames/s of the slowest": min(row["frames/s"] for row in rows),
                "frames/s of the median": statistics.median(row["frames/s"] for row in rows),
                "memory_mb_before": before,
                "memory_mb": memory_mb(process),
            }
        browser.close()
    return json.loads(json.dumps(found))
