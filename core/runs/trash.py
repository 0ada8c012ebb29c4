"""Deleted runs: moved aside for a day, during which they can be restored."""

import contextlib
import logging
import os
import shutil
import time
from pathlib import Path

from core.runs import control, records, store

log = logging.getLogger(__name__)

TRASH = ".trash"
TRASH_SECONDS = 24 * 3600  # how long a discarded run can be restored


def discard(run: store.Run) -> Path:
    """Move a run to the trash and return its folder there, for `restore`; what is there longer than a day is removed.

    Raises RunError if the run is shipped, is being trained or waits for it, or if the folder cannot be moved.
    """
    if store.is_shipped(run):
        raise store.RunError(f"{run.name} came with the app and cannot be deleted. Only your own runs can.")
    if control.is_locked(run):
        raise store.RunError(f"{run.name} is being trained. Stop it first, then delete it.")
    now = time.time_ns()
    trashed = store.ROOT / TRASH / str(now) / run.name
    held = control.lock(run)
    try:
        if control.standing(run) == control.Status.QUEUED:
            raise store.RunError(f"{run.name} waits to be trained. Stop it first, then delete it.")
        _empty_trash(now - TRASH_SECONDS * 10**9)
        trashed.parent.mkdir(parents=True)
        if os.name != "posix":
            held.release()  # Windows moves no folder in which a file is open: not this one, nor a trainer's
        run.folder.rename(trashed)
    except OSError as error:
        raise store.RunError(f"{run.name} cannot be deleted ({error.strerror or error})") from error
    finally:
        held.release()
    log.info("%s is deleted, and kept for a day", run.name)
    return trashed


def restore(trashed: Path) -> store.Run:
    """Bring a run back from where `discard` put it, under a new name if its own is taken. Raises RunError."""
    folder = store.ROOT / trashed.name
    try:
        try:
            folder.mkdir()  # so that nobody else takes the name meanwhile
        except FileExistsError:
            folder = store.new_folder(trashed.name)
        try:
            if os.name != "posix":
                folder.rmdir()  # Windows renames no folder onto another, even an empty one
            trashed.rename(folder)
        except OSError:
            with contextlib.suppress(OSError):
                folder.rmdir()
            raise
        with contextlib.suppress(OSError):
            trashed.parent.rmdir()
    except FileNotFoundError:
        raise store.RunError(f"{trashed.name} is no longer in the trash: it keeps runs for a day.") from None
    except OSError as error:
        raise store.RunError(f"{trashed.name} cannot be restored ({error.strerror or error})") from error
    log.info("%s is restored as %s", trashed.name, folder.name)
    return store.read(folder)


def discarded() -> list[Path]:
    """Return the folders of the runs that `restore` can still bring back, the last discarded first."""
    folders = [path.parent for path in (store.ROOT / TRASH).glob("*/*/run.json") if _trash_time(path.parent.parent)]
    return sorted((folder for folder in folders if records.is_printable(folder.name)), key=_trash_order, reverse=True)


def _trash_order(folder):
    return _trash_time(folder.parent)


def _trash_time(day):
    """When the runs in a folder of the trash were discarded, in nanoseconds; 0 for a folder of somebody else's."""
    return int(day.name) if day.name.isascii() and day.name.isdecimal() else 0


def _empty_trash(before_ns):
    """Remove for good what was discarded before a time."""
    for day in (store.ROOT / TRASH).glob("*"):
        if 0 < _trash_time(day) < before_ns:
            shutil.rmtree(day, ignore_errors=True)
