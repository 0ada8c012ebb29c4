"""Titles and notes are a student's own words: whatever they are, no file leaves its run, and no page obeys them."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.jobs import queue
from core.recipe import Recipe
from core.runs import labels, store
from tests.harness.needs import PATIENCE_SECONDS, wait_until
from tests.harness.server import REPOSITORY, chromium, open_page, serving

TITLES = (
    *("../x", "../../etc/passwd", "..\\..\\x", "/tmp/x", "C:\\x", "\\\\host\\share", "~/x", "."),
    *("..", "CON", "con", "NUL", "LPT1", "aux.txt", "a\0b", "\n\n\r"),
    *("\u202egnp.exe", "\u2066x\u2069", "\u200b", "\ufeffx", "x" * 5000, "ä" * 5000, "é", "e\u0301"),
    *("<script>document.title='obeyed'</script>", "<img src=x onerror=\"document.title='obeyed'\">", "</title>"),
    *("![x](http://127.0.0.1:9/x.png)", "[x](javascript:alert(1))", ":red[x]", ":material/home:", "$x^2$", "# x"),
    *("`x`", "'; drop table runs; --", "{{7*7}}", "%s%n", "\ud83d", "👩\u200d👩\u200d👧", "Zoë", "zoë", "first try"),
)
MARKS = ("<", "!", "[", ":", "$", "#", "`")  # with which Markdown or HTML would begin


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path / "runs")
    monkeypatch.setattr(queue, "advance", lambda: None)
    return tmp_path / "runs"


def test_forty_titles_stay_in_their_runs_and_none_is_refused(root):
    assert len(TITLES) >= 40
    for title in TITLES:
        run = queue.create(Recipe(network="tiny"))
        labels.write(run, labels.Label(title, title, True))
        kept = labels.read(run)
        assert kept.star and len(kept.title) <= 60 and len(kept.note) <= 2000
        assert kept.title.isprintable() and json.loads((run.folder / "label.json").read_bytes())
    folders = {path.name for path in root.iterdir()} - {".jobs"}  # the queue's own
    assert folders == {f"tiny-{i + 1}" for i in range(len(TITLES))}
    assert {path.name for path in root.parent.iterdir()} == {"runs"}
    assert {path.name for path in root.glob("tiny-*/*")} == {"run.json", "label.json"}
    assert {"Zoë", "zoë", "first try", "../x", "CON"} <= {labels.read(run).title for run in store.list_runs()}


@pytest.mark.parametrize("name", ["../x", "a/../../x", "CON/../../x", "nul\0x", "x" * 300])
def test_no_link_leads_out_of_the_runs_folder(root, name):
    """The name of a run in a link is looked for among the runs, never opened as a path."""
    queue.create(Recipe(network="tiny"))
    app = AppTest.from_file("../../pages/train/page.py", default_timeout=PATIENCE_SECONDS)
    app.query_params["run"] = name
    app.run()
    assert not app.exception and "There is no run" in app.warning[0].value
    assert {path.name for path in root.parent.iterdir()} == {"runs"}


def test_titles_are_shown_as_they_are_in_a_real_browser(root, tmp_path):
    for title in TITLES:
        labels.write(queue.create(Recipe(network="tiny")), labels.Label(title, title))
    asked, obeyed = [], []
    with (
        serving(REPOSITORY / "app.py", tmp_path / "log", DIGIT_SUM_LAB_RUNS=str(root)) as server,
        chromium() as browser,
    ):
        page = open_page(browser)
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: (obeyed.append(dialog.message), dialog.dismiss()))
        for run in store.list_runs():
            title = labels.read(run).title
            if title[:1] in MARKS:
                page.goto(f"{server.url}/train?run={run.name}")
                wait_until(lambda: title in _watched(page))  # noqa: B023
        page.goto(f"{server.url}/compare")
        page.get_by_test_id("stDataFrame").wait_for()
        assert "obeyed" not in page.title() and not obeyed
        assert {url.split("/")[2] for url in asked if url.startswith("http")} == {server.url.split("/")[2]}
        assert "Traceback" not in server.log


def _watched(page):
    """The title that the list of runs shows as chosen."""
    return page.get_by_test_id("stSelectbox").filter(has_text="Watch a run").locator("input").input_value()
