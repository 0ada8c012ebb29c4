"""A run is a folder: whole or refused, listed or not there, and never half written."""

import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from core.model.networks import NETWORKS
from core.recipe import Recipe
from core.runs import checkpoints, control, labels, metrics, results, snapshots, store, trash
from core.runs.curves import QUANTITIES
from tests.harness.points import point

SUM = NETWORKS["sum"]


@pytest.fixture
def run(tmp_path):
    return store.create(tmp_path / "first", Recipe(network="sum"), "words", "full", "2020-01-01T00:00:00Z", {"a": "1"})


@pytest.fixture(scope="module")
def weights():
    generator = np.random.default_rng(0)
    return {name: generator.normal(size=shape).astype(np.float32) for name, shape in SUM.weight_shapes.items()}


def test_run_reads_back_as_it_was_made(run):
    again = store.read(run.folder)
    assert again == run and again.recipe == Recipe(network="sum") and again.network is SUM
    assert [path.name for path in run.folder.iterdir()] == ["run.json"]


def test_a_run_is_never_overwritten(run):
    with pytest.raises(store.RunError, match="already a run"):
        store.create(run.folder, Recipe(), "", "", "", {})


def test_missing_run_says_how_to_list_the_others(tmp_path):
    with pytest.raises(store.RunError, match=r"No run at .*python -m core runs"):
        store.read(tmp_path / "nothing")


@pytest.mark.parametrize(
    "contents",
    ["", "{", "[]", '"x"', '{"format": 2}', '{"format": 1}', '{"format": 1, "recipe": {"batch": 0}}', "[" * 100_000],
)
def test_damaged_run_is_refused_and_not_listed(run, contents):
    (run.folder / "run.json").write_text(contents)
    with pytest.raises(store.RunError) as refusal:
        store.read(run.folder)
    python_says = "Expecting|indices|recursion|argument|char 0|'recipe'"
    assert not re.search(python_says, str(refusal.value))
    assert store.list_runs(run.folder.parent) == []


def test_names_are_folders_of_checkpoints_and_paths_are_paths(tmp_path):
    assert store.locate("sum") == store.ROOT / "sum"
    assert store.locate(str(tmp_path / "x")) == tmp_path / "x"
    assert store.locate("./x") == Path("x")


def test_a_new_folder_has_the_first_number_not_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    (tmp_path / "deep-1").mkdir()
    assert [store.new_folder(name).name for name in ("deep", "sum", "deep")] == ["deep-2", "sum-1", "deep-3"]


def test_label_keeps_the_students_words_and_drops_what_turns_them(run):
    assert labels.read(run) == labels.Label()
    labels.write(run, labels.Label("Mein erster \u202eVersuch\0 ❤", "Zeile 1\nZeile 2 👍", True))
    assert labels.read(run) == labels.Label("Mein erster Versuch ❤", "Zeile 1\nZeile 2 👍", True)
    (run.folder / "label.json").write_text('{"title": 5, "star": "yes"}')
    assert labels.read(run) == labels.Label()


@pytest.mark.parametrize("asked", ["", "[]", '{"rate_factor": "NaN"}', '{"rate_factor": NaN, "stop": 1}'])
def test_wishes_that_make_no_sense_are_not_asked(run, asked):
    (run.folder / "wishes.json").write_text(asked)
    assert control.requests(run) == control.Requests()
    control.request(run, rate_factor=0.5)
    control.request(run, stop=True)
    assert control.requests(run) == control.Requests(True, 0.5)


def test_status_says_how_a_run_ended(run):
    control.write_progress(run, "training", step=3, steps=10)
    assert control.status(run) == "interrupted" and control.read_progress(run)["step"] == 3
    control.note_failure(run, "No space left on device")
    assert control.status(run) == "failed" and control.failure(run) == "No space left on device"
    control.mark_queued(run, 1)
    assert control.status(run) == "queued"
    control.unmark_queued(run)
    control.forget_ending(run)
    assert control.status(run) == "stopped" and control.failure(run) == ""


def test_snapshots_are_kept_by_step_rewound_and_skipped_if_damaged(run):
    assert snapshots.steps(run) == [] and snapshots.load(run, 1) is None
    snapshots.rewind(run, 0)
    for step in (10, 2, 300):
        snapshots.save(run, {"scores": np.full(3, step, np.float16)}, step)
    (run.folder / "snapshots" / "mine.safetensors").write_bytes(b"")
    assert snapshots.steps(run) == [2, 10, 300]
    assert snapshots.load(run, 300)["scores"].tolist() == [300] * 3
    snapshots.rewind(run, 10)
    assert snapshots.steps(run) == [2, 10]
    snapshots.save(run, {"scores": np.array([np.nan])}, 2)
    (run.folder / "snapshots" / "10.safetensors").write_bytes(b"damaged")
    assert snapshots.load(run, 2) is None and snapshots.load(run, 10) is None


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_weights_read_back_as_float32(run, weights, dtype):
    checkpoints.save_weights(run, {name: tensor.astype(dtype) for name, tensor in weights.items()}, 10)
    loaded = checkpoints.load_weights(run)
    assert list(loaded) == list(SUM.weight_shapes)
    for name, tensor in loaded.items():
        assert tensor.dtype == np.float32
        np.testing.assert_array_equal(tensor, weights[name].astype(dtype))


def test_no_checkpoint_yet_is_said(run):
    with pytest.raises(store.RunError, match="no checkpoint yet"):
        checkpoints.load_weights(run)
    (run.folder / "shipped").touch()
    with pytest.raises(store.RunError, match="is shipped without its weights; only its curve is here"):
        checkpoints.load_weights(run)


def _changed(name, change):
    return lambda weights: {**weights, name: change(weights[name])}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda w: {n: t for n, t in w.items() if n != "fc1.bias"}, "'fc1.bias' is missing"),
        (lambda w: {**w, "extra": np.zeros(1, np.float32)}, "'extra' is not one of its own"),
        (_changed("fc1.bias", lambda t: t[:-1]), r"fc1.bias has shape \(1023,\), not \(1024,\)"),
        (_changed("conv1.bias", lambda t: t.astype(np.int32)), "conv1.bias is I32"),
        (_changed("fc2.bias", lambda t: t * np.nan), "fc2.bias has values that are not finite"),
        (_changed("fc2.bias", lambda t: t + np.inf), "fc2.bias has values that are not finite"),
        (lambda w: {**w, "extra": np.zeros(200_000, np.float32)}, "more than they need"),
    ],
)
def test_wrong_weights_are_refused_by_name(run, weights, change, fault):
    checkpoints.save_weights(run, change(weights), 0)
    with pytest.raises(store.RunError, match=fault):
        checkpoints.load_weights(run)


@pytest.mark.parametrize(
    "contents", [b"", b"short", b"\xff" * 64, b"PK\x03\x04" + bytes(200), b"\x80\x04cos\nsystem\n."]
)
def test_what_is_no_safetensors_file_is_refused(run, contents):
    (run.folder / "weights.safetensors").write_bytes(contents)
    with pytest.raises(store.RunError, match="does not hold the weights of sum"):
        checkpoints.load_weights(run)


def test_cut_weights_are_refused(run, weights):
    checkpoints.save_weights(run, weights, 0)
    path = run.folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(store.RunError, match="does not hold the weights"):
        checkpoints.load_weights(run)


def _with_header(change):
    """Weights whose header's text was changed; the length before it says the new one's."""

    def changed(data):
        length = struct.unpack("<Q", data[:8])[0]
        header = change(data[8 : 8 + length])
        return struct.pack("<Q", len(header)) + header + data[8 + length :]

    return changed


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda data: data[:-1], "was cut short"),
        (lambda data: data[:100], "its header does not end"),
        (lambda data: data + b"\0", "has more at its end"),
        (lambda data: struct.pack("<Q", 2**63) + data[8:], "not a safetensors file"),
        (_with_header(lambda h: b'{"fc2.bias":{},' + h[1:]), "its header has 'fc2.bias' twice"),
        (_with_header(lambda h: h.replace(b'"dtype":"F32",', b'"dtype":"F32","dtype":"F16",', 1)), "'dtype' twice"),
        (_with_header(lambda h: b'{"a":[1],' + h[1:]), "describes no tensors"),
        (_with_header(lambda h: h.replace(b'"shape":[19]', b'"shape":"19"')), "gives a tensor no shape"),
        (_with_header(lambda h: b"{" + b'"a":[' * 5000 + h), "cannot be read"),
        (_with_header(lambda h: h.replace(b'"data_offsets":[0,', b'"data_offsets":[1,')), "does not hold the weights"),
        (lambda data: b"\x80\x04\x95cos\nsystem\n.", "a Python pickle"),
        (lambda data: b"PK\x03\x04" + data, "a ZIP archive"),
        (lambda data: data * 2, "more than they need"),
    ],
)
def test_bytes_are_refused_in_words_before_anything_is_written(weights, change, fault):
    data = safetensors.numpy.save(weights, {"network": "sum"})
    assert set(checkpoints.check_weights(SUM, data, "yours")) == set(weights)
    with pytest.raises(store.RunError, match=f"yours does not hold the weights of sum: .*{fault}|{fault}"):
        checkpoints.check_weights(SUM, change(data), "yours")


@pytest.mark.parametrize("padding", range(0, 256, 8))
def test_no_length_of_a_header_is_taken_for_another_format(weights, padding):
    """The first byte of a header's length may be that of a pickle or a ZIP archive."""
    data = safetensors.numpy.save(weights, {"note": "x" * padding})
    assert set(checkpoints.check_weights(SUM, data)) == set(weights)


def test_a_write_that_fails_leaves_the_old_file(run, weights, monkeypatch):
    checkpoints.save_weights(run, weights, 0)
    before = (run.folder / "weights.safetensors").read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)  # the last moment at which a full disk shows
    with pytest.raises(OSError):
        checkpoints.save_weights(run, {name: 0 * tensor for name, tensor in weights.items()}, 1)
    assert (run.folder / "weights.safetensors").read_bytes() == before
    assert sorted(path.name for path in run.folder.iterdir()) == ["run.json", "weights.safetensors"]


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.name)
def test_a_point_without_what_is_not_required_is_one_and_no_quantity_is_out_of_its_range(run, quantity):
    whole = point(10, **{each.name: 0.5 for each in QUANTITIES})
    for value in (quantity.low - 0.1, 2 * quantity.high, None):
        metrics.append(run, whole | {quantity.name: value})
    metrics.append(run, {name: value for name, value in whole.items() if name != quantity.name})
    read = [{name: value for name, value in whole.items() if name != quantity.name}] * 4
    assert metrics.read(run) == ([] if quantity.required else read)


def test_metrics_survive_a_torn_last_line_and_can_be_rewound(run):
    for step in (10, 20, 30):
        metrics.append(run, point(step))
    with (run.folder / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 4')
    assert [point["step"] for point in metrics.read(run)] == [10, 20, 30]
    metrics.rewind(run, 20)
    metrics.append(run, point(25))
    assert [point["step"] for point in metrics.read(run)] == [10, 20, 25]


def test_resume_state_reads_back(run):
    assert checkpoints.load_resume(run) is None
    checkpoints.save_resume(run, {"a": np.arange(3), "b": np.array(2.5)}, 77)
    state, step, _ = checkpoints.load_resume(run)
    assert step == 77 and state["a"].tolist() == [0, 1, 2] and float(state["b"]) == 2.5
    (run.folder / "resume.safetensors").write_bytes(b"broken")
    with pytest.raises(store.RunError, match="cannot be read"):
        checkpoints.load_resume(run)


def test_result_marks_the_end(run):
    assert control.status(run) == "stopped"
    checkpoints.save_resume(run, {"a": np.arange(3)}, 1)
    result = {"accuracy": 0.5, "standard_error": 0.01, "steps": 1, "data": "words"}
    results.write(run, result)
    assert control.status(run) == "finished" and results.read(run) == result
    assert checkpoints.load_resume(run) is None


@pytest.mark.parametrize("contents", ["", "[1]", '"x"', '{"a": 1}', '{"accuracy": "high"}', "[" * 100_000])
def test_damaged_result_is_no_result(run, contents):
    (run.folder / "result.json").write_text(contents)
    assert results.read(run) is None


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "U8", "nonsense"])
def test_other_number_formats_are_refused_before_they_are_read(run, weights, dtype):
    checkpoints.save_weights(run, weights, 0)
    path = run.folder / "weights.safetensors"
    path.write_bytes(path.read_bytes().replace(b'"F32"', f'"{dtype}"'.encode().ljust(5), 1))
    with pytest.raises(store.RunError, match="does not hold the weights"):
        checkpoints.load_weights(run)


@pytest.mark.parametrize("name", ["a" * 300, "nul\0"])
def test_impossible_names_are_refused(name):
    with pytest.raises(store.RunError, match="cannot be a folder"):
        store.refuse_existing(store.locate(name))


HOLDER = """
import sys
from pathlib import Path
from pathlib import Path
from core.runs import control, store
with control.lock(store.read(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_living_trainer_is_seen_and_a_killed_one_is_not(run):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        assert control.status(run) == "training"
        with pytest.raises(store.RunError, match="is being trained by another process"):
            control.lock(run)
        holder.kill()
        holder.wait()
    assert control.status(run) == "stopped"
    with control.lock(run):
        assert control.status(run) == "training"


def test_list_is_newest_first(tmp_path):
    for name, created in (("a", "2020-01-01"), ("b", "2022-01-01"), ("c", "2021-01-01")):
        store.create(tmp_path / name, Recipe(), "", "full", created, {})
    (tmp_path / "not a run").mkdir()
    assert [run.name for run in store.list_runs(tmp_path)] == ["b", "c", "a"]


def test_files_say_what_they_are(run, weights):
    checkpoints.save_weights(run, weights, 10)
    with safetensors.safe_open(run.folder / "weights.safetensors", "numpy") as file:
        assert {name: file.metadata()[name] for name in ("network", "step")} == {"network": "sum", "step": "10"}
    assert json.loads((run.folder / "run.json").read_text())["recipe"]["network"] == "sum"


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A run of the student's in the app's own folder."""
    monkeypatch.setattr(store, "ROOT", tmp_path)
    return store.create(tmp_path / "deep-1", Recipe(network="deep"), "words", "full", "2020-01-01T00:00:00Z", {})


def test_a_discarded_run_comes_back_as_it_was(own):
    labels.write(own, labels.Label("mine", star=True))
    place = trash.discard(own)
    assert store.list_runs() == [] and (place / "run.json").exists()
    assert trash.restore(place) == own and labels.read(own).title == "mine"
    assert not list((store.ROOT / ".trash").iterdir())
    with pytest.raises(store.RunError, match="no longer in the trash"):
        trash.restore(place)


def test_a_discarded_run_comes_back_beside_the_one_that_took_its_name(own):
    place = trash.discard(own)
    store.create(None, Recipe(network="deep", seed=7), "", "", "", {})
    again = trash.restore(place)
    assert again.name == "deep-1-1" and again.recipe == own.recipe
    assert store.read(store.ROOT / "deep-1").recipe.seed == 7


def test_what_came_with_the_app_trains_or_waits_is_not_discarded(own):
    shipped = store.create(store.ROOT / "sum", Recipe(network="sum"), "", "full", "", {})
    (shipped.folder / "shipped").touch()
    with pytest.raises(store.RunError, match="came with the app"):
        trash.discard(shipped)
    control.mark_queued(own, 1)
    with pytest.raises(store.RunError, match="waits to be trained. Stop it first"):
        trash.discard(own)
    control.unmark_queued(own)
    with control.lock(own), pytest.raises(store.RunError, match="is being trained. Stop it first"):
        trash.discard(own)
    assert len(store.list_runs()) == 2


def test_the_trash_keeps_a_run_for_a_day(own, monkeypatch):
    place = trash.discard(own)
    young = trash.discard(store.create(store.ROOT / "a", Recipe(), "", "", "", {}))
    assert place.exists() and trash.discarded() == [young, place]
    monkeypatch.setattr(trash, "TRASH_SECONDS", -1)
    trash.discard(store.create(store.ROOT / "b", Recipe(), "", "", "", {}))
    assert not place.exists() and not young.exists()
