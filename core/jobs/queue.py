"""Trainer processes: started, queued, stopped. The queue is in the runs' own folders, so it outlives every server.

A run waits while it has a file `queued`. A worker (`python -m core work`) is a process of its own that holds one of
LIMIT slots and trains the run that waits longest, then the next: TensorFlow, which takes seconds to load, is loaded
once. Nobody has to be there: whoever looks (a page, a command, a worker that ends) starts the workers that are missing.
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
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from core import settings
from core.recipe import Recipe
from core.runs import control, locks, store
from core.runs.quota import refuse_over_quota

log = logging.getLogger(__name__)

LIMIT = settings.trainers()
LONGEST_QUEUE = 50
SLOT_WAIT_SECONDS = 2.0  # somebody who looks may share a slot for a moment
NICENESS = 19  # the pages come first: with 10, five of a hundred reruns of a class waited three times as long
WARM = settings.keeps_trainer_warm()
WARM_SECONDS = 600  # how long a worker that has loaded TensorFlow waits for a run
WARM_LOOK_SECONDS = 0.05

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
    free = sum(_is_free(slot) for slot in _slots())
    missing = min(free, len(queue())) - (not _is_free(_warm_lock()))
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

    It waits for WARM_SECONDS after the last call. DIGIT_SUM_LAB_WARM=0 in the environment forbids it.
    """
    if not WARM:
        return
    with contextlib.suppress(OSError, store.RunError):  # a folder that cannot be written: Start will report it
        _wanted().parent.mkdir(parents=True, exist_ok=True)
        _wanted().touch()
        with _spawning:
            # a worker of ours waits, comes to it, or trains
            if not _alive() and _is_free(_warm_lock()) and all(map(_is_free, _slots())):
                _spawn("work", "--warm", str(os.getpid()))


def wait_warm(app: int, prepare: Callable[[], None]) -> bool:
    """Prepare, as the one worker that does, what every run needs, then wait until a run is queued.

    False if another one waits, if nobody wants it any more, or if the process `app`, which started this one, has ended.
    """
    try:
        held = FileLock(_warm_lock()).acquire(timeout=SLOT_WAIT_SECONDS)
    except (Timeout, OSError):
        return False
    with held, contextlib.suppress(FileNotFoundError):
        prepare()
        while os.getppid() == app and time.time() - _wanted().stat().st_mtime < WARM_SECONDS:
            if queue():
                return True
            time.sleep(WARM_LOOK_SECONDS)
    return False


def work(train: Callable[[store.Run], bool]) -> None:
    """Train the runs that wait, one after the other, if a slot is free; then let the next worker start.

    `train` is called with the run's lock held, by `train_logged`. Where it does not return True, the next run gets a
    process of its own.
    """
    slot = _take_slot()
    if slot is None:
        return
    with slot:
        again = True
        while again:
            run, held = _take_run()
            if run is None:
                break
            with held:
                again = train_logged(run, train)
    advance()


def train_logged(run: store.Run, train: Callable[[store.Run], bool]) -> bool:
    """Return what `train` returns: whether this process can train another run. All output goes to the run's log.txt."""
    _say_into(run.folder / "log.txt")
    be_nice()
    return train(run)


def be_nice() -> None:
    """Let the pages come first."""
    if hasattr(os, "nice"):
        os.nice(max(0, NICENESS - os.nice(0)))
    # Linux on a desktop weighs sessions, not processes, and a worker is a session of its own
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICENESS))


def versions() -> dict[str, str]:
    """Return what decides a run beside its recipe: the versions of Python and of the packages that compute."""
    installed = {"python": platform.python_version()}
    for package in ("tensorflow-cpu", "tensorflow", "keras", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            installed[package] = importlib.metadata.version(package)
    return installed


def _now():
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _refuse_full():
    if len(queue()) >= LONGEST_QUEUE:
        raise QueueFull(f"{LONGEST_QUEUE} runs are waiting already. Stop some of them, or wait for the first.")


def _refuse_without_locks(folder):
    if fault := locks.fault(folder):
        raise store.RunError(fault)


def _take_run():
    """The run that waits longest, no longer waiting, and its lock, held; (None, None) if none waits."""
    with _queue_lock():
        for run in queue():
            try:
                run, held = control.begin(run)
            except store.RunError:  # somebody trains it from the command line, or has finished it
                continue
            control.write_progress(run, "starting", step=0, steps=run.recipe.steps)
            return run, held
    return None, None


def _say_into(log):
    """Send all output of this process, TensorFlow's own too, to the end of a file."""
    with log.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)


def _slots():
    folder = store.ROOT / ".jobs"
    folder.mkdir(parents=True, exist_ok=True)
    return [folder / f"slot{number}" for number in range(LIMIT)]


def _warm_lock():
    return store.ROOT / ".jobs" / "warm"


def _wanted():
    return store.ROOT / ".jobs" / "wanted"


def _queue_lock():
    folder = store.ROOT / ".jobs"
    with store.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_without_locks(folder)
        return FileLock(folder / "queue").acquire()


def _is_free(slot):
    return not locks.is_held(slot)


def _take_slot():
    until = time.monotonic() + SLOT_WAIT_SECONDS
    while True:
        for path in _slots():
            with contextlib.suppress(Timeout):
                return FileLock(path).acquire(timeout=0)
        if time.monotonic() > until:
            return None
        time.sleep(0.05)
