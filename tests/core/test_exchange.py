"""Weights go in and out, hostile files are refused in words and leave nothing behind, and curves become a table."""

import csv
import io
import json
import struct
import tomllib

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image

from core.__main__ import main
from core.images import mnist
from core.model import forward
from core.model.networks import NETWORKS, untied
from core.recipe import Recipe
from core.runs import checkpoints, control, exchange, metrics, store, tensors
from core.runs.curves import QUANTITIES
from tests.harness.points import point
from tests.harness.server import REPOSITORY


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path / "checkpoints")
    return store.ROOT


def weights_of(network, dtype=np.float32):
    generator = np.random.default_rng(0)
    return {
        name: generator.normal(0, 0.1, shape).astype(np.float32).astype(dtype)
        for name, shape in network.weight_shapes.items()
    }


def file_of(network, dtype=np.float32):
    return safetensors.numpy.save(weights_of(network, dtype), {"network": network.name})


SHALLOW = NETWORKS["shallow"]
SHALLOW_FILE = file_of(SHALLOW)


def with_header(change):
    """The file of `shallow` with its header, a dictionary, changed."""
    length = struct.unpack("<Q", SHALLOW_FILE[:8])[0]
    header = json.loads(SHALLOW_FILE[8 : 8 + length])
    text = json.dumps(change(header) or header).encode()
    return struct.pack("<Q", len(text)) + text + SHALLOW_FILE[8 + length :]


def twice():
    length = struct.unpack("<Q", SHALLOW_FILE[:8])[0]
    text = b'{"fc1.bias":{"dtype":"F32","shape":[10],"data_offsets":[0,40]},' + SHALLOW_FILE[9 : 8 + length]
    return struct.pack("<Q", len(text)) + text + SHALLOW_FILE[8 + length :]


def shallow_with(**changes):
    changed = weights_of(SHALLOW) | {name.replace("__", "."): tensor for name, tensor in changes.items()}
    return safetensors.numpy.save(changed)


@pytest.mark.parametrize("network", [*NETWORKS.values(), untied(NETWORKS["sum"])], ids=lambda n: f"{n.name}{n.tied}")
def test_a_file_is_recognized_by_its_tensors_and_first_by_its_own_word(network):
    found = exchange.recipes_of(file_of(network), "mine.safetensors")
    assert found[0].architecture == network
    assert all(recipe.architecture.weight_shapes == network.weight_shapes for recipe in found)


def test_networks_that_differ_by_no_tensor_are_all_offered():
    found = {frozenset(r.network for r in exchange.recipes_of(file_of(NETWORKS[n]), "x")) for n in ("deep", "sum")}
    assert found == {frozenset({"deep", "linear", "dropout", "sum_posterior"}), frozenset({"sum", "sum_linear"})}


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_uploaded_weights_are_a_run_that_reads_digits(dtype, root):
    run = exchange.add_upload(file_of(SHALLOW, dtype), Recipe(network="shallow"), "my weights.safetensors")
    assert store.list_runs() == [run] and run.folder == root / "shallow-1"
    assert run.data == "unknown: uploaded as my weights.safetensors" and control.status(run) == "uploaded"
    weights = checkpoints.load_weights(run)
    for name, tensor in weights_of(SHALLOW).items():
        np.testing.assert_array_equal(weights[name], tensor.astype(dtype))
    assert forward.logits(SHALLOW, weights, mnist.embedded().test_images[:5]).shape == (5, 10)


def with_field(name, value):
    """The file whose header says something else of one tensor."""
    return with_header(lambda header: header | {"fc1.bias": header["fc1.bias"] | {name: value}})


def with_values(change):
    return safetensors.numpy.save({name: change(v).astype(np.float32) for name, v in weights_of(SHALLOW).items()})


HOSTILE = {
    "empty": (b"", "not a safetensors file, or was cut short"),
    "short": (b"short", "not a safetensors file, or was cut short"),
    "text": (b"Dear app, here are my weights. " * 99, "not a safetensors file"),
    "cut in the header": (SHALLOW_FILE[:50], "its header does not end"),
    "cut by a byte": (SHALLOW_FILE[:-1], "was cut short"),
    "cut by half": (SHALLOW_FILE[: len(SHALLOW_FILE) // 2], "was cut short"),
    "one byte more": (SHALLOW_FILE + b"\0", "has more at its end"),
    "huge": (SHALLOW_FILE * 3, "more than they need"),
    "header of 2**63": (struct.pack("<Q", 2**63) + SHALLOW_FILE[8:], "not a safetensors file"),
    "header of 2**64-1": (b"\xff" * 8 + SHALLOW_FILE[8:], "not a safetensors file"),
    "pickle": (b"\x80\x04\x95\x1a\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system", "a Python pickle, which could run"),
    "zip": (b"PK\x03\x04\x14\0\0\0\x08\0" + bytes(300), "a ZIP archive"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(300), "an HDF5 file"),
    "duplicate keys": (twice(), "has 'fc1.bias' twice"),
    "deep header": (struct.pack("<Q", 40_002) + b'{"' + b"[" * 40_000, "header cannot be read"),
    "no tensors": (struct.pack("<Q", 2) + b"{}", "is missing"),
    "a list": (struct.pack("<Q", 2) + b"[]", "not a safetensors file"),
    "strange entries": (with_header(lambda h: {"fc1.bias": 7}), "describes no tensors"),
    "strange metadata": (with_header(lambda h: h | {"__metadata__": [1]}), "describes no tensors"),
    "strange shape": (with_header(lambda h: h | {"fc1.bias": {"dtype": "F32", "shape": ["10"]}}), "a tensor no shape"),
    "extra tensor": (shallow_with(fc9__bias=np.zeros(1, np.float32)), "'fc9.bias' is not one of its own"),
    "other shape": (shallow_with(fc1__bias=np.zeros(11, np.float32)), r"fc1.bias has shape \(11,\), not \(10,\)"),
    "float64": (shallow_with(fc1__bias=np.zeros(10)), "fc1.bias is F64, not float16 or float32"),
    "integers": (shallow_with(fc1__bias=np.zeros(10, np.int32)), "fc1.bias is I32"),
    "nan": (shallow_with(fc1__bias=np.full(10, np.nan, np.float32)), "fc1.bias has values that are not finite"),
    "infinite": (shallow_with(fc1__bias=np.full(10, np.inf, np.float16)), "fc1.bias has values that are not finite"),
    "too large": (
        with_values(lambda values: np.where(values > 0, 3e38, -3e38)),
        "so large that no answer would be a number",
    ),
    "a list for a number format": (with_field("dtype", ["F32"]), "in another way than safetensors"),
    "an object for a number format": (with_field("dtype", {"F32": 1}), "in another way than safetensors"),
    "no number format": (with_field("dtype", None), "in another way than safetensors"),
    "words for offsets": (with_field("data_offsets", ["0", "40"]), "in another way than safetensors"),
    "truth for a shape": (with_field("shape", [True]), "a tensor no shape"),
    "a shape of a thousand numbers": (with_field("shape", [1] * 1000), "has shape"),
    "half a character in a name": (with_header(lambda h: h | {"\ud800": h["fc1.bias"]}), "holds what is no text"),
    "half a character for a format": (with_field("dtype", "\ud800"), "holds what is no text"),
    "half a character for a network": (with_header(lambda h: h | {"__metadata__": {"network": "\ud800"}}), "no text"),
    "a number for a network": (with_header(lambda h: h | {"__metadata__": {"network": 7}}), "in another way"),
    "overlapping": (
        with_header(lambda h: h | {"fc1.bias": h["fc1.bias"] | {"data_offsets": [0, 40]}}),
        "does not hold the weights of shallow",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_words_and_leaves_nothing(name, root):
    data, fault = HOSTILE[name]
    with pytest.raises(store.RunError, match=fault) as refused:
        for recipe in exchange.recipes_of(data, "bad.bin"):
            exchange.add_upload(data, recipe, "bad.bin")
    assert "bad.bin" in str(refused.value) and len(str(refused.value)) < 300
    with pytest.raises(store.RunError):
        exchange.add_upload(data, Recipe(network="shallow"), "bad.bin")
    assert not root.exists()


def test_another_networks_weights_are_refused(root):
    with pytest.raises(store.RunError, match=r"does not hold the weights of compact: .* more than they need"):
        exchange.add_upload(file_of(NETWORKS["deep"]), Recipe(network="compact"), "deep.safetensors")
    with pytest.raises(store.RunError, match=r"conv1.kernel has shape \(8, 8, 1, 8\), not \(5, 5, 1, 32\)|is missing"):
        exchange.add_upload(SHALLOW_FILE, Recipe(network="deep"), "shallow.safetensors")
    assert not root.exists()


def test_every_cut_of_a_header_is_refused():
    header = 8 + struct.unpack("<Q", SHALLOW_FILE[:8])[0]
    for length in range(header):
        with pytest.raises(store.RunError):
            exchange.recipes_of(SHALLOW_FILE[:length], "cut")


def test_a_files_name_cannot_break_what_is_shown(root):
    run = exchange.add_upload(SHALLOW_FILE, Recipe(network="shallow"), "![a\u202e](gnp.\n\0" + "x" * 500)
    assert run.data.startswith("unknown: uploaded as agnp.xxx") and len(run.data) < 110


def test_curves_are_a_table_with_every_quantity_of_every_run(root):
    first, second = (store.create(root / name, Recipe(), "", "", "", {}) for name in ("a", "b, with comma"))
    metrics.append(first, point(10, train_loss=2.25))
    metrics.append(first, point(20, train_loss=1.5, test_accuracy=0.5))
    metrics.append(second, point(5, rate_factor=0.1))
    rows = list(csv.DictReader(io.StringIO(exchange.curves_csv([first, second]))))
    assert list(rows[0]) == ["run", "step", *(q.name for q in QUANTITIES if q.required), "rate_factor"]
    assert {name: rows[1][name] for name in ("run", "step", "train_loss", "test_accuracy", "rate_factor")} == {
        **{"run": "a", "step": "20", "train_loss": "1.5", "test_accuracy": "0.5", "rate_factor": ""}
    }
    assert rows[2]["run"] == "b, with comma" and rows[2]["rate_factor"] == "0.1" and len(rows) == 3
    assert exchange.curves_csv([]) == "run,step\n"


def test_the_largest_networks_weights_may_be_uploaded():
    config = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text())
    most_bytes = config["server"]["maxUploadSize"] * 2**20 - tensors.HEADER_BYTES
    assert max(4 * network.parameters for network in NETWORKS.values()) < most_bytes
    # two towers of their own are 26 MB in float32: those go through in float16, as `python -m core pack` writes them
    assert max(2 * untied(network).parameters for network in NETWORKS.values() if network.reads_pairs) < most_bytes


def test_weights_that_answer_with_no_number_are_said_and_no_json_holds_nan(root, tmp_path, capsys):
    run = exchange.add_upload(SHALLOW_FILE, Recipe(network="shallow"), "mine.safetensors")
    (run.folder / "weights.safetensors").write_bytes(HOSTILE["too large"][0])
    Image.fromarray(np.full((28, 28), 255, np.uint8)).save(tmp_path / "digit.png")
    picture = str(tmp_path / "digit.png")
    assert main(["predict", run.name, picture, picture, "--json"]) == 2
    said = capsys.readouterr()
    assert not said.out and "so large that no answer would be a number" in said.err
