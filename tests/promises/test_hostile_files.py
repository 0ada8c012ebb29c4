"""What anybody may have written into a run's folder: no reader breaks, and no page is taken from everybody by it."""

import contextlib
import json
import os
import shutil

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.__main__ import main
from core.insight import sharing
from core.jobs import queue
from core.recipe import Recipe
from core.runs import comparison, control, exchange, metrics, store, trash, value_faults
from core.runs.curves import QUANTITIES, curve, hints, rate_changes
from tests.harness.needs import PATIENCE_SECONDS
from tests.harness.points import point
from tests.harness.server import REPOSITORY

RECIPE = Recipe(network="tiny", steps=50)
VALUES = {  # by a name that a folder may have → JSON
    **{"null": "null", "words": '"x"', "list": "[]", "object": "{}", "true": "true", "negative": "-1"},
    **{"nan": "NaN", "infinite": "Infinity", "huge": "1" + "0" * 400, "endless": "1" + "0" * 5000, "large": "1e308"},
    **{"surrogate": '"\\ud800"', "turned": '"\\u202egnp"', "long": json.dumps("x" * 100_000), "year1": '"0001-01-01"'},
    **{"lines": '"a\\n\\n![x](http://127.0.0.1:9/x.png)"', "nested": "[" * 50_000},
}
CONTENTS = {
    **{
        "empty": b"",
        "cut": b"{",
        "list": b"[]",
        "null": b"null",
        "words": b'"x"',
        "number": b"5",
        "bytes": b"\xff\xfe",
    },
    **{"deep": b"[" * 100_000, "zeros": bytes(4000), "lines": b"\n\n\n"},
}
RESULT = {"accuracy": 0.5, "standard_error": 0.1, "steps": 50, "data": "test set", "loss": 1.0, "seconds": 2.0}
FILES = {  # what is right, of which one field at a time is not
    "result.json": RESULT
    | {"precision": "float32", "pair_accuracy": None, "pen_accuracy": 0.5, "energy_threshold": -5},
    "progress.json": {
        "phase": "training",
        "step": 5,
        "steps": 50,
        "images_per_second": 9,
        "seconds_left": 5,
        "done": 0.5,
    },
    "wishes.json": {"rate_factor": 0.5},
    "label.json": {"title": "mine", "note": "n", "star": True},
    "failure.json": {"reason": "x"},
    "warning.json": {"words": "x"},
    "metrics.jsonl": point(2, rate_factor=1.0, seconds=3.0),
}


def hostile(right):
    """Name → bytes: contents that are no object, and the right object with each field missing or of another kind."""
    yield from CONTENTS.items()
    for field in right:
        yield f"{field}-missing", json.dumps({name: value for name, value in right.items() if name != field}).encode()
        for kind, value in VALUES.items():
            text = json.dumps(right | {field: "HERE"}).replace('"HERE"', value)
            yield f"{field}-{kind}", text.encode("utf-8", "surrogatepass")


def copy_of(folder, name):
    """A run as that in a folder, made without a wait for the disk."""
    copy = folder.with_name(name)
    copy.mkdir()
    (copy / "run.json").write_bytes((folder / "run.json").read_bytes())
    return store.read(copy)


def make_all(root, every=1):
    """A run for each hostile file, all else of it being right; its name says which."""
    count = 0
    folder = store.create(root / "right", RECIPE, "words", "full", "2026-01-01T00:00:00Z", {"python": "3"}).folder
    files = FILES | {"run.json": json.loads((folder / "run.json").read_text())}
    for file, right in files.items():
        for i, (kind, content) in enumerate(hostile(right)):
            if i % every:
                continue
            run = copy_of(folder, f"{file}-{kind}")
            if file == "metrics.jsonl":
                good = (json.dumps(point(step)).encode() for step in range(1, 21))
                content = b"\n".join([*good, content, json.dumps(point(30)).encode(), b""])
            elif not i % 2:
                metrics.append(run, point(1))
            (run.folder / file).write_bytes(content)
            count += 1
    (root / os.fsdecode(b"no\xffutf")).mkdir()
    (root / os.fsdecode(b"no\xffutf") / "run.json").write_bytes((root / "right" / "run.json").read_bytes())
    for day in ("²/gone", "x/gone", "9" * 100 + "/gone", "1/a", "1/b", "1/" + os.fsdecode(b"no\xffutf")):
        (root / ".trash" / day).mkdir(parents=True)
        (root / ".trash" / day / "run.json").write_bytes((root / "right" / "run.json").read_bytes())
    for name, mark in (("²", "²"), ("many", "9" * 5001), ("bytes", "\udcff")):
        run = copy_of(folder, f"queued-{name}")
        (run.folder / "queued").write_bytes(mark.encode("utf-8", "surrogateescape"))
    (copy_of(folder, "folders").folder / "metrics.jsonl").mkdir()
    os.mkfifo(root / "folders" / "result.json")  # who opens it waits for ever
    return count


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path / "runs")
    monkeypatch.setattr(queue, "advance", lambda: None)
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)  # finds no other page without the whole app
    return tmp_path / "runs"


def can_be_shown(value):
    """JSON without NaN, UTF-8 without surrogates."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


def test_every_reader_leaves_out_what_does_not_fit_and_says_so(root):
    assert make_all(root) > 300
    listed = comparison.entries()
    faults = store.unreadable()
    assert all(can_be_shown(fault) for fault in faults) and any("name that cannot be shown" in each for each in faults)
    assert {path.name for path in root.glob("*.json*")} - {e.name for e in listed} <= {
        path.name for path in root.glob("run.json-*")
    }
    said = {entry.name: " ".join(value_faults.in_files_of(entry.run)) for entry in listed}
    for entry in listed:
        run = entry.run
        can_be_shown([entry.name, entry.shown, run.data, run.data_name, run.created, run.versions])
        can_be_shown(
            [entry.label.title, entry.label.note, entry.result, control.read_progress(run), control.failure(run)]
        )
        can_be_shown(
            [
                control.warning(run),
                control.requests(run).rate_factor,
                value_faults.in_files_of(run),
                sharing.trained(run) and 1,
            ]
        )
        assert entry.label.star in (True, False) and entry.status != "queued"
        assert run.created == "" or run.created >= "2026"
        points = metrics.read(run)
        for quantity in QUANTITIES:
            assert np.isfinite(curve("", points, quantity.name, 0.5).values).all()
        hints(run.recipe, points), rate_changes(points)
        if run.name.startswith("metrics.jsonl"):
            assert len(points) in (21, 22) and points[-1]["step"] == 30
            metrics.rewind(run, 20)
            assert max(kept["step"] for kept in metrics.read(run)) == 20
    assert "result.json: accuracy cannot be used" in said["result.json-accuracy-nan"]
    assert "1 line is no point of a curve" in said["metrics.jsonl-step-null"]
    assert "label.json is no JSON object" in said["label.json-list"]
    assert said["right"] == "" and "result.json cannot be read (it is no file)" in said["folders"]
    assert exchange.curves_csv([entry.run for entry in listed]).count("\n") > 1000
    assert queue.queue() == []
    assert sorted(f"{place.parent.name}/{place.name}" for place in trash.discarded()) == [
        *("1/a", "1/b"),
        "9" * 100 + "/gone",
    ]


def test_the_list_on_the_command_line_names_what_it_leaves_out(root, capsys):
    make_all(root, every=13)
    assert main(["runs"]) == 0
    out, err = capsys.readouterr()
    assert "right " in out and "is left out: " in err and "Traceback" not in err
    assert main(["runs", "--json"]) == 0
    assert len(json.loads(capsys.readouterr()[0])) == len(store.list_runs())


def test_pages_show_runs_whose_files_are_hostile_and_say_what_is_left_out(root):
    make_all(root, every=13)
    slow = store.create(root / "wishes-slow", RECIPE, "", "", "", {})
    control.write_progress(slow, "training", step=50, steps=50)
    control.request(slow, rate_factor=0.3)  # no choice of the page's, and allowed
    names = [run.name for run in store.list_runs()]
    assert len(names) > 40
    compare = AppTest.from_file("../../pages/compare/page.py", default_timeout=PATIENCE_SECONDS)
    compare.session_state["runs"] = names
    compare.run()
    assert not compare.exception and "cannot be read" in " ".join(each.value for each in compare.caption)
    shutil.copytree(REPOSITORY / "checkpoints" / "sum_posterior", root / "sum_posterior")
    for page in ("draw", "report"):
        app = AppTest.from_file(f"../../pages/{page}/page.py", default_timeout=PATIENCE_SECONDS).run()
        assert not app.exception, page
    train = AppTest.from_file("../../pages/train/page.py", default_timeout=PATIENCE_SECONDS)
    for name in names:
        run = store.read(root / name)
        trained = control.lock(run) if name.startswith(("progress", "wishes")) else contextlib.nullcontext()
        with trained:
            train.query_params["run"] = name
            train.run()
        assert not train.exception, name
        if faults := value_faults.in_files_of(run):
            assert "left out" in " ".join(each.value for each in train.caption), faults
