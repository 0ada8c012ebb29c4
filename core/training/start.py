"""TensorFlow, imported where it is needed, as it takes seconds and half a gigabyte: quietly, with its own scratch."""

import contextlib
import os
import sys

from core import settings
from core.jobs import scratch
from core.runs import store

_owned = False  # whether this process is ours from its beginning, and not a test's or a Ray worker


def own_process() -> None:
    """Note that this process is ours: TensorFlow's temporary files then go into a folder that dies with it."""
    global _owned
    _owned = True


def import_tensorflow():
    """Return the module tensorflow."""
    if _owned and "tensorflow" not in sys.modules:
        scratch.use_own(store.ROOT / ".jobs" / "scratch")
    settings.prepare_tensorflow()
    with _quiet_stderr():
        import tensorflow
    return tensorflow


def import_loop():
    """Return core.training.loop, after TensorFlow in its quiet way."""
    import_tensorflow()
    from core.training import loop

    return loop


@contextlib.contextmanager
def _quiet_stderr():
    """Discard what TensorFlow's C++ prints while it is imported, of oneDNN for one: it obeys no setting."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
