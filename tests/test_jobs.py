"""Trainings in the background: queued, one at a time, stopped, resumed, and none lost when a process is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import jobs, runs
from core.recipe import Recipe

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals that only POSIX systems have")

LONG = Recipe(network="tiny", steps=100_000, batch=32, examples=1000)
SHORT = Recipe(network="tiny", steps=20, batch=32, examples=1000)
WAIT_SECONDS = 120


@pytest.fixture(autouse=True)
def checkpoints(tmp_path, monkeypatch):
    """A folder of runs for this process and its trainers; MNIST is the embedded part, which is quick."""
    monkeypatch.setattr(runs, "ROOT", tmp_path / "runs")
    monkeypatch.setenv("DIGIT_SUM_LAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    yield tmp_path / "runs"
    for run in runs.list_runs():
        jobs.stop(run)
    jobs._wanted().unlink(missing_ok=True)
    wait_until(lambda: not any(runs.is_locked(run) for run in runs.list_runs()))
    for worker in jobs._workers:
        worker.wait(timeout=60)
    jobs._workers.clear()


def started(recipe):
    return jobs.submit(recipe)


def wait_until(condition):
    until = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.1)


def trains(run):
    return runs.read_progress(run).get("phase") == "training" and runs.read_progress(run)["step"] > 0


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


def test_one_trains_and_the_next_waits_then_trains_by_itself():
    first, second = started(LONG), started(SHORT)
    wait_until(lambda: trains(first))
    assert runs.status(second) == "queued" and [run.name for run in jobs.queue()] == [second.name]
    jobs.stop(first)
    wait_until(lambda: runs.status(second) == "finished")
    assert runs.status(first) == "stopped" and runs.load_weights(first)
    assert runs.read(second.folder).data_name == "embedded" and jobs.queue() == []


def test_stop_of_a_waiting_run_takes_it_out_of_the_queue():
    first, second = started(LONG), started(SHORT)
    jobs.stop(second)
    assert runs.status(second) == "stopped" and second not in jobs.queue()
    assert runs.status(first) in ("queued", "training")


def test_a_killed_trainer_keeps_its_checkpoint_goes_on_and_holds_nobody_up():
    first, second = started(LONG), started(SHORT)
    wait_until(lambda: (first.folder / "weights.safetensors").exists())
    os.kill(trainer_of(first), signal.SIGKILL)
    wait_until(lambda: runs.status(first) == "interrupted")
    jobs.advance()  # what every look at a page does
    wait_until(lambda: runs.status(second) == "finished")
    _, kept, _ = runs.load_resume(first)
    jobs.start(first)
    wait_until(lambda: trains(first) and runs.read_progress(first)["step"] > kept)
    steps = [point["step"] for point in runs.read_metrics(first)]
    assert steps == sorted(set(steps))


def test_learning_rate_is_turned_while_it_trains():
    run = started(LONG)
    wait_until(lambda: trains(run))
    runs.wish(run, rate_factor=0.1)
    wait_until(lambda: runs.read_metrics(run)[-1].get("rate_factor") == 0.1)


def test_a_failed_run_says_why_and_what_its_trainer_said():
    run = started(Recipe(network="tiny", steps=5, examples=5000))  # the embedded part has 4,000
    wait_until(lambda: runs.status(run) == "failed")
    assert "examples is 5,000; there is only the embedded part" in runs.failure(run)
    assert "examples is 5,000" in runs.log_tail(run)


PRESS = """
import sys
from pathlib import Path
from core import jobs, runs
for _ in range(20):
    try:
        jobs.start(runs.read(Path(sys.argv[1])))
    except runs.RunError as error:
        assert "is being trained" in str(error), error
"""


def test_two_servers_that_press_resume_twenty_times_start_one_trainer():
    run = jobs.create(LONG)
    servers = [subprocess.Popen([sys.executable, "-c", PRESS, str(run.folder)], cwd=jobs.REPOSITORY) for _ in "ab"]
    assert [server.wait(timeout=WAIT_SECONDS) for server in servers] == [0, 0]
    wait_until(lambda: trains(run))
    assert runs.log_tail(run, 1000).count("Loading TensorFlow") == 1
    steps = [point["step"] for point in runs.read_metrics(run)]
    assert steps == sorted(set(steps))


def test_of_200_starts_50_wait_and_the_others_are_refused_in_words(monkeypatch):
    monkeypatch.setattr(jobs, "advance", lambda: None)  # nobody trains, so all of them wait
    waiting = [started(SHORT) for _ in range(jobs.LONGEST_QUEUE)]
    assert [run.name for run in jobs.queue()] == [run.name for run in waiting]
    for _ in range(150):
        with pytest.raises(jobs.QueueFull, match="50 runs are waiting already. Stop some of them"):
            jobs.submit(SHORT)
    assert len(runs.list_runs()) == jobs.LONGEST_QUEUE  # a refused Start leaves nothing behind
    for run in waiting:
        jobs.stop(run)
    assert jobs.queue() == []


def test_a_finished_run_is_not_started_again():
    run = jobs.create(SHORT)
    runs.write_result(run, {"accuracy": 0.5, "standard_error": 0.1, "loss": 1.0, "data": "", "steps": 20})
    with pytest.raises(runs.RunError, match="has finished already"):
        jobs.start(run)


def test_a_warm_trainer_takes_the_run_at_once_and_alone(monkeypatch):
    monkeypatch.setattr(jobs, "WARM", True)
    jobs.warm()
    jobs.warm()  # every rerun of the page says it
    wait_until(lambda: not jobs._is_free(jobs._warm_lock()))
    jobs.warm()
    assert len(jobs._workers) == 1
    run = started(SHORT)
    wait_until(lambda: runs.status(run) == "finished")
    assert [worker.wait(timeout=60) for worker in jobs._workers] == [0]  # and no other one was started


WARM_SERVER = """
import time
from pathlib import Path
from core import jobs
jobs.warm()
while jobs._is_free(jobs._warm_lock()):
    time.sleep(0.05)
print(jobs._workers[0].pid, flush=True)
time.sleep(600)
"""


def test_a_warm_trainer_ends_with_the_app_that_started_it(monkeypatch):
    monkeypatch.setenv("DIGIT_SUM_LAB_WARM", "1")
    server = subprocess.Popen(
        [sys.executable, "-c", WARM_SERVER], cwd=jobs.REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert int(server.stdout.readline())
    server.kill()
    server.wait()
    server.stdout.close()
    wait_until(lambda: jobs._is_free(jobs._warm_lock()))


def test_a_worker_comes_after_the_pages_also_where_sessions_are_weighed():
    told = "import os; from core import jobs; jobs.be_nice(); jobs.be_nice(); print(os.nice(0))"
    session = Path("/proc/self/autogroup")
    if session.exists():
        told += "; print(open('/proc/self/autogroup').read().split()[-1])"
    worker = subprocess.run(
        [sys.executable, "-c", told], cwd=jobs.REPOSITORY, capture_output=True, text=True, start_new_session=True
    )
    expected = {str(jobs.NICENESS)} if hasattr(os, "nice") else set()
    assert set(worker.stdout.split()) == expected, worker.stderr
