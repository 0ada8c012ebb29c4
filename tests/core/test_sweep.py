"""A sweep's plan names its runs, so the same command finds them again: none is lost, none is trained twice."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

import core
from core import __main__
from core.jobs import queue, sweep
from core.recipe import Recipe
from core.report import experiments
from core.report.experiment import Experiment, Variant
from core.report.measurements import measured
from core.runs import checkpoints as run_checkpoints
from core.runs import control, metrics, results, store
from tests.core.test_jobs import checkpoints, trainer_of  # noqa: F401, the first is a fixture
from tests.harness.needs import wait_until
from tests.harness.server import REPOSITORY

SHORT = ["--network", "tiny", "--examples", "100", "--batch", "10", "--steps", "100", "--precision", "float32"]
RESULT = {"standard_error": 0.1, "loss": 1.0, "data": "the embedded test set", "steps": 5, "seconds": 2}


def test_a_name_says_every_option_and_the_seed():
    plan = sweep.plan({"network": ["deep"], "keep_prob": [1.0, 0.75], "examples": [250], "tied": [True]}, 2)
    stem = "sweep-deep-examples250-tied-yes-keep_prob"
    assert [name for name, _ in plan] == [f"{stem}{value}-seed{seed}" for value in ("1", "0.75") for seed in (1, 2)]
    assert plan[3][1] == Recipe(network="deep", examples=250, keep_prob=0.75, seed=2)
    close = sweep.plan({"learning_rate": [1e-3, 1.0000001e-3], "examples": [None, 10]}, 1)
    assert len(dict(close)) == 4
    assert len(sweep.plan({"keep_prob": [0.5, 0.5]}, 1)) == 1


@pytest.mark.parametrize("name", ["dropout", "labels", "few-images", "tiny"])
def test_the_reports_charts_are_sweeps_of_runs_that_are_here_already(name, capsys, monkeypatch):
    experiment = experiments.ALL[name]
    monkeypatch.setattr(store, "ROOT", REPOSITORY / "checkpoints")
    monkeypatch.setattr(sweep, "on_this_machine", None)  # nothing is left to train
    code, out, err = core_command(capsys, *sweep.command(experiment).split()[4:])
    assert code == 0 and err == ""
    reached = [measured(experiment, variant) for variant in experiment.variants]
    told = [re.search(r"\d\.\d{4}( ± \d\.\d{4})?", line)[0] for line in out.splitlines()[1 : 1 + len(reached)]]
    spreads = [f" ± {found.spread:.4f}" * (len(found.names) > 1) for found in reached]
    assert sorted(told) == sorted(f"{m.mean:.4f}{spread}" for m, spread in zip(reached, spreads, strict=True))


def core_command(capsys, *arguments):
    code = __main__.main(["sweep", *arguments])
    return code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--keep-prob", "1", "7"], "keep_prob is 7.0; allowed"),
        (["--keep-prob", "x"], "invalid float value: 'x'"),
        (["--examples", "10", "many"], "'many' is neither a whole number nor all"),
        (["--examples", "100", "5000"], "examples is 5,000; there is only the embedded part"),
        (["--network", "tiny", "huge"], "network is 'huge'; allowed"),
        (["--seeds", "0"], "the grid has 0 trials; allowed: from 1 to 10,000"),
        (["--seeds", "99999999999"], "the grid has 99,999,999,999 trials"),
        (["--seed", "1"], "unrecognized arguments: --seed 1"),
        (["--unmet", ",".join(["3+8"] * 60)], "allowed: 200. Give fewer options"),
        (["--seeds", "501"], "500 more are taken"),
    ],
)
def test_bad_input_is_answered_in_a_line_and_makes_no_run(arguments, fault, capsys):
    code, out, err = core_command(capsys, *arguments)
    assert code == 2 and out == "" and fault in err and err.startswith("error: ") and err.count("\n") == 1
    assert store.list_runs() == []


def test_without_ray_the_option_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "core.jobs.scale.cluster", raising=False)
    monkeypatch.delattr(core, "cluster", raising=False)
    code, out, err = core_command(capsys, "--network", "tiny", "--ray", "127.0.0.1:1")
    assert code == 2 and "pip install --group cluster" in err and err.count("\n") == 1


def test_a_name_that_is_taken_by_another_recipe_is_refused(capsys):
    queue.find_or_create([("sweep-tiny-steps5-seed1", Recipe(network="tiny", steps=6))], "", "")
    code, out, err = core_command(capsys, "--network", "tiny", "--steps", "5")
    assert code == 2 and "sweep-tiny-steps5-seed1 is there with another recipe" in err


@pytest.fixture
def trainers(monkeypatch):
    """Stand-ins for workers, so that a hundred trials take no hour: between two looks ten of them are trained."""
    lengths, kills = [], []

    def train(seconds):
        lengths.append(len(queue.queue()))
        for run in queue.queue()[:10]:
            control.unmark_queued(run)
            if run.recipe.learning_rate == 0.5:
                control.note_failure(run, "The loss is no longer finite.")
            elif run.recipe.learning_rate == 0.25:  # killed
                control.write_progress(run, "training", step=1)
                kills.append(run.name)
            else:
                results.write(run, RESULT | {"accuracy": 0.5 + run.recipe.seed / 1000})

    monkeypatch.setattr(queue, "advance", lambda: None)
    monkeypatch.setattr(sweep, "time", SimpleNamespace(sleep=train, monotonic=time.monotonic))
    return lengths, kills


def test_a_grid_larger_than_the_queue_feeds_it_as_it_drains(trainers, capsys):
    code, out, err = core_command(capsys, "--network", "tiny", "--steps", "5", "6", "--seeds", "30")
    lengths, _ = trainers
    assert code == 0 and len(store.list_runs()) == 60 and max(lengths) == sweep.FED < queue.LONGEST_QUEUE
    accuracies = 0.5 + np.arange(1, 31) / 1000
    mean, spread = accuracies.mean(), accuracies.std(ddof=1)
    assert out.splitlines()[1].split() == ["steps5", f"{mean:.4f}", "±", f"{spread:.4f}", "30", "2"]
    assert out.splitlines()[3] == "Measured on the embedded test set."
    assert "60 of 60 trials finished" in err and " left" in err


def test_a_trial_that_fails_or_is_killed_again_and_again_holds_nobody_up(trainers, capsys):
    given = ("--network", "tiny", "--steps", "5", "--learning-rate", "0.001", "0.25", "0.5")
    code, out, err = core_command(capsys, *given)
    assert code == 1 and out.count("not yet") == 2 and out.count("0.5010 ") == 1 and "±" not in out
    assert "sweep-tiny-steps5-learning_rate0.5-seed1 is failed. The loss is no longer finite." in err
    killed = "sweep-tiny-steps5-learning_rate0.25-seed1"
    assert f"{killed} is interrupted" in err and trainers[1] == [killed] * (1 + sweep.RETRIES)


def test_reproduce_trains_by_the_same_way(trainers, capsys, monkeypatch):
    tiny = Variant(Recipe(network="tiny", steps=5), (1, 2))
    monkeypatch.setattr(experiments, "ALL", {"few": Experiment("few", "", "", "tiny", "", (tiny,))})
    assert __main__.main(["reproduce"]) == 0
    assert {run.name for run in store.list_runs()} == {"few-seed1", "few-seed2"}
    assert "0.5015 ± 0.0007" in capsys.readouterr().out


def test_ctrl_c_says_what_goes_on(capsys, monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(queue, "advance", lambda: None)
    monkeypatch.setattr(sweep, "time", SimpleNamespace(sleep=interrupt, monotonic=time.monotonic))
    code, _, err = core_command(capsys, "--network", "tiny", "--steps", "5")
    assert code == 130 and "What is trained or waits goes on" in err and "the same command" in err
    assert [control.status(run) for run in store.list_runs()] == ["queued"]


def kill_a_trainer():
    """Kill the trainer of a run in training; False if there is none, or if it is just between two runs."""
    for run in filter(control.is_locked, store.list_runs()):
        with contextlib.suppress(AssertionError):
            os.kill(trainer_of(run), signal.SIGKILL)
            return True
    return False


@pytest.mark.skipif(os.name != "posix", reason="sends signals that only POSIX systems have")
def test_the_same_command_goes_on_when_driver_and_trainer_were_killed_and_repeats_nothing(capsys):
    command = [*SHORT, "--learning-rate", "0.001", "0.01", "--seeds", "2"]
    driver = subprocess.Popen(
        [sys.executable, "-m", "core", "sweep", *command], cwd=REPOSITORY, stdout=subprocess.DEVNULL
    )
    wait_until(lambda: len(list(store.ROOT.glob("*/result.json"))) >= 1)
    driver.kill()
    driver.wait()
    wait_until(kill_a_trainer)
    finished = {path: path.stat().st_mtime_ns for path in store.ROOT.glob("*/result.json")}
    assert 1 <= len(finished) < 4

    code, out, err = core_command(capsys, *command)
    assert code == 0 and out.count(" 2 ") == 2 and "4 of 4 trials finished" in err
    assert len(store.list_runs()) == 4 and all(path.stat().st_mtime_ns == finished[path] for path in finished)
    assert len(queue._workers) == 1  # which trained all that was left in turn
    for run in store.list_runs():
        steps = [point["step"] for point in metrics.read(run)]
        assert steps == sorted(set(steps)) and steps[-1] == 100

    again, table, said = core_command(capsys, *command)
    assert again == 0 and table == out and said == "" and len(queue._workers) == 1

    last = store.list_runs()[0]  # trained after others in one process, it is what it is alone
    alone = last.folder.parent / "alone"
    options = [f"--learning-rate={last.recipe.learning_rate}", f"--seed={last.recipe.seed}", f"--run={alone}"]
    assert __main__.main(["train", *SHORT, *options]) == 0
    one, other = run_checkpoints.load_weights(last), run_checkpoints.load_weights(store.read(alone))
    assert all(np.array_equal(one[name], other[name]) for name in one)
