"""A course: two replicas of the app behind docs/nginx.conf on one folder of runs, and one of them is killed."""

import asyncio
import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.jobs import queue
from core.runs import store
from tests.harness.needs import missing
from tests.harness.server import REPOSITORY, chromium, free_port, serving
from tests.harness.session import CutOff, pairs, visiting

pytestmark = pytest.mark.soak

VISITORS = 100
WAIT_SECONDS = 600  # only so that what hangs fails
WAIT_MILLISECONDS = 1000 * WAIT_SECONDS
MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    log_format replicas '$visitor $upstream_addr $request_uri';
    access_log {folder}/access.log replicas;
    include {folder}/site.conf;
}}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of runs that both replicas share."""
    monkeypatch.setattr(store, "ROOT", tmp_path / "runs")
    shutil.copytree(REPOSITORY / "checkpoints" / "sum_posterior", tmp_path / "runs" / "sum_posterior")
    yield tmp_path
    for run in store.list_runs():
        queue.stop(run)


@contextlib.contextmanager
def nginx(folder, ports):
    """The configuration of docs/ with free ports for its own; the address that visitors use."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        missing("nginx (Debian's package)")
    port = free_port()
    site = (REPOSITORY / "docs" / "nginx.conf").read_text()
    for ours, theirs in {
        "listen 80;": f"listen 127.0.0.1:{port};",
        ":8501": f":{ports[0]}",
        ":8502": f":{ports[1]}",
    }.items():
        assert ours in site
        site = site.replace(ours, theirs)
    (folder / "site.conf").write_text(site)
    (folder / "main.conf").write_text(MAIN.format(folder=folder))
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "main.conf")], stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def cookie(url):
    """The cookie that a new visitor gets with the page."""
    until = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(url) as answer:
                return answer.headers["Set-Cookie"].split(";")[0]
        except OSError:  # nginx is about to listen
            assert time.monotonic() < until, url
            time.sleep(0.1)


def replicas_of(folder):
    """Port of the replica that each visitor's cookie came with."""
    lines = [line.split() for line in (folder / "access.log").read_text().splitlines()]
    return {visitor: int(address.rstrip(",").rsplit(":")[-1]) for visitor, address, *_ in reversed(lines)}


class Lesson:
    """Visitors who draw until they are told to go, and who come back with their cookie when they are cut off."""

    def __init__(self, url, known):
        self.url, self.known, self.goes_on = url, known, True
        self.drawn, self.cut_off = {}, {}

    async def __aenter__(self):
        cookies = [await asyncio.to_thread(cookie, self.url) for _ in range(VISITORS)]
        self.drawn, self.cut_off = dict.fromkeys(cookies, 0), dict.fromkeys(cookies, 0)
        self.tasks = [asyncio.create_task(self._visitor(each)) for each in cookies]
        return self

    async def __aexit__(self, *_):
        self.goes_on = False
        await asyncio.gather(*self.tasks)

    async def everybody_draws(self):
        """Wait until everybody has drawn a pair that was answered rightly, counted from now."""
        before = dict(self.drawn)
        async with asyncio.timeout(WAIT_SECONDS):
            while any(self.drawn[name] <= before[name] for name in self.drawn):
                for task in self.tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.2)

    async def _visitor(self, name):
        await asyncio.sleep(random.uniform(0, 5))
        while self.goes_on:
            try:
                async with visiting(self.url, Cookie=name) as session:
                    while self.goes_on:
                        await session.draw_pair(random.choice(self.known))
                        self.drawn[name] += 1
                        await asyncio.sleep(2)
                        await session.click("Clear both")
            except CutOff:
                self.cut_off[name] += 1
                await asyncio.sleep(1)


def iteration(page):
    """The iteration that the train page tells, waited for."""
    words = page.get_by_text(re.compile(r"Iteration [\d,]+ of"))
    words.wait_for(timeout=WAIT_MILLISECONDS)
    return int(re.search(r"[\d,]+", words.inner_text())[0].replace(",", ""))


def test_visitors_of_a_killed_replica_go_on_with_the_other_and_find_their_run_by_its_link(folder):
    known = pairs(store.read(store.ROOT / "sum_posterior"), 20)
    shared = {"DIGIT_SUM_LAB_RUNS": str(store.ROOT)}
    with contextlib.ExitStack() as stack:
        replicas = [stack.enter_context(serving(REPOSITORY / "app.py", folder / f"log{i}", **shared)) for i in range(2)]
        by_port = {int(replica.url.rsplit(":")[-1]): replica for replica in replicas}
        url = stack.enter_context(nginx(folder, list(by_port)))
        cookie(url)  # nginx listens
        browser = stack.enter_context(chromium())
        page = browser.new_context().new_page()
        page.goto(f"{url}/train?network=sum_posterior&steps=100000")
        page.get_by_role("button", name="Start", exact=True).click(timeout=WAIT_MILLISECONDS)
        page.wait_for_url(re.compile(r"/train\?(.*&)?run="), timeout=WAIT_MILLISECONDS)
        link = page.url
        began = iteration(page)
        [visitor] = (each["value"] for each in page.context.cookies() if each["name"] == "replica")
        home = replicas_of(folder)[visitor]

        async def lesson():
            async with Lesson(url, known) as visitors:
                await visitors.everybody_draws()
                assert not any(visitors.cut_off.values())
                os.kill(by_port[home].pid, signal.SIGKILL)
                await visitors.everybody_draws()
            return visitors

        with ThreadPoolExecutor() as pool:  # Playwright has a loop of its own in this thread
            visitors = pool.submit(asyncio.run, lesson()).result()
        lost, homes = {name for name, count in visitors.cut_off.items() if count}, replicas_of(folder)
        assert lost == {name for name in visitors.drawn if homes[name.split("=")[1]] == home}
        assert 0 < len(lost) < VISITORS
        print(f"{len(lost)} of {VISITORS} visitors were cut off, {sum(visitors.drawn.values())} pairs were read")

        assert page.url == link and iteration(page) > began  # in the page that stayed open
        other = browser.new_context().new_page()
        other.goto(link)
        assert iteration(other) > began
        other.get_by_role("button", name="Stop", exact=True).click()
        other.get_by_text("Stopped at iteration").wait_for(timeout=WAIT_MILLISECONDS)
        assert "Traceback" not in "".join(replica.log for replica in replicas)
