"""A worker: the process that trains the runs that wait, one after the other, and lets the pages come first.

`python -m core work` is one; queue.py starts it.
"""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from core import settings
from core.jobs import queue
from core.runs import store

SLOT_WAIT_SECONDS = 2.0  # somebody who looks may share a slot for a moment
WARM_SECONDS = 600  # how long a worker that has loaded TensorFlow waits for a run
WARM_LOOK_SECONDS = 0.05


def wait_warm(app: int, prepare: Callable[[], None]) -> bool:
    """Prepare, as the one worker that does, what every run needs, then wait until a run is queued.

    False if another one waits, if nobody wants it any more, or if the process `app`, which started this one, has ended.
    """
    try:
        held = FileLock(queue.warm_lock()).acquire(timeout=SLOT_WAIT_SECONDS)
    except (Timeout, OSError):
        return False
    with held, contextlib.suppress(FileNotFoundError):
        prepare()
        while os.getppid() == app and time.time() - queue.wanted().stat().st_mtime < WARM_SECONDS:
            if queue.queue():
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
        while again and (taken := queue.take()):
            run, held = taken
            with held:
                again = train_logged(run, train)
    queue.advance()


def train_logged(run: store.Run, train: Callable[[store.Run], bool]) -> bool:
    """Return what `train` returns: whether this process can train another run. All output goes to the run's log.txt."""
    _say_into(run.folder / "log.txt")
    be_nice()
    return train(run)


def be_nice() -> None:
    """Let the pages come first."""
    if hasattr(os, "nice"):
        os.nice(max(0, settings.niceness() - os.nice(0)))
    # Linux on a desktop weighs sessions, not processes, and a worker is a session of its own
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(settings.niceness()))


def _say_into(log):
    """Send all output of this process, TensorFlow's own too, to the end of a file."""
    with log.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)


def _take_slot():
    until = time.monotonic() + SLOT_WAIT_SECONDS
    while True:
        for path in queue.slots():
            with contextlib.suppress(Timeout):
                return FileLock(path).acquire(timeout=0)
        if time.monotonic() > until:
            return None
        time.sleep(0.05)
