"""A machine that lacks something: the tests that need it are counted by reason in one line, and fail in CI."""

import os
import subprocess
import sys

import pytest

from tests.harness.needs import PATIENCE_SECONDS
from tests.harness.server import REPOSITORY


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_what_is_missing_is_said_once_for_all_tests_that_need_it(tmp_path, ci, code):
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "tests/core/test_mnist.py"]
    ended = subprocess.run(
        [*command, "-k", "ever_trained_on or mnists_own"],
        cwd=REPOSITORY,
        env=os.environ | {"KERAS_HOME": str(tmp_path), "CI": ci},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode == code, ended.stdout
    if ci:
        assert "2 errors" in ended.stdout and "needs the full MNIST" in ended.stdout
    else:
        assert ended.stdout.splitlines()[-2] == "Skipped by reason: needs the full MNIST (2)."
