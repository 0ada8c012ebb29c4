"""A sweep on a real Ray cluster of two nodes on this host, whose worker, node and driver are killed on the way."""

import http.server
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from core.jobs import sweep
from core.runs import control, metrics, store
from tests.core.test_jobs import trainer_of
from tests.harness.needs import PATIENCE_SECONDS, missing
from tests.harness.server import REPOSITORY

TRIALS = 100
OPTIONS = {"network": ["tiny"], "examples": [100], "batch": [10], "steps": [40], "learning_rate": [0.001, 0.01]}
WAIT_SECONDS = 1800

drivers: list[subprocess.Popen] = []


def need_ray():
    if not importlib.util.find_spec("ray"):
        missing("Ray (pip install --group cluster)")


@pytest.fixture(params=["HTTP", "silent"])
def other_server(request):
    """The address of a server that is not Ray."""
    if request.param == "silent":
        with socket.create_server(("127.0.0.1", 0)) as server:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        return
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.soak
@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_another_server_at_rays_address_is_one_line_and_exit_code_2(other_server, scheme, tmp_path):
    need_ray()
    command = [sys.executable, "-m", "core", "sweep", "--network", "tiny", "--ray", scheme + other_server]
    environment = os.environ | {"DIGIT_SUM_LAB_RUNS": str(tmp_path / "runs")}
    began = time.monotonic()
    ended = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    print(f"{time.monotonic() - began:.1f} s")
    assert ended.returncode == 2 and ended.stdout == "" and ended.stderr.count("\n") == 1, ended.stderr
    assert ended.stderr.startswith(f"error: no Ray cluster answered at {scheme}{other_server} within ")
    assert not (tmp_path / "runs").exists()


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Two nodes of one core each."""
    need_ray()
    from ray.cluster_utils import Cluster

    monkeypatch.setattr(store, "ROOT", tmp_path / "runs")
    monkeypatch.setenv("DIGIT_SUM_LAB_RUNS", str(tmp_path / "runs"))
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
    return {path.parent.name: path.stat().st_mtime_ns for path in store.ROOT.glob("*/result.json")}


def wait_for(count, process):
    """Wait until so many runs have finished."""
    until = time.monotonic() + WAIT_SECONDS
    while len(results()) < count:
        assert process.poll() is None and time.monotonic() < until, f"{len(results())} finished"
        time.sleep(0.2)


def a_trial_in_training():
    while True:
        for run in store.list_runs():
            if control.read_progress(run).get("phase") == "training" and control.is_locked(run):
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
    for run in store.list_runs():
        steps = [point["step"] for point in metrics.read(run)]
        assert steps == sorted(set(steps)) and steps[-1] == 40
