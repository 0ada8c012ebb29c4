"""A full or a read-only disk fails the run with a reason; earlier checkpoints stay whole, and the app answers."""

import contextlib
import os
import subprocess
import sys

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.__main__ import main
from core.images import mnist
from core.jobs import queue
from core.recipe import Recipe
from core.runs import checkpoints, control, store
from tests.harness.needs import PATIENCE_SECONDS, missing
from tests.harness.server import REPOSITORY

DISK_MEBIBYTES = 4
PAGES = ("train", "compare", "report")


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """A small disk of its own for the runs."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEBIBYTES}m", "tmpfs", str(place)], capture_output=True, text=True
    )
    if mounted.returncode:
        missing(f"the right to mount a small disk ({mounted.stderr.strip()})")
    monkeypatch.setattr(store, "ROOT", place)
    monkeypatch.setattr(queue, "advance", lambda: None)
    monkeypatch.setenv("DIGIT_SUM_LAB_RUNS", str(place))
    yield place
    with contextlib.suppress(subprocess.CalledProcessError):
        subprocess.run(["umount", "-l", str(place)], check=True)


def train(run, **environment):
    command = [sys.executable, "-m", "core", "train", "--resume", str(run.folder)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, env=os.environ | environment)


def fill(disk):
    """Leave not one byte."""
    with (disk / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def stopped_run(disk):
    """A run with a checkpoint, as a trainer leaves it that was stopped."""
    from core.training import loop

    run = queue.create(Recipe(network="tiny", steps=200, batch=32, examples=500))
    control.request(run, stop=True)
    with pytest.raises(loop.Stop):
        loop.train(store.settle_data(run, "words", "embedded"), mnist.embedded())
    control.write_progress(run, "stopped", step=1, steps=200)
    return store.read(run.folder)


def pages_answer(run, monkeypatch):
    """Every page of the lab is shown without a traceback, and the train page tells of the run."""
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)  # finds no other page without the whole app
    for name in PAGES:
        app = AppTest.from_file(f"../../pages/{name}/page.py", default_timeout=PATIENCE_SECONDS)
        if name == "train":
            app.query_params["run"] = run.name
        app.run()
        assert not app.exception, name
        if name == "train":
            said = " ".join(element.value for kind in (app.error, app.warning, app.info) for element in kind)
    return said


def test_a_full_disk_fails_the_run_and_room_mends_it(disk, monkeypatch, capsys):
    run = stopped_run(disk)
    before = (run.folder / "weights.safetensors").read_bytes()
    control.reserve_room(run)  # as every training does when it begins
    fill(disk)
    ended = train(run)
    assert ended.returncode == 1 and "Traceback" not in ended.stderr, ended.stderr
    assert control.status(run) == "failed" and "No space left on device" in control.failure(run)
    assert (run.folder / "weights.safetensors").read_bytes() == before and checkpoints.load_resume(run)
    assert "No space left on device" in pages_answer(run, monkeypatch)
    fill(disk)  # what was reserved for the failure is free again
    with pytest.raises(store.RunError, match="No space left on device"):
        queue.submit(run.recipe)
    (disk / "filler").unlink()
    assert train(run).returncode == 0
    assert control.status(run) == "finished" and checkpoints.load_weights(run)
    packed_only_where_there_is_room(run, disk, capsys)


def packed_only_where_there_is_room(run, disk, capsys):
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}
    fill(disk)
    assert main(["pack", str(run.folder)]) == 2
    assert "No space left on device). Make room, then pack it again." in capsys.readouterr().err.splitlines()[-1]
    assert {path.name: path.read_bytes() for path in run.folder.iterdir()} == before
    (disk / "filler").unlink()
    assert main(["pack", str(run.folder)]) == 0 and checkpoints.is_packed(run)


def test_a_read_only_disk_fails_the_run_and_the_app_answers(disk, monkeypatch):
    run = stopped_run(disk)
    control.write_progress(run, "training", step=1, steps=200)  # it was in the middle of it
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    ended = train(run)
    assert ended.returncode in (1, 2) and "Traceback" not in ended.stderr, ended.stderr
    assert "Read-only file system" in ended.stderr
    assert control.status(run) == "failed" and "is read-only" in control.failure(run)
    assert checkpoints.load_weights(run) and checkpoints.load_resume(run)
    assert "is read-only" in pages_answer(run, monkeypatch)
    with pytest.raises(store.RunError, match="Read-only file system"):
        queue.submit(run.recipe)
    assert queue.create(run.recipe, disk.parent / "elsewhere" / "mine").name == "mine"
