"""Locks on folders. A held lock alone keeps a run to one trainer, so where locks do not work nobody trains.

`fault` sees from one host a file system that refuses locks, and one that grants a lock twice. That two hosts do not see
each other's locks cannot be seen from one of them; docs/scaling.md says how to try it.

A lock follows its file, and a write follows its path. So whoever holds a folder's lock asks, before each write, whether
the file that it locked is still the one in that folder: somebody may have moved or deleted the folder and made another.
"""

import errno
import os
import tempfile
import time
from pathlib import Path

from filelock import FileLock, Timeout, lock_descriptor

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NAME = "lock"
POLL_SECONDS = 0.05
LOOK_SECONDS = 30.0  # a look takes microseconds, but its process may be stopped in the middle

_held: dict[str, tuple[int, int]] = {}  # of this process: folder → device and inode of the file it has locked there


class Replaced(OSError):
    """The folder that this process has locked is no longer at its path."""


class Held:
    """A folder's lock, held until the end of a `with`, or until it is released."""

    def __init__(self, folder: Path, seconds: float):
        """Raises Timeout if another process has it for so long, FileNotFoundError if there is no such folder, Replaced
        if another one replaced it meanwhile, OSError.

        The file is opened here, as filelock.FileLock would make the folder anew that somebody has just deleted.
        """
        self._folder = os.path.abspath(folder)
        self._descriptor = _locked_file(Path(self._folder) / NAME, seconds)
        stat = os.fstat(self._descriptor)
        _held[self._folder] = (stat.st_dev, stat.st_ino)
        try:
            refuse_replaced(folder)
        except OSError:
            self.release()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release()

    def release(self) -> None:
        """Let others have it. Nothing happens the second time."""
        if self._descriptor is not None:
            del _held[self._folder]
            os.close(self._descriptor)
            self._descriptor = None


def _locked_file(path, seconds):
    """The descriptor of a file that is locked now. Raises Timeout or OSError."""
    began = time.monotonic()
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        try:
            if lock_descriptor(descriptor, blocking=False):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if time.monotonic() - began >= (seconds if is_held(path) else LOOK_SECONDS):
            raise Timeout(str(path))
        time.sleep(POLL_SECONDS)


def holds(folder: Path) -> bool:
    """Return whether this process holds the lock of a folder, or of the one that it is in."""
    return _locked(folder) is not None


def refuse_replaced(folder: Path) -> None:
    """Raise Replaced if this process has locked a folder at this path, and another one, or none, is there now.

    The lock of the folder that it is in counts, too.
    """
    if (locked := _locked(folder)) is None:
        return
    try:
        now = os.stat(os.path.join(locked, NAME))
    except (FileNotFoundError, NotADirectoryError):
        now = None
    if now is None or (now.st_dev, now.st_ino) != _held[locked]:
        raise Replaced(errno.ESTALE, "it was moved, deleted or replaced meanwhile", locked)


def _locked(folder):
    path = os.path.abspath(folder)
    return next((each for each in (path, os.path.dirname(path)) if each in _held), None)


def is_held(path: Path) -> bool:
    """Return whether some process holds the lock of this file.

    It is asked with a shared lock, which others who ask do not see, and for which one who takes the lock waits.
    """
    try:
        file = path.open("rb")
    except OSError:
        return False
    with file:
        try:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            else:  # Windows has no shared locks in Python
                FileLock(path).acquire(timeout=0).lock.release()
        except (BlockingIOError, PermissionError, Timeout):
            return True
        except OSError:  # a file system without locks, where nobody trains
            return False
    return False


def fault(folder: Path) -> str:
    """Say why no trainer may be started in a folder; empty if its locks work, or if it cannot be written at all.

    A file of its own is locked through two open files: the second must be refused. `filelock` would make do with a
    marker where a system has no locks, which a killed trainer would leave behind for ever, so that is not accepted.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".locks.", suffix=".writing")
    except OSError:
        return ""
    os.close(descriptor)
    try:
        with FileLock(name, fallback_to_soft=False), FileLock(name, timeout=0, fallback_to_soft=False):
            why = "a second lock was granted while the first was held"
    except Timeout:
        return ""
    except OSError as error:
        why = error.strerror or str(error)
    finally:
        Path(name).unlink(missing_ok=True)
    return f"Locks do not work in {folder} ({why}), so two trainers could write one run. Keep the runs on another disk."
