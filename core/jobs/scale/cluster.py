"""A sweep on a Ray cluster whose nodes share the folder of the runs, this repository and the Python environment.

A trial is a Ray task. It holds its run's lock while it trains, so what Ray starts twice is trained once; what it has
trained is in the run's folder, so no result travels back. A Ray worker keeps TensorFlow from one trial to the next.
"""

import contextlib
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import ray

from core import settings
from core.jobs import unattended, worker
from core.jobs.sweep import LOOK_SECONDS, RETRIES, Watch
from core.runs import control, store

CONNECT_SECONDS = 5
ANSWER_SECONDS = 15  # for Ray in a process of its own, its import included
CORES = 1  # of a trial: small trainings side by side, on a core each, finish sooner than in turn on all cores


def train(watch: Watch, tell: Callable[[], None]) -> None:
    """Train the runs on the connected cluster until each has ended; `tell` is called after each look.

    One whose worker or node died goes on elsewhere, RETRIES times at most; one that failed or was stopped is left.
    """
    # what a deterministic run switches on stays on in its process, so each of them gets a process of its own
    alone = any(run.recipe.deterministic for run in watch.trials)
    trial = ray.remote(num_cpus=CORES, max_retries=RETRIES, max_calls=int(alone))(_trial)
    waiting = {trial.remote(str(run.folder.resolve())): run for run in watch.unfinished}
    while waiting:
        for ended in ray.wait(list(waiting), timeout=LOOK_SECONDS)[0]:
            run = waiting.pop(ended)
            try:
                ray.get(ended)
            except ray.exceptions.RayError as error:
                control.note_failure(run, _first_line(getattr(error, "cause", None) or error))
        watch.look()
        tell()


def _trial(folder):
    """In a Ray worker: train a run to its end, from its start or from its checkpoint."""
    run = store.read(Path(folder))
    while control.is_locked(run):  # somebody trains it: a worker, perhaps, that is about to die with its node
        time.sleep(LOOK_SECONDS)
    try:
        run, held = control.begin(run)
    except store.RunError:
        if control.status(run) == "finished":  # by the other one
            return
        raise
    with held:
        worker.train_logged(run, unattended.train_unattended)


def connected(address: str) -> contextlib.AbstractContextManager:
    """Connect to the cluster at an address, for a `with`. Raises ConnectionError if there is none.

    Ray alone would try for minutes, deaf to Ctrl-C. So whether somebody listens there is asked first, then whether it
    is Ray: by another process, which can be ended in the middle.
    """
    environment = settings.for_a_node() | {
        "TF_NUM_INTRAOP_THREADS": str(CORES),
        "TF_NUM_INTEROP_THREADS": "1",
    }
    try:
        if address != "auto":
            parts = urllib.parse.urlsplit(address if "://" in address else f"//{address}")
            socket.create_connection((parts.hostname, parts.port or 0), CONNECT_SECONDS).close()
        trial = [sys.executable, "-c", "import sys, ray; ray.init(sys.argv[1])", address]
        subprocess.run(trial, capture_output=True, timeout=ANSWER_SECONDS)  # another fault is told below
        return ray.init(address, runtime_env={"env_vars": environment}, log_to_driver=False, logging_level="ERROR")
    except subprocess.TimeoutExpired as error:
        message = f"no Ray cluster answered at {address} within {ANSWER_SECONDS} s"
        raise ConnectionError(f"{message}. Is it another server's port, or another version of Ray's?") from error
    except Exception as error:  # of many kinds: no address, no cluster, another version of Ray or Python
        raise ConnectionError(f"no Ray cluster can be used at {address} ({_first_line(error)})") from error


def _first_line(error):
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
