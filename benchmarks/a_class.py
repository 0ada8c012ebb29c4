"""A class at work: how long a rerun of the draw page takes while 30 visitors draw, with a training beside and without.

    python -m benchmarks.a_class [ROUNDS] [SECONDS] [BROWSERS]

Server, visitors, browsers and trainer share this machine, so in a real class, whose browsers are elsewhere, it is
quicker. 30 visitors of the tests' harness come within two seconds, which is told apart. From COMING_SECONDS on each of
them draws or clears every two seconds, BROWSERS pages (three, or 0) in a real Chromium draw too, and every answer is
compared with what the network answers to that drawing. In each round both ways come in turn, SECONDS each. The training
is a long one of `sum_posterior`, queued and started as the app does it.
Needs `pip install --group dev`.
"""

import asyncio
import contextlib
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from core.jobs import queue
from core.recipe import Recipe
from core.runs import control, metrics, store
from tests.harness.drawing import click, draw_sample
from tests.harness.server import REPOSITORY, chromium, serving
from tests.harness.session import Failed, pairs, visiting

VISITORS, EVERY_SECONDS, PAIRS = 30, 2.0, 40
COMING_SECONDS = 5.0
BOTH_CANVASES = {"width": 1400, "height": 950}  # in sight, as a canvas under the toolbar cannot be drawn on
DEBOUNCE_SECONDS = 0.2  # the canvas waits this long after a stroke before it tells of it, and is left out
LONG = Recipe(network="sum_posterior", steps=1_000_000)
MOST_START_SECONDS = 600
MOST_MILLISECONDS = 120_000


class Tally:
    """What was measured one way."""

    def __init__(self):
        self.openings, self.reruns, self.browsers, self.failed = [], [], [], []


def main(rounds: int = 3, seconds: int = 40, browsers: int = 3) -> None:
    """Print reruns, failures and percentiles with a training and without."""
    tallies = {"without": Tally(), "training": Tally()}
    with tempfile.TemporaryDirectory() as folder:
        store.ROOT = Path(folder) / "runs"
        os.environ["DIGIT_SUM_LAB_RUNS"] = str(store.ROOT)
        shutil.copytree(REPOSITORY / "checkpoints", store.ROOT)
        known = pairs(store.read(store.ROOT / "sum_posterior"), PAIRS)
        with serving(REPOSITORY / "app.py", Path(folder) / "log") as server:
            for _ in range(rounds):
                for way, tally in tallies.items():
                    with _training() if way == "training" else contextlib.nullcontext():
                        asyncio.run(_class(server.url, known, seconds, browsers, tally))
            assert "Traceback" not in server.log, server.log
    for way, tally in tallies.items():
        print(f"{way:9} {len(tally.openings)} pages opened: {_percentiles(tally.openings)}")
        print(f"{'':9} {len(tally.reruns)} reruns, {len(tally.failed)} failed: {_percentiles(tally.reruns)}")
        if tally.browsers:
            print(f"{'':9} {len(tally.browsers)} drawings in browsers, pen up to sum: {_percentiles(tally.browsers)}")
        for fault in tally.failed[:5]:
            print(f"          {fault}")


def _percentiles(seconds):
    median, high = np.percentile(np.array(seconds) * 1000, (50, 95))
    return f"median {median:.0f} ms, p95 {high:.0f} ms"


@contextlib.contextmanager
def _training():
    run = queue.submit(LONG)
    try:
        until = time.monotonic() + MOST_START_SECONDS
        while not metrics.read(run):
            assert time.monotonic() < until, control.log_tail(run)
            time.sleep(0.1)
        yield
        assert control.status(run) == "training", control.status(run)
    finally:
        queue.stop(run)
        while control.status(run) == "training":
            time.sleep(0.1)


async def _class(url, known, seconds, browsers, tally):
    opened, ended = threading.Event(), threading.Event()
    drawing = asyncio.create_task(asyncio.to_thread(_browsers, url, known, browsers, opened, ended, tally))
    await asyncio.to_thread(opened.wait)  # browsers that start take both cores
    began = time.monotonic() + COMING_SECONDS
    visitors = (_visitor(url, known, began, began + seconds, tally, number) for number in range(VISITORS))
    await asyncio.gather(*visitors)
    ended.set()
    await drawing


async def _visitor(url, known, began, until, tally, number):
    await asyncio.sleep(EVERY_SECONDS * number / VISITORS)
    try:
        async with visiting(url) as session:
            opened = len(session.seconds)
            tally.openings += session.seconds
            await asyncio.sleep(began - time.monotonic())
            while time.monotonic() < until:
                pair = random.choice(known)
                for half in ("top", "bottom"):
                    await _own_turn(number)
                    await session.draw_half(pair, half)
                await _own_turn(number)
                await session.click("Clear both")
            tally.reruns += session.seconds[opened:]
    except Failed as fault:
        tally.failed.append(str(fault))


async def _own_turn(number):
    """Wait for this visitor's moment in the two seconds: whom one wait brought together would stay together."""
    await asyncio.sleep((EVERY_SECONDS * number / VISITORS - time.monotonic()) % EVERY_SECONDS)


def _browsers(url, known, browsers, opened, ended, tally):
    with contextlib.ExitStack() as stack:
        stack.callback(opened.set)  # also if it fails
        browser = stack.enter_context(chromium())
        pages = [browser.new_context(viewport=BOTH_CANVASES).new_page() for _ in range(browsers)]
        for page in pages:
            page.goto(url, timeout=MOST_MILLISECONDS)
            _wait(page, "Draw two digits")
        opened.set()
        while not ended.wait(0 if pages else None):
            for page in pages:
                pair = random.choice(known)
                draw_sample(page, "top", pair.samples[0])
                _wait(page, "Now draw the other digit")
                draw_sample(page, "bottom", pair.samples[1])
                began = time.monotonic()
                _wait(page, "The sum is")
                tally.browsers.append(time.monotonic() - began - DEBOUNCE_SECONDS)
                click(page, "Clear both")
                _wait(page, "Draw two digits")


def _wait(page, words):
    page.locator(".answer").filter(has_text=words).wait_for(timeout=MOST_MILLISECONDS)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
