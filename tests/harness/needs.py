"""What a test needs and a machine may lack: named in a skip, and a failure in CI, where it is all there; and time."""

import os
import time

import pytest

PATIENCE_SECONDS = 600  # for whatever is waited for: more than the busiest machine needs, so that only what hangs fails


def missing(what: str) -> None:
    """End the test here: it cannot be done without `what`."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"needs {what}")


def wait_until(condition, processes=(), seconds: float = PATIENCE_SECONDS) -> None:
    """Look until a condition holds; fail if that takes too long, or if one of the processes ends meanwhile."""
    until = time.monotonic() + seconds
    while not condition():
        assert all(process.poll() is None for process in processes), "a process ended by itself"
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)


def eventually(check, seconds: float = 60) -> None:
    """Call a check until it raises no AssertionError, as a page may still move; then its last one."""
    until = time.monotonic() + seconds
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
