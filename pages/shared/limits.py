"""Limits to what NumPy, pyarrow and glibc take of the machine, in a server that answers many on few processors."""

import ctypes
import os
import platform

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
