"""Workers on several hosts, here on loopback, train what one process trains, and a lost one is named."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from core import settings
from core.jobs import queue
from core.recipe import Recipe
from core.runs import checkpoints, control, metrics, store
from tests.harness.needs import wait_until

MOVED = {"shift_pixels": 2, "turn_degrees": 10, "elastic_pixels": 0.7, "stroke_width": 0.5, "flags": 0.3}
# The report's learning rate. At ten times that the weights part, as they do in one process that takes each batch in two
# halves: a convolution rounds otherwise in a smaller batch, and some ReLU or pool then decides a tie the other way.
RATE = {"learning_rate": 1e-4, "schedule": "constant"}
QUICK = [
    {"network": "tiny", "batch": 33, "keep_prob": 0.7, "pen_share": 0.3, **MOVED},
    {"network": "sum_posterior", "batch": 9, "keep_prob": 0.7, "pen_share": 0.3, "unmet": "3+8", **MOVED},
]
LONG = [
    {"network": "deep", "batch": 50},
    {"network": "tiny", "batch": 63, "keep_prob": 0.7, **MOVED},
    {"network": "dropout", "batch": 32, "keep_prob": 0.7, **MOVED},
    {"network": "sum_posterior", "batch": 31, "keep_prob": 0.7, "unmet": "3+8,4+7", **MOVED},
    {"network": "sum_posterior", "batch": 30, "labels": "digits", "keep_prob": 0.5},
]
# whose weights may part within 50 steps, long before their loss does: most likely where rounding decides a tie
WITH_TIES = [
    {"network": "sum_posterior", "batch": 15, "labels": "digits", "pairing": "fresh"},
    {"network": "sum", "batch": 50},
    {"network": "sum", "batch": 15, "keep_prob": 0.7, "tied": False},
    {"network": "sum", "batch": 15, "keep_prob": 0.7, "tied": False, "pairing": "fresh", "unmet": "1+1"},
    {"network": "sum_linear", "batch": 17, "pairing": "fresh", "outlier_rate": 0.1, **MOVED},
]
# every worker: each recipe together; the chief also alone, and prints the largest difference of any weight
AGREE = """
import json, sys
import numpy as np
from core.images import mnist, pen
from core.jobs.scale import tf_config
from core.recipe import Recipe
from core.training import workers
from core.training.trainer import Trainer

written = pen.to_train()[:30]
pen.to_train = lambda: written  # all of them take seconds to draw
steps, recipes = int(sys.argv[1]), json.loads(sys.argv[2])
crew = workers.Crew(tf_config.from_environment(), print)
for fields in recipes:
    recipe, data = Recipe(steps=steps, precision="float32", **fields), mnist.embedded()
    if not crew.cluster.is_chief:
        assert workers.follow(crew, None, data) == 0
        continue
    alone = Trainer(recipe, recipe.architecture, data, "float32")
    before = alone.weights()
    together = workers.chief_of(crew)(recipe, recipe.architecture, data, "float32")
    for part in (1, steps - 1):
        found, expected = together.advance(part), alone.advance(part)
    crew.tell(end=0)
    apart, moved = 0.0, 0.0
    for name, tensor in alone.weights().items():
        apart = max(apart, float(np.abs(together.weights()[name] - tensor).max()))
        moved = max(moved, float(np.abs(before[name] - tensor).max()))
    loss = abs(found[0] - expected[0]) / expected[0]
    print(json.dumps(fields | {"apart": apart, "moved": moved, "loss": loss}), flush=True)
"""


@pytest.fixture(autouse=True)
def quiet_tensorflow(monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")


def free_addresses(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return addresses


def started(addresses, arguments):
    """A process for each address, the chief's first."""
    processes = []
    for index in range(len(addresses)):
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        processes.append(
            subprocess.Popen(
                [sys.executable, *map(str, arguments)],
                cwd=settings.REPOSITORY,
                env=os.environ | {"TF_CONFIG": json.dumps(config)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    return processes


def ended(processes, seconds=600):
    """Exit code, stdout and stderr of each."""
    try:
        said = [process.communicate(timeout=seconds) for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [(process.returncode, *words) for process, words in zip(processes, said, strict=True)]


def differences(workers, steps, recipes):
    said = ended(
        started(free_addresses(workers), ["-c", AGREE, steps, json.dumps([RATE | fields for fields in recipes])]), 3600
    )
    assert [code for code, *_ in said] == [0] * workers, "\n".join(err[-2000:] for *_, err in said)
    found = [json.loads(line) for line in said[0][1].splitlines() if line.startswith("{")]
    print(*found, sep="\n")
    assert len(found) == len(recipes)
    return found


def test_two_workers_train_what_one_process_trains():
    for one in differences(2, 5, QUICK):
        assert one["apart"] < 1e-5 < 1e-4 < one["moved"] and one["loss"] < 1e-5, one


@pytest.mark.soak
@pytest.mark.parametrize("workers", [2, 4])
def test_workers_agree_with_one_process_after_50_steps(workers):
    for one in differences(workers, 50, LONG):
        assert one["apart"] < 1e-5 < 1e-3 < one["moved"], one


@pytest.mark.soak
@pytest.mark.parametrize("workers", [2, 4])
def test_workers_agree_in_their_loss_after_50_steps_also_where_weights_part(workers):
    for one in differences(workers, 50, WITH_TIES):
        assert one["loss"] < 1e-4 and one["apart"] < 1e-3 < one["moved"], one


@pytest.mark.soak
@pytest.mark.parametrize(("victim", "blow"), [(1, signal.SIGKILL), (3, signal.SIGSTOP), (0, signal.SIGKILL)])
def test_a_lost_worker_is_named_and_the_run_goes_on_with_fewer(tmp_path, victim, blow):
    run = queue.create(Recipe(network="tiny", batch=32, steps=1_000_000, precision="float32"), tmp_path / "run")
    before, addresses = {path.name for path in tmp_path.iterdir()}, free_addresses(4)
    resume = ["-m", "core", "train", "--resume", run.folder]
    processes = started(addresses, resume)
    wait_until(lambda: checkpoints.has_weights(run), processes, 300)
    processes[victim].send_signal(blow)
    struck = time.monotonic()
    others = [process for process in processes if process is not processes[victim]]
    for process in others:
        process.wait(timeout=120)
    print(f"{time.monotonic() - struck:.1f} s from the blow to the end of the last worker")
    processes[victim].kill()
    for code, _, err in (said for process, said in zip(processes, ended(processes), strict=True) if process in others):
        assert code == 1 and f"worker {victim} ({addresses[victim]}) no longer answers" in err, err[-2000:]
        assert "Traceback" not in err and err.count("no longer answers") == 1
    assert {path.name for path in tmp_path.iterdir()} == before
    if victim == 0:  # who wrote the folder is dead: nobody could say why
        assert control.status(run) == "interrupted"
    else:
        assert f"worker {victim} ({addresses[victim]}) no longer answers" in control.failure(run)
    _, done, _ = checkpoints.load_resume(run)

    addresses = free_addresses(2)
    processes = started(addresses, resume)
    wait_until(lambda: control.read_progress(run).get("step", 0) > done, processes, 300)
    processes[0].send_signal(signal.SIGTERM)
    for code, _, err in ended(processes):
        assert code == 130 and "Traceback" not in err, err[-2000:]
    assert control.status(run) == "stopped" and checkpoints.load_resume(run)[1] > done


def test_two_commands_train_one_run_that_the_chief_alone_writes(tmp_path):
    train = ["-m", "core", "train", "--network", "tiny", "--steps", 20, "--precision", "float32"]
    said = ended(started(free_addresses(2), [*train, "--run", tmp_path / "run"]))
    (code, out, err), (follower, nothing, told) = said
    assert (code, follower) == (0, 0), err + told
    assert "accuracy" in out and nothing == "" and told.splitlines()[-1] == "The chief has finished the run."
    assert "WARNING" not in err + told and [path.name for path in tmp_path.iterdir()] == ["run"]
    assert metrics.read(store.read(tmp_path / "run"))[-1]["step"] == 20


@pytest.mark.soak
def test_workers_asked_for_two_recipes_say_so_and_end(tmp_path):
    addresses = free_addresses(2)
    train = ["-m", "core", "train", "--network", "tiny", "--run", tmp_path / "run", "--seed"]
    chief, stray = started(addresses, [*train, 1])
    stray.kill()
    stray.communicate()
    spare, other = started(addresses, [*train, 2])
    spare.kill()
    spare.communicate()
    for code, _, err in ended([chief, other]):
        assert code == 2 and "Traceback" not in err
        assert f"worker 1 ({addresses[1]}) was asked for another recipe than the chief." in err
    assert "another recipe" in control.failure(store.read(tmp_path / "run"))
