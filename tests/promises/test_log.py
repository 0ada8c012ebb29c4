"""What happened can be read afterwards: the server's stderr has a line, with its time, for what visitors changed."""

import re
import urllib.error
import urllib.request

import pytest

from core.jobs import queue
from core.recipe import Recipe
from core.runs import store, trash
from tests.harness.server import REPOSITORY, serving

TIMED = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} "


def test_a_refused_name_is_logged_by_the_server_with_its_time(tmp_path):
    with serving(REPOSITORY / "app.py", tmp_path / "log") as server:
        request = urllib.request.Request(server.url, headers={"Host": "evil.example\tforged"})
        with pytest.raises(urllib.error.HTTPError, match="421"):
            urllib.request.urlopen(request)
        assert re.search(TIMED + r"refused: Host 'evil\.example\\tforged'", server.log, re.MULTILINE)


def test_what_visitors_do_to_runs_is_logged(tmp_path, monkeypatch, logged):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.setattr(queue, "advance", lambda: None)
    run = queue.submit(Recipe(network="tiny", steps=1000))
    queue.stop(run)
    place = trash.discard(run)
    trash.restore(place)
    assert logged.messages == [
        "tiny-1 waits for a trainer: tiny, 1,000 iterations",
        "tiny-1 is asked to stop",
        "tiny-1 is deleted, and kept for a day",
        "tiny-1 is restored as tiny-1",
    ]
