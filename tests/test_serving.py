"""The server's beginning and end, as nobody visits it."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from core import runs
from core.recipe import Recipe
from tests.server import REPOSITORY, START_SECONDS, serving


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which only Linux has")
def test_what_the_first_page_needs_is_loaded_before_anybody_visits(tmp_path):
    with serving(REPOSITORY / "app.py", tmp_path / "log") as server:
        maps, until = Path(f"/proc/{server.pid}/maps"), time.monotonic() + START_SECONDS
        while not all(library in maps.read_text() for library in ("/numpy/", "/PIL/")):
            assert time.monotonic() < until, server.log
            time.sleep(0.1)
        assert "/tensorflow/" not in maps.read_text() and "Traceback" not in server.log


@pytest.mark.skipif(os.name != "posix", reason="sends signals that only POSIX systems have")
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_ends_says_which_trainings_go_on(tmp_path, ending):
    root = tmp_path / "runs"
    waiting = runs.create(root / "tiny-1", Recipe(network="tiny"), "", "", "2026-01-01T00:00:00Z", {})
    runs.mark_queued(waiting, 1)
    runs.create(root / "tiny-2", Recipe(network="tiny"), "", "", "2026-01-01T00:00:00Z", {})
    with serving(REPOSITORY / "app.py", tmp_path / "log", DIGIT_SUM_LAB_RUNS=str(root)) as server:
        os.kill(server.pid, ending)
    said = [line for line in server.log.splitlines() if "goes on without the app" in line]
    assert said == ["  tiny-1 goes on without the app. To end it: python -m core stop tiny-1"]
    assert "Traceback" not in server.log
