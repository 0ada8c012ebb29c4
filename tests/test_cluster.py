"""A sweep on a real Ray cluster of two nodes on this host, whose worker, node and driver are killed on the way."""

import os
import signal
import subprocess
import sys
import time

import pytest

from core import runs, sweep
from tests.needs import missing
from tests.server import REPOSITORY
from tests.test_jobs import trainer_of

TRIALS = 100
OPTIONS = {"network": ["tiny"], "examples": [100], "batch": [10], "steps": [40], "learning_rate": [0.001, 0.01]}
WAIT_SECONDS = 1800

drivers: list[subprocess.Popen] = []


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Two nodes of one core each."""
    try:
        from ray.cluster_utils import Cluster
    except ImportError:
        missing("Ray (pip install -r requirements-cluster.txt)")
    monkeypatch.setattr(runs, "ROOT", tmp_path / "runs")
    monkeypatch.setenv("DIGIT_SUM_LAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes.add_node(num_cpus=1)
    yield nodes
    for process in drivers:
        process.kill()
        process.communicate()
    drivers.clear()
    nodes.shutdown()


def start(cluster):
    given = [word for name, values in OPTIONS.items() for word in (f"--{name.replace('_', '-')}", *map(str, values))]
    command = [sys.executable, "-m", "core", "sweep", *given, "--seeds", str(TRIALS // 2), "--ray", cluster.address]
    drivers.append(subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True))
    return drivers[-1]


def results():
    """The finished runs, and when each was written."""
    return {path.parent.name: path.stat().st_mtime_ns for path in runs.ROOT.glob("*/result.json")}


def wait_for(count, process):
    """Wait until so many runs have finished."""
    until = time.monotonic() + WAIT_SECONDS
    while len(results()) < count:
        assert process.poll() is None and time.monotonic() < until, f"{len(results())} finished"
        time.sleep(0.2)


def a_trial_in_training():
    while True:
        for run in runs.list_runs():
            if runs.read_progress(run).get("phase") == "training" and runs.is_locked(run):
                return run


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_100_trials_are_there_once_though_a_worker_a_node_and_the_driver_are_killed(cluster):
    first = start(cluster)
    wait_for(10, first)
    seen = results()
    os.kill(trainer_of(a_trial_in_training()), signal.SIGKILL)
    wait_for(30, first)
    seen = results() | seen  # when each was written first
    cluster.remove_node(cluster.worker_nodes.copy().pop(), allow_graceful=False)
    wait_for(50, first)
    first.kill()
    first.wait()
    seen = results() | seen
    assert len(seen) < TRIALS
    cluster.add_node(num_cpus=1)
    again = start(cluster)
    said, _ = again.communicate(timeout=WAIT_SECONDS)
    assert again.returncode == 0 and said.count(f" {TRIALS // 2} ") == 2, said  # of each point, all seeds
    finished = results()
    assert set(finished) == {name for name, _ in sweep.plan(OPTIONS, TRIALS // 2)} and len(finished) == TRIALS
    assert seen.items() <= finished.items()  # what had finished was not done again
    for run in runs.list_runs():
        steps = [point["step"] for point in runs.read_metrics(run)]
        assert steps == sorted(set(steps)) and steps[-1] == 40
