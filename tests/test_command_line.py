"""The command line answers in one line, or in one JSON object, and refuses bad input with exit code 2."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from core import __main__, forward, keras_model, mnist, runs
from core.networks import NETWORKS
from core.recipe import Recipe


@pytest.fixture(autouse=True)
def embedded_only(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")


@pytest.fixture(scope="module", params=["sum_posterior", "sum", "deep"])
def run(request, tmp_path_factory):
    """A finished run of each kind of network; its weights are those it started with."""
    recipe = Recipe(network=request.param)
    folder = tmp_path_factory.mktemp("runs") / request.param
    run = runs.create(folder, recipe, "words", "embedded", "2020-01-01T00:00:00Z", {})
    runs.save_weights(run, keras_model.get_weights(keras_model.build(run.network)), 0)
    runs.write_result(run, {"accuracy": 0.0, "standard_error": 0.0, "loss": 2.3, "data": "", "steps": 0})
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
    assert "embedded test set" in answer["data"] and 0 <= answer["accuracy"] < 0.5
    independent = 500 if run.network.reads_pairs else 1000
    expected = (answer["accuracy"] * (1 - answer["accuracy"]) / independent) ** 0.5
    assert answer["standard_error"] == pytest.approx(expected)


def test_pack_halves_the_weights_and_measures_again(run, capsys):
    before = (run.folder / "weights.safetensors").stat().st_size
    code, out, _ = core(capsys, "pack", run.folder)
    assert code == 0 and "in float16, 0.0000 before" in out
    assert (run.folder / "weights.safetensors").stat().st_size < 0.51 * before
    assert "embedded test set" in runs.read_result(run)["data"] and runs.read_result(run)["steps"] == 0


def test_pack_leaves_alone_what_it_would_spoil(run, capsys):
    before, weights = runs.read_result(run), (run.folder / "weights.safetensors").read_bytes()
    runs.write_result(run, before | {"accuracy": 1.0})
    assert "would fall from 1.0000" in refused(capsys, "pack", run.folder)
    assert (run.folder / "weights.safetensors").read_bytes() == weights
    runs.write_result(run, before)


# Keras' own way to NumPy, which NumPy 2 is about to refuse; nothing of ours can mend it
keras_saves = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
LOAD = """
import sys
import keras, numpy as np, tensorflow as tf
keras_file, folder, images = sys.argv[1:]
x, saved = np.load(images), tf.saved_model.load(folder)
print(*np.concatenate([keras.models.load_model(keras_file)(x), saved.serve(x)]).ravel())
"""


@pytest.fixture(scope="module")
def untied_sum(tmp_path_factory):
    recipe = Recipe(network="sum", tied=False)
    run = runs.create(tmp_path_factory.mktemp("runs") / "untied", recipe, "words", "embedded", "2020", {})
    runs.save_weights(run, keras_model.get_weights(keras_model.build(run.network)), 0)
    return run


def exports_agree(run, tmp_path, capsys):
    """What plain Keras and TensorFlow, in a process that cannot find our code, compute with what was exported."""
    code, out, _ = core(capsys, "export", run.folder)
    assert code == 0 and out.startswith(str(run.folder / "model.keras"))
    code, out, _ = core(capsys, "export", run.folder, "--format", "savedmodel", "--output", tmp_path / "new" / "folder")
    assert code == 0 and out.startswith(f"{tmp_path / 'new' / 'folder'}\nLoad it with tf.saved_model.load")
    digits = mnist.embedded().test_images[:40].reshape(-1, *run.network.input_shape)
    np.save(tmp_path / "x.npy", digits / np.float32(255))
    paths = [run.folder / "model.keras", tmp_path / "new" / "folder", tmp_path / "x.npy"]
    said = subprocess.run(
        [sys.executable, "-P", "-c", LOAD, *map(str, paths)], cwd=tmp_path, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    theirs = np.array(said.stdout.split(), float).reshape(2, len(digits), run.network.classes)
    ours = forward.logits(run.network, runs.load_weights(run), digits[..., 0])
    assert np.abs(theirs - ours).max() < 1e-4


@keras_saves
def test_exported_models_load_without_our_code_and_give_our_logits(run, tmp_path, capsys):
    exports_agree(run, tmp_path, capsys)


@keras_saves
def test_exported_untied_halves_give_our_logits(untied_sum, tmp_path, capsys):
    exports_agree(untied_sum, tmp_path, capsys)


def test_export_overwrites_nothing_it_was_told(run, tmp_path, capsys):
    (tmp_path / "mine.keras").write_text("mine")
    assert "is there already" in refused(capsys, "export", run.folder, "--output", tmp_path / "mine.keras")
    assert (tmp_path / "mine.keras").read_text() == "mine"
    assert "ends in .keras" in refused(capsys, "export", run.folder, "--output", tmp_path / "model.h5")
    assert "cannot be written" in refused(capsys, "export", run.folder, "--output", tmp_path / "mine.keras" / "a.keras")


def test_runs_lists_what_there_is(run, capsys, monkeypatch):
    monkeypatch.setattr(runs, "ROOT", run.folder.parent)
    _, out, _ = core(capsys, "runs", "--json")
    [row] = json.loads(out)
    assert row["run"] == run.name and row["status"] == "finished" and row["parameters"] == run.network.parameters
    _, out, _ = core(capsys, "runs")
    assert out.startswith(run.name) and "finished" in out
    code, _, _ = core(capsys, "evaluate", run.name)  # by its name alone
    assert code == 0


def test_no_runs_says_what_to_do(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(runs, "ROOT", tmp_path)
    assert "Train one" in core(capsys, "runs")[1]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ([], "COMMAND"),
        (["dance"], "dance"),
        (["train", "--network", "alexnet"], "network is 'alexnet'"),
        (["train", "--batch", "0"], "batch is 0"),
        (["train", "--batch", "many"], "--batch"),
        (["train", "--learning-rate", "nan"], "learning_rate is nan"),
        (["train", "--steps", "1000000000"], "steps is 1000000000"),
        (["train", "--seed", str(2**64)], "seed is"),
        (["train", "--examples", "30000"], "examples is 30,000"),
        (["train", "--resume", "no such run"], "No run at"),
        (["train", "--resume", "x", "--batch", "3"], "--resume takes the run's own recipe"),
        (["evaluate", "no such run"], "No run at"),
        (["predict", "no such run", "a.png", "b.png"], "No run at"),
        (["pack", "no such run"], "No run at"),
        (["export", "no such run"], "No run at"),
        (["export", "no such run", "--format", "onnx"], "--format"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, fault, capsys):
    assert fault in refused(capsys, *arguments)


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
    assert "blank.png: nothing is drawn" in refused(capsys, "predict", run.folder, top, blank)
    assert "text.png is not a picture" in refused(capsys, "predict", run.folder, text, bottom)
    assert "cut.png cannot be read" in refused(capsys, "predict", run.folder, cut, bottom)
    assert "absent.png is not there" in refused(capsys, "predict", run.folder, tmp_path / "absent.png", bottom)
    Image.new("1", (6000, 6000)).save(tmp_path / "large.png")
    assert "has more than" in refused(capsys, "predict", run.folder, tmp_path / "large.png", bottom)


def test_every_network_is_read_from_real_digits_without_training(capsys, pictures, tmp_path):
    for name, network in NETWORKS.items():
        run = runs.create(tmp_path / name, Recipe(network=name), "", "embedded", "", {})
        runs.save_weights(run, keras_model.get_weights(keras_model.build(network)), 0)
        assert core(capsys, "predict", run.folder, *pictures)[0] == 0


def test_embedded_data_is_named_when_it_is_used(run, capsys):
    _, _, err = core(capsys, "evaluate", run.folder)
    assert "5,000 embedded images" in err and str(mnist.cache_path()) in err
