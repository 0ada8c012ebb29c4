"""What a test needs and a machine may lack: named in a skip, and a failure in CI, where all of it is there."""

import os

import pytest


def missing(what: str) -> None:
    """End the test here: it cannot be done without `what`."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"needs {what}")
