"""Trainings in the background: queued, one at a time, stopped, resumed, and none lost when a process is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import settings
from core.jobs import queue
from core.recipe import Recipe
from core.runs import checkpoints as run_checkpoints
from core.runs import control, metrics, results, store
from tests.harness.needs import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals that only POSIX systems have")

LONG = Recipe(network="tiny", steps=100_000, batch=32, examples=1000)
SHORT = Recipe(network="tiny", steps=20, batch=32, examples=1000)


@pytest.fixture(autouse=True)
def checkpoints(tmp_path, monkeypatch):
    """A folder of runs for this process and its trainers; MNIST is the embedded part, which is quick."""
    monkeypatch.setattr(store, "ROOT", tmp_path / "runs")
    monkeypatch.setenv("DIGIT_SUM_LAB_RUNS", str(tmp_path / "runs"))
    yield tmp_path / "runs"
    for run in store.list_runs():
        queue.stop(run)
    queue.wanted().unlink(missing_ok=True)
    wait_until(lambda: not any(control.is_locked(run) for run in store.list_runs()))
    for worker in queue._workers:
        worker.wait(timeout=PATIENCE_SECONDS)
    queue._workers.clear()


def started(recipe):
    return queue.submit(recipe)


def trains(run):
    return control.read_progress(run).get("phase") == "training" and control.read_progress(run)["step"] > 0


def trainer_of(run):
    """Process id of the trainer that holds a run: the one worker whose log is the run's."""
    log = (run.folder / "log.txt").resolve()
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.path.realpath(f"/proc/{process}/fd/2") == str(log):
                return int(process)
        except OSError:
            continue
    raise AssertionError("no trainer")


def test_one_trains_and_the_next_waits_then_trains_by_itself_unless_it_is_stopped():
    first, second, third = started(LONG), started(SHORT), started(SHORT)
    queue.stop(third)
    assert control.status(third) == "stopped" and third not in queue.queue()
    wait_until(lambda: trains(first))
    assert control.status(second) == "queued" and [run.name for run in queue.queue()] == [second.name]
    queue.stop(first)
    wait_until(lambda: control.status(second) == "finished")
    assert control.status(first) == "stopped" and run_checkpoints.load_weights(first)
    assert store.read(second.folder).data_name == "embedded" and queue.queue() == []


def test_a_killed_trainer_keeps_its_checkpoint_goes_on_and_holds_nobody_up():
    first, second = started(LONG), started(SHORT)
    wait_until(lambda: (first.folder / "weights.safetensors").exists())
    os.kill(trainer_of(first), signal.SIGKILL)
    wait_until(lambda: control.status(first) == "interrupted")
    queue.advance()  # what every look at a page does
    wait_until(lambda: control.status(second) == "finished")
    _, kept, _ = run_checkpoints.load_resume(first)
    queue.start(first)
    wait_until(lambda: trains(first) and control.read_progress(first)["step"] > kept)
    control.request(first, rate_factor=0.1)  # turned while it trains
    wait_until(lambda: metrics.read(first)[-1].get("rate_factor") == 0.1)
    os.kill(trainer_of(first), signal.SIGTERM)
    wait_until(lambda: control.status(first) == "stopped")
    assert run_checkpoints.load_resume(first)[1] == control.read_progress(first)["step"] > kept
    steps = [point["step"] for point in metrics.read(first)]
    assert steps == sorted(set(steps))


def test_a_failed_run_says_why_and_what_its_trainer_said():
    run = started(Recipe(network="tiny", steps=5, examples=5000))  # the embedded part has 4,000
    wait_until(lambda: control.status(run) == "failed")
    assert "examples is 5,000; there is only the embedded part" in control.failure(run)
    assert "examples is 5,000" in control.log_tail(run)


PRESS = """
import sys
from pathlib import Path
from core.jobs import queue
from core.runs import store
for _ in range(20):
    try:
        queue.start(store.read(Path(sys.argv[1])))
    except store.RunError as error:
        assert "is being trained" in str(error), error
"""


def test_two_servers_that_press_resume_twenty_times_start_one_trainer():
    run = queue.create(LONG)
    servers = [subprocess.Popen([sys.executable, "-c", PRESS, str(run.folder)], cwd=settings.REPOSITORY) for _ in "ab"]
    assert [server.wait(timeout=PATIENCE_SECONDS) for server in servers] == [0, 0]
    wait_until(lambda: trains(run))
    assert control.log_tail(run, 1000).count("Loading TensorFlow") == 1
    steps = [point["step"] for point in metrics.read(run)]
    assert steps == sorted(set(steps))


def press_start(times, recipe):
    """The runs that so many presses of Start brought, and how many presses were refused."""
    accepted, refused = [], 0
    for _ in range(times):
        try:
            accepted.append(queue.submit(recipe))
        except queue.QueueFull as error:
            assert "50 runs are waiting already. Stop some of them" in str(error)
            refused += 1
        assert len(queue._workers) <= queue.LIMIT + 1  # not a process for every press until the first one trains
    return accepted, refused


def test_of_200_starts_one_trains_50_wait_and_the_others_are_refused_in_words():
    accepted, refused = press_start(200, LONG)
    assert len(accepted) + refused == 200 and len(accepted) in (50, 51)  # the first may have begun by then
    assert {run.name for run in store.list_runs()} == {run.name for run in accepted}  # a refused one leaves nothing
    wait_until(lambda: trains(accepted[0]))
    assert [run.name for run in queue.queue()] == [run.name for run in accepted[1:]]
    assert not any(control.is_locked(run) for run in accepted[1:])


PRESS_START = """
import sys
from tests.core.test_jobs import SHORT, press_start
print(press_start(50, SHORT)[1])
"""


@pytest.mark.soak
def test_of_200_starts_at_four_servers_all_that_were_taken_finish_one_at_a_time():
    servers = [
        subprocess.Popen([sys.executable, "-c", PRESS_START], cwd=settings.REPOSITORY, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    refused = sum(int(server.communicate(timeout=PATIENCE_SECONDS)[0]) for server in servers)
    taken = store.list_runs()
    assert len(taken) + refused == 200 and len(taken) >= queue.LONGEST_QUEUE
    until = time.monotonic() + 60 * len(taken)
    while not all(control.status(run) == "finished" for run in taken):
        assert time.monotonic() < until, [control.status(run) for run in taken]
        assert sum(control.is_locked(run) for run in taken) <= queue.LIMIT
        queue.advance()  # what every look at a page does
        time.sleep(0.2)


def test_a_finished_run_is_not_started_again():
    run = queue.create(SHORT)
    results.write(run, {"accuracy": 0.5, "standard_error": 0.1, "loss": 1.0, "data": "", "steps": 20})
    with pytest.raises(store.RunError, match="has finished already"):
        queue.start(run)


def test_a_warm_trainer_takes_the_run_at_once_and_alone(monkeypatch):
    monkeypatch.setattr(queue, "WARM", True)
    queue.warm()
    queue.warm()  # every rerun of the page says it
    wait_until(lambda: not queue._is_free(queue.warm_lock()))
    queue.warm()
    assert len(queue._workers) == 1
    run = started(SHORT)
    wait_until(lambda: control.status(run) == "finished")
    assert [worker.wait(timeout=PATIENCE_SECONDS) for worker in queue._workers] == [0]  # and no other one was started


@pytest.mark.parametrize("niceness", ["", "5"])
def test_a_worker_comes_after_the_pages_also_where_sessions_are_weighed(monkeypatch, niceness):
    monkeypatch.setenv("DIGIT_SUM_LAB_NICENESS", niceness)
    told = "import os; from core.jobs import worker; worker.be_nice(); worker.be_nice(); print(os.nice(0))"
    session = Path("/proc/self/autogroup")
    if session.exists():
        told += "; print(open('/proc/self/autogroup').read().split()[-1])"
    worker = subprocess.run(
        [sys.executable, "-c", told], cwd=settings.REPOSITORY, capture_output=True, text=True, start_new_session=True
    )
    expected = {niceness or "19"} if hasattr(os, "nice") else set()
    assert set(worker.stdout.split()) == expected, worker.stderr
