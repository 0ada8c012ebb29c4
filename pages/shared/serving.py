"""What the server does beside its visits: ready before the first, and at the end it says what goes on without it."""

import contextlib
import ctypes
import importlib
import os
import platform
import sys
import threading

# Read by libraries that are imported later.
# Two threads of a product wait for each other, spinning, wherever a third one runs: a pair then takes 100 ms and not 2.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # pyarrow's own allocator holds 4 MB in reserve

# Without these two, the first file of weights that is read teaches glibc to keep as much as that for later.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # as <malloc.h> numbers them
KEPT_BYTES = 4 * 2**20
if platform.libc_ver()[0] == "glibc":
    for parameter in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
        ctypes.CDLL(None).mallopt(parameter, KEPT_BYTES)


@contextlib.asynccontextmanager
async def lifespan(_app):
    """Import what the draw page needs while the first browser still loads Streamlit's own scripts."""
    threading.Thread(target=importlib.import_module, args=("pages.shared.canvas",), daemon=True).start()
    yield
    _say_what_goes_on()


def _say_what_goes_on():
    """Which trainings go on without the server, and how to end them."""
    from core import runs

    for run in runs.list_runs():
        if runs.status(run) in ("training", "queued"):
            print(f"  {run.name} goes on without the app. To end it: python -m core stop {run.name}", file=sys.stderr)
