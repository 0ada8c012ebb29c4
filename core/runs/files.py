"""Files replaced as a whole: written beside their path, fsynced and renamed, so a reader sees the old or the new one.

A writer that is killed leaves its temporary file. Those written under a folder's lock are litter as soon as somebody
else has the lock; the others (a label, an export) may belong to a living writer, and are litter after an hour.
"""

import contextlib
import errno
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

from core.runs import locks

BEFORE = "before-"  # in front of the name of the file that was replaced last
LOCKED, FREE = ".saving", ".writing"  # at the end of a temporary name: written under the folder's lock, or without it
FREE_SECONDS = 3600  # longer than any of our writers takes


def replace(path: Path, data: bytes, durable: bool = True, keep: bool = False) -> None:
    """Replace a file as a whole: write beside it, fsync, rename, fsync the folder; no fsync if not durable.

    With `keep` the old file stays, under a name that begins with BEFORE. Raises OSError, and then the old file is still
    there; locks.Replaced if this process holds the folder's lock and another folder has replaced it.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_suffix(path))
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        # asked after the temporary file was made: it will not be in a folder that replaces this one from now on
        locks.refuse_replaced(path.parent)
        if keep:
            _keep_before(path)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)


def open_to_read(path: Path) -> BinaryIO:
    """Open a file for reading. Raises OSError, also for what is no file: a pipe or a device may never end."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file", str(path))
    return path.open("rb")


def read(path: Path) -> bytes:
    """Return what a file holds. Raises OSError as `open_to_read`."""
    with open_to_read(path) as file:
        return file.read()


def append(path: Path, data: bytes) -> None:
    """Add to the end of a file. Raises OSError as `replace` does."""
    with path.open("ab") as file:
        locks.refuse_replaced(path.parent)
        file.write(data)


@contextlib.contextmanager
def staging(path: Path):
    """Yield an empty folder beside `path` to write a file or a folder of its name into, and at the end move it there.

    What is at `path` is replaced. Raises OSError, and then what is at `path` is as it was.
    """
    folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=FREE))
    try:
        yield folder
        if path.is_dir():  # no folder can be renamed onto one that has something in it
            path.rename(folder / "old")
        (folder / path.name).replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _sync_folder(path.parent)


def remove_temporaries(folder: Path) -> None:
    """Remove what killed writers left in a folder of which this process holds the lock, and in the folders in it."""
    for path in (*folder.glob(f".*{LOCKED}"), *folder.glob(f"*/.*{LOCKED}")):
        _remove(path)
    remove_old_temporaries(folder)


def remove_old_temporaries(folder: Path) -> None:
    """Remove what writers without a lock left in a folder, and have not gone on with for FREE_SECONDS."""
    for path in folder.glob(f".*{FREE}"):
        with contextlib.suppress(OSError):
            if time.time() - path.lstat().st_mtime > FREE_SECONDS:
                _remove(path)


def _remove(path):
    with contextlib.suppress(OSError):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _suffix(path):
    return LOCKED if locks.holds(path.parent) else FREE


def _keep_before(path):
    """Keep a file that is about to be replaced. At no time is there neither of the two."""
    before = path.with_name(BEFORE + path.name)
    link = path.with_name(f".{before.name}.{os.getpid()}{_suffix(path)}")
    with contextlib.suppress(FileNotFoundError):  # there is nothing to keep yet
        try:
            link.unlink(missing_ok=True)
            os.link(path, link)
            os.replace(link, before)
        except FileNotFoundError:
            raise
        except OSError:  # a file system without links
            os.replace(path, before)


def _sync_folder(folder):
    if os.name == "posix":  # Windows cannot open a folder, and does not need to
        descriptor = os.open(folder, os.O_RDONLY)
        with contextlib.suppress(OSError):  # some file systems refuse it; the file is at its path already
            os.fsync(descriptor)
        os.close(descriptor)
