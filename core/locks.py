"""Whether locks work in a folder. Held locks alone keep a run to one trainer, so where they do not work nobody trains.

What is seen from one host: a file system that refuses locks, and one that grants a lock twice. That two hosts do not
see each other's locks cannot be seen from one of them; docs/scaling.md says how to try it.
"""

import os
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout


def fault(folder: Path) -> str:
    """Why no trainer may be started in a folder, in words; empty if its locks work, or if it cannot be written at all.

    A file of its own is locked through two open files: the second must be refused. `filelock` would make do with a
    marker where a system has no locks, which a killed trainer would leave behind for ever, so that is not accepted.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".locks.")
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
