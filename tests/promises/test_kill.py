"""A trainer killed in any phase, again and again: every checkpoint loads, and no more than one interval is lost."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from core.jobs import queue
from core.recipe import Recipe
from core.runs import checkpoints, control, metrics, store
from tests.harness.needs import PATIENCE_SECONDS
from tests.harness.server import REPOSITORY

SAVE_SECONDS = 10  # core/training.py, which brings TensorFlow
SLACK_SECONDS = 3  # between two looks at the clock on a busy machine
KILLS = 25


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path / "runs")
    monkeypatch.setenv("DIGIT_SUM_LAB_RUNS", str(tmp_path / "runs"))
    return queue.create(Recipe(network="tiny", steps=1_000_000, batch=32, examples=1000))


def phase_of(run):
    progress = control.read_progress(run)
    return "first step" if progress.get("phase") == "training" else progress.get("phase", "")


def kill_in(run, phase, generator):
    """Let the run go on, and kill its trainer in a phase."""
    (run.folder / "progress.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "core", "train", "--resume", str(run.folder)]
    trainer = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if phase == "data":
            time.sleep(generator.uniform(0, 1.0))
        else:
            wanted = {"import": "loading TensorFlow"}.get(phase, "first step")
            until = time.monotonic() + PATIENCE_SECONDS
            while phase_of(run) != wanted:
                assert trainer.poll() is None and time.monotonic() < until, "the trainer ended by itself, or hangs"
                time.sleep(0.01)
            time.sleep(generator.uniform(0, {"import": 3.0, "mid-epoch": 13.0}.get(phase, 0.1)))
    finally:
        os.kill(trainer.pid, signal.SIGKILL)
        trainer.wait()


def check(run, done_before):
    """Everything that was saved loads, and the work since then is less than an interval; the step that is saved."""
    assert not control.is_locked(run) and store.read(run.folder).recipe == run.recipe
    if not checkpoints.has_weights(run):
        assert done_before == 0
        return 0
    _, warning = checkpoints.load_checkpoint(run)
    state, step, resume_warning = checkpoints.load_resume(run)
    assert not warning and not resume_warning and step >= done_before
    points = metrics.read(run)
    assert [point["step"] for point in points] == sorted({point["step"] for point in points})
    assert points[-1]["seconds"] - float(state["seconds"]) < SAVE_SECONDS + SLACK_SECONDS
    return step


@pytest.mark.soak
@pytest.mark.parametrize("phase", ["data", "import", "first step", "mid-epoch"])
def test_a_trainer_killed_25_times_loses_at_most_one_interval(run, phase):
    generator, done = random.Random(0), 0
    for _ in range(KILLS):
        kill_in(run, phase, generator)
        done = check(run, done)
    assert phase != "mid-epoch" or done > 0


def test_a_trainer_killed_in_each_phase_once(run, tmp_path, monkeypatch):
    """Nothing is left of them but the run: what TensorFlow generates is in a folder of the trainer's own."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    generator, done = random.Random(1), 0
    for phase in ("data", "import", "first step"):
        kill_in(run, phase, generator)
        done = check(run, done)
    assert list((tmp_path / "tmp").iterdir()) == []
    own = list((store.ROOT / ".jobs" / "scratch").glob("trainer-*"))
    assert len(own) == 1 and list(own[0].glob("__autograph*"))  # the last one's, which the next one removes
    kill_in(run, "import", generator)
    [newest] = (store.ROOT / ".jobs" / "scratch").glob("trainer-*")
    assert newest != own[0]
