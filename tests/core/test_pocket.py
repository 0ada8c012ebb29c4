"""A run becomes one HTML file that holds all it needs and asks for nothing."""

import base64
import hashlib
import html
import json
import re

import numpy as np
import pytest

from core.__main__ import main
from core.evaluation import Evaluation
from core.model.networks import NETWORKS, AddDigits, Convolution, Dense, Network, Softmax, Split
from core.pocket import document, rounding
from core.pocket.assembler import assemble
from core.pocket.cost import Cost
from core.runs import checkpoints, results, store
from pages.shared import phone

LARGEST_BYTES = 9_000_000  # of the file of a network of 3.3 million parameters
SHIPPED = ("sum", "pen-sum_linear-seed1", "sum_posterior")


def page_of(name, kind="float16"):
    run = store.read(store.locate(name))
    return document.document(run, checkpoints.load_weights(run), results.read(run), kind=kind)


def about(page):
    return json.loads(re.search(r'id="network">(.*?)</script>', page.decode(), re.S)[1])


@pytest.mark.parametrize("name", SHIPPED)
def test_a_large_network_fits_in_nine_megabytes_and_in_about_half_of_that_as_int8(name):
    assert len(page_of(name)) <= LARGEST_BYTES
    assert len(page_of(name, "int8")) <= 0.52 * LARGEST_BYTES


def test_tiny_adds_little_to_the_page_itself():
    page = page_of("tiny-seed2")
    assert about(page)["characters"] < 3_000 and len(page) < 61_000


def test_the_policy_names_what_is_inside_and_allows_no_request():
    page = page_of("tiny-seed2").decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    allowed = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert allowed.pop("default-src") == "'none'" and allowed.pop("img-src") == "data:"
    for kind, pattern in (("script-src", r"<script>(.*?)</script>"), ("style-src", r"<style>(.*?)</style>")):
        inside = [hashlib.sha256(text.encode()).digest() for text in re.findall(pattern, page, re.S)]
        assert set(allowed.pop(kind).split()) - {"'wasm-unsafe-eval'"} == {
            f"'sha256-{base64.b64encode(digest).decode()}'" for digest in inside
        }
    assert allowed == {"base-uri": "'none'", "form-action": "'none'"}
    assert not re.search(r'(src|href)="(?!data:)', page) and "{{" not in page


def test_what_the_file_tells_of_its_run_cannot_end_the_script_that_holds_it(tmp_path):
    run = store.read(store.locate("tiny-seed2"))
    hostile = store.Run(tmp_path / "x", run.recipe, "</script><script>alert(1)</script>", "full", run.created, {})
    page = document.document(hostile, checkpoints.load_weights(run), None)
    assert about(page)["recipe"]["trained on"] == hostile.data
    assert "alert(1)</script>" not in page.decode() and "not measured yet" in about(page)["accuracy"]


def test_the_file_names_network_accuracy_and_recipe():
    told = about(page_of("sum_posterior"))
    result = results.read(store.read(store.locate("sum_posterior")))
    assert told["label"] == f"sum_posterior · 3.3 M parameters · accuracy {result['accuracy']:.4f}"
    assert result["data"] in told["accuracy"] and told["arithmetic"] == NETWORKS["sum_posterior"].parameter_lines
    assert told["recipe"]["steps"] == "16000" and "59,000 images" in told["recipe"]["trained on"]


def test_int8_steps_are_at_most_half_a_step_off():
    generator = np.random.default_rng(0)
    weights = {"conv1.kernel": generator.normal(size=(3, 3, 2, 4)).astype(np.float32), "conv1.bias": np.ones(4, "f4")}
    weights["conv1.kernel"][..., 3] = 0  # a channel of nothing but zeros has no largest weight to scale by
    rounded = rounding.rounded(weights, "int8")
    step = np.abs(weights["conv1.kernel"]).reshape(-1, 4).max(axis=0) / rounding.LARGEST_STEP
    assert (np.abs(rounded["conv1.kernel"] - weights["conv1.kernel"]) <= step / 2 * 1.001).all()
    assert (rounded["conv1.bias"] == 1).all() and not rounding.is_exact(weights, "int8")


def test_the_assembler_refuses_what_it_does_not_know():
    text = (document.FOLDER / "rows.wat").read_text(encoding="utf-8")
    assert assemble(text).startswith(b"\x00asm") and len(assemble(text)) < 500
    with pytest.raises(ValueError, match="f32x4.div is not an instruction"):
        assemble(text.replace("f32x4.mul", "f32x4.div", 1))


def test_the_cost_of_rounding_is_told():
    before, after = (Evaluation(accuracy, 0.001, 0.1, "") for accuracy in (0.9805, 0.9802))
    assert Cost("int8", before, after).summary == "Before its weights were rounded to int8 it was 0.9805."
    assert "cost nothing" in Cost("int8", before, before).summary


def test_a_network_whose_halves_are_cut_later_is_refused():
    network = Network("late", "", (Convolution(3, 4), Split(), Dense(10), Softmax(), AddDigits()))
    with pytest.raises(ValueError, match="late does not begin with Split"):
        document.layers(network)


@pytest.mark.parametrize("kind", rounding.KINDS)
def test_export_writes_the_file_and_says_what_rounding_costs(kind, tmp_path, capsys):
    path = tmp_path / "tiny.html"
    assert main(["export", "tiny-seed2", "--format", "html", "--weights", kind, "--output", str(path)]) == 0
    told, printed = about(path.read_bytes()), capsys.readouterr().out
    assert f"{path.stat().st_size:,} bytes" in printed and told["accuracy"] in printed
    assert re.match(r"Accuracy 0\.9[78]\d\d ± 0\.00\d\d on ", told["accuracy"]) and kind in told["accuracy"]
    assert {tensor["type"] for tensor in told["tensors"]} == {"float16", kind}


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--format", "html", "--output", "x.txt"], "an HTML file's name ends in .html"),
        (["--format", "keras", "--weights", "int8"], "only --format html rounds them"),
        (["--format", "html", "--weights", "int4"], "invalid choice: 'int4'"),
        (["--format", "html", "--output", "/proc/none/x.html"], "cannot be written"),
    ],
)
def test_bad_options_are_answered_by_a_line(arguments, fault, capsys):
    assert main(["export", "tiny-seed2", *arguments]) == 2
    error = capsys.readouterr().err
    assert fault in error and "Traceback" not in error


def test_the_site_has_each_shipped_network_and_an_index_of_them(tmp_path, capsys):
    folder = tmp_path / "site"
    assert main(["export", "--site", str(folder)]) == 0
    index = (folder / "index.html").read_text(encoding="utf-8")
    linked = set(re.findall(r'<li><a href="([^"]+)">', index))
    assert linked == {path.name for path in folder.glob("*.html")} - {"index.html"}
    shipped = {
        run.recipe.network for run in store.list_runs() if store.is_shipped(run) and checkpoints.has_weights(run)
    }
    assert len(linked) == len(shipped) and (folder / re.search(r'class="first" href="([^"]+)"', index)[1]).exists()
    for network in shipped:
        assert html.escape(NETWORKS[network].summary) in index
    assert f"{len(linked)} networks" in capsys.readouterr().out
    assert not re.search(r'(src|href)="(https?:|//)', index) and "default-src 'none'" in index and "{{" not in index
    assert main(["export", "--site", str(folder)]) == 2 and "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ([], "give a RUN"),
        (["tiny-seed2", "--site", "x"], "--site goes alone"),
        (["--site", "/proc/x"], "cannot be written"),
    ],
)
def test_export_wants_a_run_or_a_folder(arguments, fault, capsys):
    assert main(["export", *arguments]) == 2
    assert fault in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://192.168.1.7:8501/pocket?run=x", "http://192.168.1.7:8501/pocket/a%20b"),
        ("https://lab.example.org/", "https://lab.example.org/pocket/a%20b"),
        ("http://[2001:db8::1]:8501/draw", "http://[2001:db8::1]:8501/pocket/a%20b"),
        ("http://localhost:8501/", None),
        ("http://127.0.0.1:8501/", None),
        ("http://[::1]:8501/", None),
        (None, None),
    ],
)
def test_a_phone_is_given_an_address_that_it_can_reach(url, address):
    assert phone.address_of("a b", url) == address
    assert phone.path_of("a b", "/lab/") == "/lab/pocket/a%20b"


def test_encoded_tensors_are_those_that_are_judged():
    run = store.read(store.locate("tiny-seed2"))
    weights = checkpoints.load_weights(run)
    descriptions, data = rounding.encode(weights, "float16")
    values = np.frombuffer(data, "<f2").astype(np.float32)
    expected = np.concatenate([tensor.ravel() for tensor in rounding.rounded(weights, "float16").values()])
    assert [entry["name"] for entry in descriptions] == list(run.network.weight_shapes)
    assert np.array_equal(values, expected)
