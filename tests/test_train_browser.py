"""A student in a real browser starts a training, watches it grow, closes, comes back, stops and resumes it."""

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

from core import runs
from tests.server import chromium, serving

APP = Path(__file__).parent.parent / "app.py"
LINK = "train?network=tiny&steps=20000&batch=32&examples=1000&seed=4"
PATIENCE_MILLISECONDS = 120_000  # TensorFlow's import on a busy machine among it

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals that only POSIX systems have")


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def environment(tmp_path):
    return {
        "DIGIT_SUM_LAB_RUNS": str(tmp_path / "runs"),
        "KERAS_HOME": str(tmp_path / "keras"),
        "https_proxy": "http://127.0.0.1:9",
    }


def visit(browser, url):
    page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    page.goto(url)
    return page


def iteration(page):
    """The iteration that the page shows of a run in training."""
    said = page.get_by_text(re.compile(r"Iteration [\d,]+ of 20,000")).inner_text()
    return int(said.split()[1].replace(",", ""))


def wait_past(page, step):
    until = time.monotonic() + PATIENCE_MILLISECONDS / 1000
    while iteration(page) <= step:
        assert time.monotonic() < until, "the iteration does not grow"
        time.sleep(0.2)


def test_a_training_is_started_watched_stopped_and_resumed_and_outlives_its_server(browser, environment, tmp_path):
    folder = tmp_path / "runs" / "tiny-1"
    with serving(APP, tmp_path / "first.log", **environment) as server:
        page = visit(browser, f"{server.url}/{LINK}")  # the first visitor of this server comes by a link
        page.get_by_role("button", name="Start", exact=True).click()
        page.get_by_text("loading tensorflow", exact=False).wait_for()
        wait_past(page, 20)
        assert "run=tiny-1" in page.url and page.get_by_text("Page not found").count() == 0
        page.locator("[data-testid=stVegaLiteChart]").nth(1).wait_for()

        page.reload()
        step = iteration(page)
        wait_past(page, step)
        second = visit(browser, page.url)  # a second browser
        wait_past(second, step)

        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_text(re.compile(r"Stopped at iteration [\d,]+ of 20,000")).wait_for()
        second.get_by_text(re.compile(r"Stopped at iteration [\d,]+ of 20,000")).wait_for()
        assert runs.status(runs.read(folder)) == "stopped"
        page.get_by_role("button", name="Resume", exact=True).click()
        wait_past(page, 0)
        os.kill(server.pid, signal.SIGTERM)
    assert "tiny-1 goes on without the app" in (tmp_path / "first.log").read_text()
    assert runs.is_locked(runs.read(folder))

    with serving(APP, tmp_path / "second.log", **environment) as server:
        page = visit(browser, f"{server.url}/train?run=tiny-1")
        page.get_by_text(re.compile(r"Accuracy 0\.\d{4} ± 0\.\d{4} on the embedded test set")).wait_for()
        page.goto(f"{server.url}/compare?runs=tiny-1")
        page.get_by_text("Choose a second run to see what differs.").wait_for()
        page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
    points = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    steps = [point["step"] for point in points]
    assert steps == sorted(set(steps)) and steps[-1] == 20_000
    assert points[-1]["test_accuracy"] > 0.7 > points[0]["test_accuracy"]
    for log in ("first.log", "second.log"):
        assert "Traceback" not in (tmp_path / log).read_text()
