"""A student in a real browser starts a training, watches it grow, closes, comes back, stops and resumes it."""

import contextlib
import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from core.recipe import Recipe
from core.runs import checkpoints, control, metrics, results, store
from tests.harness.needs import wait_until
from tests.harness.server import REPOSITORY, open_page, serving

APP = REPOSITORY / "app.py"
LINK = "train?network=tiny&steps=5000&batch=32&examples=1000&seed=4"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals that only POSIX systems have")


@pytest.fixture
def environment(tmp_path):
    return {"DIGIT_SUM_LAB_RUNS": str(tmp_path / "runs")}


def visit(browser, url):
    page = open_page(browser, viewport={"width": 1400, "height": 1000})
    page.goto(url)
    return page


def iteration(page):
    """The iteration that the page shows of a run in training."""
    said = page.get_by_text(re.compile(r"Iteration [\d,]+ of")).inner_text()
    return int(said.split()[1].replace(",", ""))


def wait_past(page, step):
    wait_until(lambda: iteration(page) > step)


def test_a_training_is_started_watched_stopped_and_resumed(browser, environment, tmp_path):
    folder = tmp_path / "runs" / "tiny-1"
    with serving(APP, tmp_path / "log", **environment) as server:
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
        page.get_by_text(re.compile(r"Stopped at iteration [\d,]+ of 5,000")).wait_for()
        second.get_by_text(re.compile(r"Stopped at iteration [\d,]+ of 5,000")).wait_for()
        assert control.status(store.read(folder)) == "stopped"
        page.get_by_role("button", name="Resume", exact=True).click()
        page.get_by_text(re.compile(r"Accuracy 0\.\d{4} ± 0\.\d{4} on the 1,000 embedded test digits")).wait_for()
        page.goto(f"{server.url}/compare?runs=tiny-1")
        page.get_by_text("Choose a second run to see what differs.").wait_for()
        page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
    points = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    steps = [point["step"] for point in points]
    assert steps == sorted(set(steps)) and steps[-1] == 5_000
    assert points[-1]["test_accuracy"] > 0.7 > points[0]["test_accuracy"]
    assert "Traceback" not in (tmp_path / "log").read_text()


def processes_of(root):
    """Process ids of the servers and trainers that keep their runs in a folder."""
    said = f"DIGIT_SUM_LAB_RUNS={root}".encode()
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if said in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.append(int(pid))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which only Linux has")
def test_a_training_outlives_its_servers_is_stopped_from_another_and_leaves_no_process(browser, environment, tmp_path):
    run, logs = tmp_path / "runs" / "tiny-1", [tmp_path / f"{i}.log" for i in range(3)]
    environment["DIGIT_SUM_LAB_WARM"] = "1"
    link = "train?network=tiny&steps=1000000&batch=32&examples=1000"
    with serving(APP, logs[0], **environment) as server:
        page = visit(browser, f"{server.url}/{link}")
        page.get_by_role("button", name="Start", exact=True).click()
        page.get_by_text(re.compile("Iteration [1-9]")).wait_for()
        page.context.close()
        os.kill(server.pid, signal.SIGTERM)
    assert "tiny-1 goes on without the app" in logs[0].read_text()
    with serving(APP, logs[1], **environment) as server:
        wait_until(lambda: len(processes_of(tmp_path / "runs")) == 2)  # one that waited for the first server has gone
        (trainer,) = set(processes_of(tmp_path / "runs")) - {server.pid}
        page = visit(browser, f"{server.url}/train?run=tiny-1")
        page.get_by_text(re.compile("Iteration [1-9]")).wait_for()
        page.context.close()
        os.kill(server.pid, signal.SIGKILL)
    assert processes_of(tmp_path / "runs") == [trainer]
    step = control.read_progress(store.read(run))["step"]
    wait_until(lambda: control.read_progress(store.read(run))["step"] > step)
    with serving(APP, logs[2], **environment) as server:
        page = visit(browser, f"{server.url}/train?run=tiny-1")
        wait_past(page, iteration(page))
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_text(re.compile(r"Stopped at iteration [\d,]+ of 1,000,000")).wait_for()
        wait_until(lambda: trainer not in processes_of(tmp_path / "runs"))
        assert control.status(store.read(run)) == "stopped" and checkpoints.load_weights(store.read(run))
        page.reload()
        wait_until(lambda: len(processes_of(tmp_path / "runs")) == 2)  # a trainer that waits, warm, for the next Start
        os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: not processes_of(tmp_path / "runs"))
    assert not any("Traceback" in log.read_text() for log in logs)


def recipes(root):
    return {path.parent.name: json.loads(path.read_text())["recipe"] for path in root.glob("*/run.json")}


def test_what_is_typed_last_is_trained_whether_tapped_or_clicked_and_back_leaves_at_once(
    browser, environment, tmp_path
):
    root = tmp_path / "runs"
    slot = root / ".jobs" / "slot0"  # held, so that the runs wait and nobody trains them
    slot.parent.mkdir(parents=True)
    with FileLock(slot), serving(APP, tmp_path / "log", **environment) as server:
        page = open_page(browser, viewport={"width": 1366, "height": 625}, has_touch=True)
        page.goto(server.url)  # the page before, to which the browser's Back shall lead
        page.get_by_test_id("stTopNavSection").filter(has_text="Lab").click()
        page.get_by_test_id("stTopNavDropdownLink").filter(has_text="Train").click()
        start = page.get_by_role("button", name="Start", exact=True)
        start.wait_for()
        assert start.bounding_box()["y"] + start.bounding_box()["height"] < 625
        steps_of_history = page.evaluate("history.length")
        page.get_by_role("button", name="Quickest").click()
        page.get_by_role("textbox", name="Batch").and_(page.locator("[value='64']")).wait_for()

        def type_and_press(label, typed, press):
            """A press and its release are one moment, right after the last key: the field has not been left."""
            before = recipes(root)
            field = page.get_by_role("textbox", name=label, exact=True)
            field.focus()
            page.keyboard.press("Control+a")
            page.keyboard.type(typed)
            press()
            return lambda: [recipe for name, recipe in recipes(root).items() if name not in before]

        for label, name, typed, press in (
            ("Iterations", "steps", "25", start.tap),
            ("Batch", "batch", "20", start.click),
            ("Seed", "seed", "7", start.tap),
        ):
            made = type_and_press(label, typed, press)
            wait_until(made)
            assert [recipe[name] for recipe in made()] == [int(typed)], label
            page.wait_for_url(lambda url, wanted=f"{name}={typed}": wanted in url)
        refused = type_and_press("Learning rate", "7", start.tap)
        page.get_by_text("Not started. Learning rate is 7; allowed: a number from 1e-07 to 1").wait_for()
        assert refused() == [] and len(recipes(root)) == 3
        # What the browser sent before it had heard of a Start has chosen no run, which would be one more step for Back.
        assert page.evaluate("history.length") == steps_of_history + 3

        def back():
            """Go one step back, and wait until the address says so."""
            before = page.url
            page.evaluate("history.back()")
            page.wait_for_url(lambda url: url != before)

        back()  # to the press before, and the form follows
        page.get_by_role("textbox", name="Seed", exact=True).and_(page.locator("[value='0']")).wait_for()
        assert page.get_by_role("textbox", name="Batch").input_value() == "20"
        back()
        back()
        assert "run=" not in page.url
        back()
        page.get_by_text("Draw two digits").first.wait_for()


def test_the_compare_page_follows_runs_that_grow(browser, environment, tmp_path):
    first, second = (
        store.create(
            tmp_path / "runs" / f"sweep-tiny-seed{seed}", Recipe(network="tiny", seed=seed), "", "", "2026", {}
        )
        for seed in (1, 2)
    )
    point = {"train_accuracy": 0.5, "test_accuracy": 0.5, "train_loss": 1.0, "test_loss": 1.0, "learning_rate": 1e-3}
    metrics.append(first, point | {"step": 10})
    with serving(APP, tmp_path / "log", **environment) as server:
        with control.lock(second):
            page = visit(browser, f"{server.url}/compare?runs={first.name}&runs={second.name}")
            lacking = page.get_by_text(f"No curve of this yet: {second.name}")
            lacking.wait_for()
            metrics.append(second, point | {"step": 10})
            lacking.wait_for(state="detached")  # nobody touched the page
            unmeasured = page.get_by_text("No run has finished yet")
            assert unmeasured.count() == 1
            result = {"accuracy": 0.5, "standard_error": 0.1, "loss": 1.0, "data": "test set", "steps": 10}
            results.write(second, result)
        unmeasured.wait_for(state="detached")  # the rest of the page says how it ended
