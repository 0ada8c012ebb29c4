"""The command line answers in one line, or in one JSON object, and refuses bad input with exit code 2."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from core import __main__
from core.images import mnist
from core.model import forward
from core.model.networks import NETWORKS
from core.recipe import RULES, Recipe
from core.rules import Number
from core.runs import checkpoints, control, results, store
from core.training import keras_model
from tests.harness.needs import PATIENCE_SECONDS
from tests.harness.server import REPOSITORY


@pytest.fixture(scope="module", params=["sum_posterior", "sum", "deep"])
def run(request, tmp_path_factory):
    """A finished run of each kind of network; its weights are those it started with."""
    recipe = Recipe(network=request.param)
    folder = tmp_path_factory.mktemp("runs") / request.param
    run = store.create(folder, recipe, "words", "embedded", "2020-01-01T00:00:00Z", {})
    checkpoints.save_weights(run, keras_model.get_weights(keras_model.build(run.network)), 0)
    results.write(run, {"accuracy": 0.0, "standard_error": 0.0, "loss": 2.3, "data": "", "steps": 0})
    return run


@pytest.fixture
def pictures(tmp_path):
    """A top digit white on black, a bottom one as a canvas with alpha, of other sizes."""
    top, bottom = (
        np.asarray(Image.fromarray(digit).resize((size, size)))
        for digit, size in zip(mnist.embedded().test_images[:2], (280, 300), strict=True)
    )
    bottom = np.dstack([np.zeros((300, 300, 3), np.uint8), bottom])
    Image.fromarray(top).save(tmp_path / "top.png")
    Image.fromarray(bottom).save(tmp_path / "bottom.png")
    return str(tmp_path / "top.png"), str(tmp_path / "bottom.png")


def core(capsys, *arguments):
    """Exit code, stdout and stderr of a command."""
    code = __main__.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def refused(capsys, *arguments):
    code, out, err = core(capsys, *arguments)
    assert code == 2 and out == "" and err.startswith("error: ") and err.count("\n") == 1, err
    return err


def test_predict_says_the_sum_and_its_distribution(run, pictures, capsys):
    code, out, _ = core(capsys, "predict", run.folder, *pictures, "--json")
    answer = json.loads(out)
    assert code == 0 and answer["run"] == run.name and answer["network"] == run.network.name
    assert len(answer["sum_probabilities"]) == 19
    assert sum(answer["sum_probabilities"]) == pytest.approx(1, abs=1e-4)
    assert answer["sum"] == int(np.argmax(answer["sum_probabilities"]))
    assert (answer["digits"] is None) == (run.network.name == "sum")
    _, words, _ = core(capsys, "predict", run.folder, *pictures)
    assert words.startswith(f"The sum is {answer['sum']}")


def test_evaluate_measures_and_says_on_what(run, capsys):
    code, out, _ = core(capsys, "evaluate", run.folder, "--json")
    answer = json.loads(out)
    assert code == 0 and answer["run"] == run.name and answer["network"] == run.network.name
    assert "embedded test digits" in answer["data"] and 0 <= answer["accuracy"] < 0.5
    assert 0 <= answer["pen_accuracy"] < 0.5
    independent = 500 if run.network.reads_pairs else 1000
    expected = (answer["accuracy"] * (1 - answer["accuracy"]) / independent) ** 0.5
    assert answer["standard_error"] == pytest.approx(expected)


def test_pack_halves_the_weights_and_measures_again(run, capsys):
    before = (run.folder / "weights.safetensors").stat().st_size
    code, out, _ = core(capsys, "pack", run.folder)
    assert code == 0 and "in float16, 0.0000 before" in out
    assert (run.folder / "weights.safetensors").stat().st_size < 0.51 * before
    assert "embedded test digits" in results.read(run)["data"] and results.read(run)["steps"] == 0
    files = [run.folder / name for name in ("weights.safetensors", "answers.safetensors")]
    packed = [path.read_bytes() for path in files]
    core(capsys, "pack", run.folder)
    assert [path.read_bytes() for path in files] == packed


def test_what_is_packed_already_or_came_with_the_app_is_left_as_it_is(run, capsys):
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}
    code, out, _ = core(capsys, "pack", run.folder)
    assert code == 0 and "is packed already" in out
    assert {path.name: path.read_bytes() for path in run.folder.iterdir()} == before
    full, half = (before[f"{kept}weights.safetensors"] for kept in ("before-", ""))
    assert len(full) > 1.9 * len(half)
    (run.folder / "answers.safetensors").unlink()  # as a pack that was killed after the weights
    assert "in float16" in core(capsys, "pack", run.folder)[1] and checkpoints.load_answers(run, "embedded")
    assert (run.folder / "before-weights.safetensors").read_bytes() == full
    (run.folder / "shipped").write_text("0" * 64)
    assert "came with the app, packed" in refused(capsys, "pack", run.folder)
    assert (run.folder / "weights.safetensors").read_bytes() == half
    (run.folder / "shipped").unlink()


def test_pack_leaves_alone_what_it_would_spoil(run, capsys):
    checkpoints.save_weights(run, keras_model.get_weights(keras_model.build(run.network)), 0)
    before, weights = results.read(run), (run.folder / "weights.safetensors").read_bytes()
    results.write(run, before | {"accuracy": 1.0})
    assert "would fall from 1.0000" in refused(capsys, "pack", run.folder)
    assert (run.folder / "weights.safetensors").read_bytes() == weights
    results.write(run, before)


# Keras' own way to NumPy, which NumPy 2 is about to refuse; nothing of ours can mend it
keras_saves = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
LOAD = """
import sys
import keras, numpy as np, tensorflow as tf
for folder in sys.argv[1:]:
    x, saved = np.load(f"{folder}/x.npy"), tf.saved_model.load(f"{folder}/new/folder")
    signature = saved.signatures["serving_default"]  # what TensorFlow Serving answers by: docs/scaling.md
    [(name, given)], [answered] = signature.structured_input_signature[1].items(), signature.structured_outputs
    assert given.dtype == tf.float32 and given.shape.as_list() == [None, *x.shape[1:]]
    served = signature(**{name: tf.constant(x.tolist())})[answered]  # from a request's JSON
    print(*np.concatenate([keras.models.load_model(f"{folder}/model.keras")(x), saved.serve(x), served]).ravel())
"""
EXPORTED = [Recipe(network=name) for name in ("sum_posterior", "sum", "deep")] + [Recipe(network="sum", tied=False)]


@keras_saves
def test_exported_models_load_without_our_code_and_give_our_logits(tmp_path, capsys):
    """In plain Keras and TensorFlow, in a process that cannot find our code."""
    exported = []
    for recipe in EXPORTED:
        run = store.create(tmp_path / f"{recipe.network}-{recipe.tied}", recipe, "words", "embedded", "2020", {})
        checkpoints.save_weights(run, keras_model.get_weights(keras_model.build(run.network)), 0)
        code, out, _ = core(capsys, "export", run.folder)
        assert code == 0 and out.startswith(str(run.folder / "model.keras"))
        place = run.folder / "new" / "folder"
        code, out, _ = core(capsys, "export", run.folder, "--format", "savedmodel", "--output", place)
        assert code == 0 and out.startswith(f"{place}\nLoad it with tf.saved_model.load")
        digits = mnist.embedded().test_images[:40].reshape(-1, *run.network.input_shape)
        np.save(run.folder / "x.npy", digits / np.float32(255))
        exported.append((run, digits[..., 0]))
    command = [sys.executable, "-P", "-c", LOAD, *(str(run.folder) for run, _ in exported)]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    for line, (run, digits) in zip(said.stdout.splitlines(), exported, strict=True):
        theirs = np.array(line.split(), float).reshape(3, len(digits), run.network.classes)
        ours = forward.logits(run.network, checkpoints.load_weights(run), digits)
        assert np.abs(theirs - ours).max() < 1e-4


def test_export_overwrites_nothing_it_was_told(run, tmp_path, capsys):
    (tmp_path / "mine.keras").write_text("mine")
    assert "is there already" in refused(capsys, "export", run.folder, "--output", tmp_path / "mine.keras")
    assert (tmp_path / "mine.keras").read_text() == "mine"
    assert "ends in .keras" in refused(capsys, "export", run.folder, "--output", tmp_path / "model.h5")
    assert "cannot be written" in refused(capsys, "export", run.folder, "--output", tmp_path / "mine.keras" / "a.keras")


def test_runs_lists_what_there_is(run, capsys, monkeypatch):
    monkeypatch.setattr(store, "ROOT", run.folder.parent)
    _, out, _ = core(capsys, "runs", "--json")
    [row] = json.loads(out)
    assert row["run"] == run.name and row["status"] == "finished" and row["parameters"] == run.network.parameters
    _, out, _ = core(capsys, "runs")
    assert out.startswith(run.name) and "finished" in out
    code, out, _ = core(capsys, "evaluate", run.name)  # by its name alone
    assert code == 0 and "on pairs of pen digits, of six writers never trained on" in out


def test_no_runs_says_what_to_do(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    assert "Train one" in core(capsys, "runs")[1]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ([], "COMMAND"),
        (["dance"], "dance"),
        (["train", "--network", "alexnet"], "network is 'alexnet'"),
        (["train", "--batch", "0"], "batch is 0; allowed: a whole number from 1 to 4,096"),
        (["train", "--batch", "-1"], "batch is -1; allowed: a whole number from 1 to 4,096"),
        (["train", "--batch", "1000000000"], "batch is 1000000000; allowed: a whole number from 1 to 4,096"),
        (["train", "--batch", "many"], "--batch"),
        (["train", "--learning-rate", "nan"], "learning_rate is nan; allowed: a number from 1e-07 to 1.0"),
        (["train", "--learning-rate", "1e9"], "learning_rate is 1000000000.0; allowed: a number from 1e-07 to 1.0"),
        (["train", "--steps", "1000000000"], "steps is 1000000000; allowed: a whole number from 1 to 1,000,000"),
        (["train", "--seed", str(2**64)], f"seed is {2**64}; allowed: a whole number from 0 to 4,294,967,295"),
        (["train", "--examples", "30000"], "examples is 30,000"),
        (["train", "--resume", "no such run"], "No run at"),
        (["train", "--resume", "x", "--batch", "3"], "--resume takes the run's own recipe"),
        (["train", "--run", "x/../../escaped"], "leads upwards"),
        (["train", "--run", "../escaped"], "leads upwards"),
        (["train", "--run", ".trash"], "begins with a dot"),
        (["train", "--run", "x/.jobs"], "begins with a dot"),
        (["train", "--run", "a\udcff"], "characters that cannot be shown"),  # as a byte that is no UTF-8 arrives
        (["train", "--run", "a\nb"], "characters that cannot be shown"),
        (["train", "--run", "a\\b"], "a backslash"),
        (["train", "--run", "é" * 150], "more than 200 bytes"),
        (["evaluate", "no such run"], "No run at"),
        (["predict", "no such run", "a.png", "b.png"], "No run at"),
        (["pack", "no such run"], "No run at"),
        (["export", "no such run"], "No run at"),
        (["export", "no such run", "--format", "onnx"], "--format"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, fault, capsys):
    assert fault in refused(capsys, *arguments)


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if isinstance(rule, Number)])
def test_every_number_beyond_its_limits_is_refused_with_them(name, capsys):
    low, high = RULES[name].low, RULES[name].high
    for value in (low - 1, high + 1):
        said = refused(capsys, "train", f"--{name.replace('_', '-')}={value}")
        assert f"{name} is {value}" in said and f"from {low:,} to {high:,}" in said


def test_a_run_that_diverges_stops_itself_and_says_so(tmp_path, capsys):
    """With nothing in it that cuts a value off, `linear` needs a few steps of 10,000 each to leave float32."""
    recipe = Recipe(network="linear", steps=1000, batch=1, examples=10, learning_rate=1.0, schedule="constant")
    run = store.create(tmp_path / "wild", recipe, "", "", "", {})
    control.request(run, rate_factor=1e4)
    code, _, err = core(capsys, "train", "--resume", run.folder)
    assert code == 1 and "no longer finite after step" in err and "Traceback" not in err
    assert control.status(run) == "failed" and "Try a lower learning rate than 10000." in control.failure(run)
    assert not checkpoints.has_weights(run) or checkpoints.load_weights(
        run
    )  # what is kept, on a slow machine, is finite


@pytest.mark.parametrize("arguments", [["runs"], ["reproduce", "--list"], ["predict", "no such run", "a", "b"]])
def test_nothing_is_said_to_a_reader_who_has_gone(arguments):
    """As in `python -m core runs | head`."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "core", *arguments]
    told = None if arguments[0] == "predict" else subprocess.PIPE
    ended = subprocess.run(command, cwd=REPOSITORY, stdout=writer, stderr=told or writer, text=True)
    os.close(writer)
    assert ended.returncode == 141 and not ended.stderr


def test_a_training_whose_reader_has_gone_is_stopped_and_not_failed(tmp_path):
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "core", "train", "--network", "tiny", "--steps", "100000", "--run", tmp_path / "a"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=writer, stderr=writer) as process:
        os.close(writer)
        while b"step " not in (line := os.read(reader, 10_000)):
            assert line
        os.close(reader)
        assert process.wait(PATIENCE_SECONDS) == 141
    assert control.status(store.read(tmp_path / "a")) == "stopped"


def test_train_into_a_run_that_exists_is_refused(run, capsys):
    assert "already a run" in refused(capsys, "train", "--network", run.network.name, "--run", run.folder)


def test_resume_of_a_finished_run_is_refused(run, capsys):
    assert "nothing is left to resume" in refused(capsys, "train", "--resume", run.folder)


def test_bad_pictures_are_refused_by_name(run, pictures, tmp_path, capsys):
    top, bottom = pictures
    blank, text, cut = tmp_path / "blank.png", tmp_path / "text.png", tmp_path / "cut.png"
    Image.new("L", (280, 280)).save(blank)
    text.write_text("not a picture")
    cut.write_bytes((tmp_path / "top.png").read_bytes()[:-200])
    assert "blank.png shows no digit: nothing is drawn" in refused(capsys, "predict", run.folder, top, blank)
    assert "text.png is not a picture" in refused(capsys, "predict", run.folder, text, bottom)
    assert "cut.png cannot be read as a picture (it is damaged" in refused(capsys, "predict", run.folder, cut, bottom)
    assert "absent.png is not there" in refused(capsys, "predict", run.folder, tmp_path / "absent.png", bottom)
    os.mkfifo(tmp_path / "pipe.png")  # nobody writes into it
    for no_file in (tmp_path / "pipe.png", tmp_path):
        assert f"{no_file} is no file" in refused(capsys, "predict", run.folder, no_file, bottom)
        assert f"{no_file} cannot be used (it is no file)" in refused(capsys, "predict", run.folder, "--list", no_file)
    for side in (10_000, 20_000):  # at the first Pillow would warn, at the second refuse
        Image.new("1", (side, side)).save(tmp_path / "large.png")
        said = refused(capsys, "predict", run.folder, tmp_path / "large.png", bottom)
        assert "has more than 64,000,000 pixels" in said
    Image.new("F", (28, 28), 0.5).save(tmp_path / "fractions.tiff")
    assert "greys as fractions" in refused(capsys, "predict", run.folder, tmp_path / "fractions.tiff", bottom)


def test_a_list_of_pairs_is_read_in_its_order_and_bad_lines_are_named(run, pictures, tmp_path, capsys):
    both = tmp_path / "both.png"
    halves = [
        np.asarray(Image.open(path).convert("RGBA").resize((280, 280)))[..., i]
        for path, i in zip(pictures, (0, 3), strict=True)
    ]
    Image.fromarray(np.concatenate(halves)).save(both)
    table = tmp_path / "pairs.csv"
    table.write_text("top,bottom\ntop.png,bottom.png\nabsent.png,top.png\n\nboth.png\ntop.png\nbottom.png,top.png\n")
    code, out, err = core(capsys, "predict", run.folder, "--list", table, "--json")
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 2 and "2 of 5 pairs could not be read" in err
    assert [answer["line"] for answer in answers] == [2, 3, 5, 6, 7]
    assert "absent.png is not there" in answers[1]["error"] and "shows one digit only" in answers[3]["error"]
    for answer, named in ((answers[0], pictures), (answers[2], [both]), (answers[4], pictures[::-1])):
        alone = json.loads(core(capsys, "predict", run.folder, *named, "--json")[1])
        assert answer | alone == answer
    table.write_text("top.png,bottom.png\n")
    code, out, err = core(capsys, "predict", run.folder, "--list", table)
    assert (code, err) == (0, "") and out.startswith("top.png + bottom.png: The sum is ") and out.count("\n") == 1
    after_an_option = core(capsys, "predict", run.folder, "--json", *pictures)[1]
    assert json.loads(after_an_option) == json.loads(core(capsys, "predict", run.folder, *pictures, "--json")[1])
    assert "unrecognized arguments: --jason" in refused(capsys, "predict", run.folder, *pictures, "--jason")
    table.write_text('"absent.png,top.png\ntop.png,bottom.png\n')  # a quote that is never closed
    code, out, err = core(capsys, "predict", run.folder, "--list", table)
    assert code == 2 and out.splitlines()[1].startswith("top.png + bottom.png: The sum is ")
    table.write_text("")
    assert "names no pictures" in refused(capsys, "predict", run.folder, "--list", table)
    assert "--list goes without" in refused(capsys, "predict", run.folder, "--list", table, both)
    assert "not 3" in refused(capsys, "predict", run.folder, both, both, both)


def test_every_network_is_read_from_real_digits_without_training(capsys, pictures, tmp_path):
    for name, network in NETWORKS.items():
        run = store.create(tmp_path / name, Recipe(network=name), "", "embedded", "", {})
        checkpoints.save_weights(run, keras_model.get_weights(keras_model.build(network)), 0)
        assert core(capsys, "predict", run.folder, *pictures)[0] == 0


def test_embedded_data_is_named_when_it_is_used(run, capsys):
    _, _, err = core(capsys, "evaluate", run.folder)
    assert "5,000 embedded images" in err and str(mnist.cache_path()) in err
