"""Many visitors come, draw and go, and trainings start and stop: the server keeps nothing of them."""

import asyncio
import contextlib
import os
import random
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.jobs import queue
from core.runs import checkpoints, control, store
from tests.harness.server import REPOSITORY, mebibytes, serving
from tests.harness.session import pairs, visiting

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads and files in Linux' /proc")

AT_ONCE = 5
WARM_UP = 10  # visitors after whom the server has loaded what it ever loads
MOST_MEBIBYTES = 100  # more than after the first visitors
KEPT_SECONDS = 120  # Streamlit's default
SETTLE_SECONDS = 300
TRAIN_SECONDS = 900  # only so that a trainer that hangs fails


@dataclass(frozen=True)
class Held:
    """What a process holds."""

    mebibytes: float
    threads: int
    files: int

    @classmethod
    def by(cls, pid: int) -> "Held":
        process = Path(f"/proc/{pid}")
        return cls(mebibytes(pid), len(os.listdir(process / "task")), len(os.listdir(process / "fd")))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of runs with the networks of the draw page."""
    monkeypatch.setattr(store, "ROOT", tmp_path / "runs")
    for name in ("sum_posterior", "sum"):
        shutil.copytree(REPOSITORY / "checkpoints" / name, tmp_path / "runs" / name)
    yield tmp_path / "runs"
    for run in store.list_runs():
        queue.stop(run)


@contextlib.contextmanager
def started(folder, kept_seconds=KEPT_SECONDS):
    """The app, which keeps the session of a visitor who has gone for `kept_seconds`, should he come back."""
    environment = {
        "DIGIT_SUM_LAB_RUNS": str(folder),
        "STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": str(kept_seconds),
    }
    with serving(REPOSITORY / "app.py", folder.parent / "log", **environment) as server:
        yield server
        assert "Traceback" not in server.log, server.log


async def visitors(url, count, known, drawings):
    """Let visitors come, AT_ONCE at a time: each draws some pairs, looks at the trainings, and goes."""
    free = asyncio.Semaphore(AT_ONCE)

    async def visit():
        async with free:
            async with visiting(url) as session:
                for pair in random.choices(known, k=drawings):
                    await session.draw_pair(pair)
                    await session.click("Clear both")
            async with visiting(url, "train", "run=sum"):
                pass

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(visit())


async def train_and_stop(url):
    """As a visitor: start a training, wait until it has saved something, and stop it."""
    before = {run.name for run in store.list_runs()}
    async with visiting(url, "train") as session:
        await session.click("Start")
        [run] = (run for run in store.list_runs() if run.name not in before)
    async with visiting(url, "train", f"run={run.name}") as session, asyncio.timeout(TRAIN_SECONDS):
        while not checkpoints.has_weights(run):
            await session.rerun()
            await asyncio.sleep(0.5)
        await session.click("Stop")
        while control.status(run) == "training":
            await asyncio.sleep(0.5)
        await session.rerun()
    assert control.status(run) == "stopped"


def settled(server, kept_seconds, before=None):
    """What the server holds once the sessions of those who have gone are dropped, which one more visit brings about."""
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        time.sleep(kept_seconds + 1)
        asyncio.run(look(server.url))
        time.sleep(1)
        now = Held.by(server.pid)
        back = before and now.threads <= before.threads and now.files <= before.files
        if back or before is None or time.monotonic() > until:
            return now


async def look(url):
    """Open the draw page and go."""
    async with visiting(url):
        pass


def endure(server, count, drawings, trainings, kept_seconds=KEPT_SECONDS):
    """Compare what the server holds after its first visitors with what it holds after many more."""
    known = pairs(store.read(store.ROOT / "sum_posterior"), 20)
    if trainings:
        asyncio.run(train_and_stop(server.url))
    asyncio.run(visitors(server.url, WARM_UP, known, 1))
    before = settled(server, kept_seconds)

    async def lesson():
        async with asyncio.TaskGroup() as group:
            group.create_task(visitors(server.url, count, known, drawings))
            for _ in range(trainings):
                await train_and_stop(server.url)

    asyncio.run(lesson())
    after = settled(server, kept_seconds, before)
    print(f"{count} visitors, {count * drawings} pairs, {trainings} trainings: {before} → {after}")
    assert after.mebibytes - before.mebibytes < MOST_MEBIBYTES
    assert after.threads <= before.threads and after.files <= before.files


def test_thirty_visitors_leave_nothing_behind(folder):
    with started(folder, 1) as server:
        endure(server, 30, 1, 0, 1)


@pytest.mark.soak
def test_five_hundred_visitors_and_trainings_beside_them_leave_nothing_behind(folder):
    with started(folder) as server:
        endure(server, 500, 4, 3)
