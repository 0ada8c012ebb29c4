"""Trainer processes: started, queued, stopped. The queue is in the runs' own folders, so it outlives every server.

A run waits while it has a file `queued`. A worker (worker.py) is a process of its own that holds one of LIMIT slots and
trains the run that waits longest, then the next: TensorFlow, which takes seconds to load, is loaded once. Nobody has to
be there: whoever looks (a page, a command, a worker that ends) starts the workers that are missing.
"""

import contextlib
import datetime
import importlib.metadata
import logging
import os
import platform
import subprocess
import sys
import threading
import time
from pathlib import Path

from filelock import FileLock

from core import settings
from core.recipe import Recipe
from core.runs import control, locks, store
from core.runs.quota import refuse_over_quota

log = logging.getLogger(__name__)

LIMIT = settings.trainers()
LONGEST_QUEUE = 50
WARM = settings.keeps_trainer_warm()

_workers: list[subprocess.Popen] = []  # of this process, kept so that the ended ones can be reaped
_spawning = threading.Lock()  # every visitor's page runs in a thread of its own


class QueueFull(store.RunError):
    """No more runs can wait; the message says what to do."""


def create(
    recipe: Recipe,
    folder: Path | None = None,
    data: str = "",
    data_name: str = "",
    noted_versions: dict[str, str] | None = None,
) -> store.Run:
    """Create a run's folder, by default named after its network; `noted_versions` are by default those here.

    Raises RunError if it cannot be written, if locks do not work there, or if there are as many runs already as
    are kept.
    """
    _refuse_without_locks(folder.parent if folder else store.ROOT)
    # elsewhere nobody else counts, and checkpoints/ may be read-only
    is_elsewhere = folder is not None and folder.parent.resolve() != store.ROOT.resolve()
    with contextlib.nullcontext() if is_elsewhere else _queue_lock():
        return _create(recipe, folder, data, data_name, versions() if noted_versions is None else noted_versions)


def _create(recipe, folder, data, data_name, noted_versions):
    """With the queue's lock held, so that of many who create at one time each counts the runs of those before it."""
    control.remove_litter()
    refuse_over_quota()
    return store.create(folder, recipe, data, data_name, _now(), noted_versions)


def find_or_create(plan: list[tuple[str, Recipe]], data: str, data_name: str) -> list[store.Run]:
    """Return the runs of these names: those that are there, and the missing ones, created to train on this data.

    Raises RunError, and creates none, if they are more than are kept, or if one is there with another recipe.
    """
    with _queue_lock():  # another process may prepare the same
        there = {name: store.read(store.ROOT / name) for name, _ in plan if (store.ROOT / name / "run.json").exists()}
        for name, recipe in plan:
            if name in there and there[name].recipe != recipe:
                raise store.RunError(f"{name} is there with another recipe. Delete it, or change what is asked for.")
        refuse_over_quota(len(plan) - len(there))
        now, noted_versions = _now(), versions()
        return [
            there.get(name) or store.create(store.ROOT / name, recipe, data, data_name, now, noted_versions)
            for name, recipe in plan
        ]


def submit(recipe: Recipe, folder: Path | None = None) -> store.Run:
    """Create a run that waits for a trainer. Raises as `create`, or QueueFull; then there is no new run."""
    with _queue_lock():
        _refuse_full()
        run = _create(recipe, folder, "", "", versions())
        control.mark_queued(run, time.time_ns())
    log.info("%s waits for a trainer: %s, %s iterations", run.name, recipe.network, f"{recipe.steps:,}")
    advance()
    return run


def start(run: store.Run) -> None:
    """Let a run be trained, or go on, as soon as a trainer is free. Raises as `enqueue`."""
    enqueue(run)
    advance()


def enqueue(run: store.Run) -> None:
    """Let a run wait for a trainer, which `advance` starts.

    Raises RunError if it has finished or is being trained, QueueFull if LONGEST_QUEUE runs wait already.
    """
    with _queue_lock():
        if control.is_locked(run):  # with a message of its own, and without waiting for the lock
            raise store.RunError(f"{run.name} is being trained already.")
        with control.lock(run):
            control.refuse_to_train(run)
            if control.standing(run) != control.Status.QUEUED:
                _refuse_full()
                control.forget_ending(run)
                control.mark_queued(run, time.time_ns())
                log.info("%s waits for a trainer again", run.name)


def queue() -> list[store.Run]:
    """List the runs that wait for a trainer, the longest waiting first."""
    waiting = []
    for marker in store.ROOT.glob("*/queued"):
        with contextlib.suppress(store.RunError):
            run = store.read(marker.parent)
            if (since := control.queued_since(run)) is not None:
                waiting.append((since, run.name, run))
    return [run for *_, run in sorted(waiting, key=lambda entry: entry[:2])]


def take() -> tuple[store.Run, locks.Held] | None:
    """Return the run that waits longest, no longer waiting, and its lock, held; None if none waits."""
    with _queue_lock():
        for run in queue():
            try:
                run, held = control.begin(run)
            except store.RunError:  # somebody trains it from the command line, or has finished it
                continue
            control.write_progress(run, "starting", step=0, steps=run.recipe.steps)
            return run, held
    return None


def stop(run: store.Run) -> None:
    """End a run's waiting or, at its next step, its training; its checkpoint stays. Raises RunError."""
    log.info("%s is asked to stop", run.name)
    with _queue_lock():
        control.unmark_queued(run)
    if control.is_locked(run):
        control.request(run, stop=True)


def advance() -> None:
    """Start the workers that are missing: as many as there are free slots, and no more than runs wait.

    One that is warm takes a run by itself. A worker takes its slot a second after it was started, so somebody who keeps
    pressing Start finds the slot free until then: hence a bound on those of this process, one of which may be ending.
    Where locks do not work none is started.
    """
    if locks.fault(store.ROOT):
        return
    free = sum(_is_free(slot) for slot in slots())
    missing = min(free, len(queue())) - (not _is_free(warm_lock()))
    with _spawning:
        for _ in range(min(missing, LIMIT + 1 - len(_alive()))):
            _spawn("work")


def _alive():
    """The workers of this process that have not ended."""
    _workers[:] = [worker for worker in _workers if worker.poll() is None]
    return _workers


def living_workers() -> int:
    """Count the workers that this process has started and that live. A new one takes a while until it holds a slot."""
    return len(_alive())


def _spawn(*arguments):
    _alive().append(
        subprocess.Popen(
            [sys.executable, "-m", "core", *arguments],
            cwd=settings.REPOSITORY,
            env=settings.for_a_trainer(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the server's terminal is not for it
        )
    )


def warm() -> None:
    """Let a worker load TensorFlow now, and wait for a run: somebody may press Start soon. To be called repeatedly.

    It waits for worker.WARM_SECONDS after the last call. DIGIT_SUM_LAB_WARM=0 in the environment forbids it.
    """
    if not WARM:
        return
    with contextlib.suppress(OSError, store.RunError):  # a folder that cannot be written: Start will report it
        wanted().parent.mkdir(parents=True, exist_ok=True)
        wanted().touch()
        with _spawning:
            # a worker of ours waits, comes to it, or trains
            if not _alive() and _is_free(warm_lock()) and all(map(_is_free, slots())):
                _spawn("work", "--warm", str(os.getpid()))


def versions() -> dict[str, str]:
    """Return what decides a run beside its recipe: the versions of Python and of the packages that compute."""
    installed = {"python": platform.python_version()}
    for package in ("tensorflow-cpu", "tensorflow", "keras", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            installed[package] = importlib.metadata.version(package)
    return installed


def slots() -> list[Path]:
    """Return the files whose locks the workers hold while they train: LIMIT of them."""
    folder = store.ROOT / ".jobs"
    folder.mkdir(parents=True, exist_ok=True)
    return [folder / f"slot{number}" for number in range(LIMIT)]


def warm_lock() -> Path:
    """Return the file whose lock the worker holds that is warm."""
    return store.ROOT / ".jobs" / "warm"


def wanted() -> Path:
    """Return the file whose time says when a warm worker was last wanted."""
    return store.ROOT / ".jobs" / "wanted"


def _now():
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _refuse_full():
    if len(queue()) >= LONGEST_QUEUE:
        raise QueueFull(f"{LONGEST_QUEUE} runs are waiting already. Stop some of them, or wait for the first.")


def _refuse_without_locks(folder):
    if fault := locks.fault(folder):
        raise store.RunError(fault)


def _queue_lock():
    folder = store.ROOT / ".jobs"
    with store.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_without_locks(folder)
        return FileLock(folder / "queue").acquire()


def _is_free(slot):
    return not locks.is_held(slot)
