"""A trainer's own temporary folder: TensorFlow writes the Python that it generates, and a killed process leaves it.

It is in the folder of the runs, and locked while its process lives, so the next trainer knows which are left over.
"""

import atexit
import contextlib
import shutil
import tempfile
from pathlib import Path

from filelock import Timeout

from core.runs import locks

WAIT_SECONDS = 5.0  # for another trainer that makes its own, which takes milliseconds


def use_own(parent: Path) -> None:
    """Let this process' temporary files go to a new folder in `parent`, which is removed when the process ends.

    Those that killed processes left there are removed, too. Where nothing can be written the system's folder will do.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with locks.Held(parent, WAIT_SECONDS):  # so that nobody removes a folder that is not locked yet
            for left in parent.glob("trainer-*"):
                with contextlib.suppress(Timeout, OSError):
                    locks.Held(left, 0).release()
                    shutil.rmtree(left)
            folder = Path(tempfile.mkdtemp(dir=parent, prefix="trainer-"))
            held = locks.Held(folder, 0)
    except (OSError, Timeout):
        return
    tempfile.tempdir = str(folder)
    atexit.register(_remove, folder, held)


def _remove(folder, held):
    held.release()
    shutil.rmtree(folder, ignore_errors=True)
