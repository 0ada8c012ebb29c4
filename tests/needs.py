"""What a test needs and a machine may lack: named in a skip, and a failure in CI, where it is all there; and time."""

import os

import pytest

PATIENCE_SECONDS = 600  # for whatever is waited for: more than the busiest machine needs, so that only what hangs fails


def missing(what: str) -> None:
    """End the test here: it cannot be done without `what`."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"needs {what}")
