"""Limits to what NumPy, pyarrow and glibc take of the machine, in a server that answers many on few processors."""

import ctypes
import platform

from core import settings

# as <malloc.h> numbers them
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 4 * 2**20


def apply() -> None:
    """Limit this process, before it imports NumPy or pyarrow.

    Without the two thresholds, the first file of weights that is read teaches glibc to keep as much as that for later:
    63 MiB once every page was seen (269 against 206, `python -m benchmarks.memory`).
    """
    settings.limit_threads()
    if platform.libc_ver()[0] == "glibc":
        for parameter in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
            ctypes.CDLL(None).mallopt(parameter, KEPT_BYTES)
