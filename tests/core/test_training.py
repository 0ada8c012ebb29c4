"""The training loop computes what it says, learns, and can be stopped, killed and resumed."""

import itertools
import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from core import settings
from core.evaluation import evaluate
from core.images import mnist, pen
from core.insight import number_line
from core.jobs import queue
from core.model import forward
from core.model.networks import NETWORKS
from core.recipe import Recipe
from core.runs import checkpoints, control, results, snapshots, store
from core.runs import metrics as run_metrics
from core.runs.curves import QUANTITIES
from core.training import keras_model, loop, precision
from core.training import trainer as run_trainer
from tests.harness.needs import PATIENCE_SECONDS, wait_until

AUGMENTED = ["--shift-pixels", "2", "--turn-degrees", "10", "--elastic-pixels", "0.7", "--stroke-width", "0.5"]


posix = pytest.mark.skipif(os.name != "posix", reason="sends signals that only POSIX systems have")


def command(*arguments, **options):
    """`python -m core …` as a user types it, on the embedded images."""
    return subprocess.Popen(
        [sys.executable, "-m", "core", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for runs, and a TensorFlow that says little."""
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    return tmp_path


def trainer(**fields):
    recipe = Recipe(**{"precision": "float32", "steps": 100, "batch": 8} | fields)
    return run_trainer.Trainer(recipe, recipe.architecture, mnist.embedded(), recipe.precision)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("name", ["sum", "sum_linear", "sum_posterior"])
@pytest.mark.parametrize("batch", [6, 7])
def test_all_pairs_of_a_batch_are_the_pairs_one_by_one(name, batch, tied):
    work = trainer(network=name, batch=batch, tied=tied, unmet="3+8")
    digits = mnist.embedded().train_images[:batch].astype(np.float32) / 255
    labels = tf.constant(mnist.embedded().train_labels[:batch].astype(np.int32))
    halves = work.losses._halves(tf.constant(digits), labels, training=False)
    logits, truth, weights = work.losses._pairs(*halves)
    pairs = np.array([np.concatenate([a, b]) for a in digits for b in digits])
    expected = forward.logits(work.network, keras_model.get_weights(work.model), pairs).reshape(batch, batch, 19)
    got = logits.numpy().reshape(batch, batch, 19)
    if name == "sum_posterior" and tied:  # which reads the same either way round
        np.testing.assert_allclose(expected, expected.transpose(1, 0, 2), atol=1e-4)
    np.testing.assert_allclose(got, expected, atol=1e-4)
    assert np.array_equal(truth.numpy().reshape(batch, batch), np.add.outer(labels, labels))
    never = [{int(a), int(b)} != {3, 8} for a in labels for b in labels]
    assert weights.numpy().tolist() == never


@pytest.mark.parametrize("pairing", ["fresh", "fixed"])
def test_dealt_pairs_are_pairs_of_different_digits_of_the_epoch(pairing):
    work = trainer(network="sum", pairing=pairing, batch=4)
    digits = mnist.embedded().train_images[:8].astype(np.float32) / 255
    halves = work.losses._halves(tf.constant(digits), tf.constant(range(8)), training=False)
    logits, truth, _ = work.losses._pairs(*halves)
    expected = forward.logits(NETWORKS["sum"], keras_model.get_weights(work.model), digits.reshape(4, 56, 28))
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    assert truth.numpy().tolist() == [0 + 1, 2 + 3, 4 + 5, 6 + 7]


@pytest.fixture
def few_pens(monkeypatch):
    """Thirty digits of the pen, as all of them take seconds to draw."""
    written = pen.to_train()[:30]
    monkeypatch.setattr(pen, "to_train", lambda: written)


@pytest.mark.parametrize(("pairing", "drawings"), [("all", 7), ("fresh", 8), ("fixed", 8)])
def test_a_batch_takes_its_share_of_pen_strokes_each_once_an_epoch(few_pens, pairing, drawings):
    work = trainer(network="sum", pairing=pairing, batch=8, pen_share=0.25)  # 100 steps
    labels = work.train[1].numpy()
    assert len(labels) == 4000 + 30 * drawings
    assert labels[4000:4030].tolist() == [digit.label for digit in pen.to_train()]
    order = work._order(100)
    assert ((order >= 4000).mean(axis=1) == 0.25).all()
    epoch = order[order >= 4000][: 30 * drawings]
    assert len(np.unique(epoch)) == len(epoch)
    work.step = 60  # a resumed run takes what the run would have taken
    assert np.array_equal(work._order(40), order[60:])


def test_pen_strokes_alone_are_a_batch_too(few_pens):
    work = trainer(network="deep", pen_share=1.0)
    assert (work._order(3) >= 4000).all() and np.isfinite(work.advance(2)).all()


def test_no_more_is_drawn_than_is_seen_and_a_stop_is_heard_meanwhile(few_pens, tmp_path, monkeypatch):
    recipe = Recipe(network="tiny", batch=8, steps=10, pen_share=0.5)
    images, _ = run_trainer.pen_images(recipe)
    assert len(images) == 2 * 30  # 40 of them are seen
    monkeypatch.setattr(pen, "_drawn", {})
    run = store.create(tmp_path / "pen", recipe, "embedded", "embedded", "2020-01-01", {})
    control.request(run, stop=True)
    with pytest.raises(loop.Stop):
        loop.train(run, mnist.embedded())
    assert control.status(run) == "stopped" and not (run.folder / "weights.safetensors").exists()


@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_adam_steps_are_keras_adams_steps(weight_decay):
    work = trainer(network="deep", batch=16, schedule="constant", average_decay=0.0, weight_decay=weight_decay)
    model = keras_model.build(NETWORKS["deep"], seed=0)
    optimizer = keras.optimizers.AdamW(1e-3, weight_decay=weight_decay, epsilon=run_trainer.ADAM_EPSILON)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    data, order = mnist.embedded(), mnist.batches(4000, 16, 0, 0, 5)
    for batch in order:
        with tf.GradientTape() as tape:
            logits = model(data.train_images[batch][..., None].astype(np.float32) / 255)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(data.train_labels[batch].astype(int), logits)
            loss = tf.reduce_mean(losses)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    ours, _ = work.advance(5)
    assert ours == pytest.approx(float(loss), rel=1e-4)
    for name, tensor in keras_model.get_weights(model).items():
        # where a gradient is hardly there, its sign is rounding's, and Adam's first steps go by the sign
        assert np.isclose(work.weights()[name], tensor, rtol=0, atol=2e-5).mean() > 0.99, name


def test_outlier_rate_bounds_the_loss():
    work = trainer(network="sum", outlier_rate=0.1)
    logits = tf.constant([[100.0] + [0.0] * 18, [0.0] * 18 + [5.0]])
    losses = work.losses._cross_entropies(tf.constant([5, 18]), logits).numpy()
    assert losses[0] == pytest.approx(-np.log(0.1 / 19), rel=1e-4)
    p = np.exp(5) / (np.exp(5) + 18)
    assert losses[1] == pytest.approx(-np.log(0.9 * p + 0.1 / 19), rel=1e-5)


def test_digit_labels_are_what_the_tower_learns_from():
    """The same features, judged digit by digit; the accuracy stays that of the sums."""
    by_sums, by_digits = (trainer(network="sum_posterior", labels=labels, batch=16) for labels in ("sums", "digits"))
    digits, labels = mnist.embedded().train_images[:16] / np.float32(255), mnist.embedded().train_labels[:16]
    named = forward.tower(by_digits.network, keras_model.get_weights(by_digits.model), digits)
    inputs = tf.constant(digits), tf.constant(labels.astype(np.int32))
    loss, accuracy = by_digits.losses.of_batch(*inputs)
    assert float(loss) == pytest.approx(-np.log(named[np.arange(16), labels]).mean(), rel=1e-4)
    assert float(accuracy) == float(by_sums.losses.of_batch(*inputs)[1])


def test_untied_halves_learn_weights_of_their_own():
    work = trainer(network="sum", tied=False, batch=8)
    work.advance(3)
    weights = work.weights()
    assert sum(tensor.size for tensor in weights.values()) == 6_567_699
    assert not np.array_equal(weights["top.conv2.kernel"], weights["bottom.conv2.kernel"])


def test_learning_rate_turned_while_it_runs_is_noted_and_resumed():
    work = trainer(network="tiny", schedule="constant", learning_rate=1e-3)
    work.rate_factor = 0.25
    work.advance(2)
    assert work.point(0.0, 0.0)["learning_rate"] == 2.5e-4
    assert set(work.point(0.0, 0.0)) == {"step", *(quantity.name for quantity in QUANTITIES)}
    again = trainer(network="tiny", schedule="constant", learning_rate=1e-3)
    again.restore(work.state(), 2)
    assert again.rate_factor == 0.25


@pytest.mark.parametrize(
    ("steps", "points"), [(3, [1, 2, 3]), (300, [1, 2, 5, 10, 20, 40]), (20_000, [1, 2, 5, 10, 20, 50, 100, 200, 400])]
)
def test_points_are_dense_at_first_and_then_even(steps, points):
    step = 0
    for point in points:
        step = loop.point_after(step, steps)
        assert step == point


@pytest.mark.parametrize("steps", [1, 30, 2500, 12_000, 1_000_000])
def test_snapshots_are_points_of_the_curve_that_lie_ever_further_apart(steps):
    points, step = [], 0
    while step < steps:
        step = loop.point_after(step, steps)
        points.append(step)
    taken = loop.snapshot_steps(steps)
    assert taken[0] == 1 and taken[-1] == steps and set(taken) <= set(points) and len(taken) <= 32
    assert all(later >= 1.5 * earlier for earlier, later in zip(taken[:-1], taken[1:-1], strict=False))
    assert steps != 2500 or len(taken) == 16


@pytest.mark.parametrize(("name", "tied"), [("sum", True), ("sum_linear", True), ("sum_posterior", False)])
def test_a_snapshot_is_of_the_features_that_numpy_computes_and_leaves_the_training_as_it_is(name, tied):
    work = trainer(network=name, tied=tied, keep_prob=0.5)
    before = work.state()
    kept = number_line.from_snapshot(work.snapshot())
    assert all(np.array_equal(value, before[key]) for key, value in work.state().items())
    digits, labels = number_line.snapshot_digits()
    features = number_line.features(work.network, work.weights(), digits)
    expected = number_line.draw_map(features, labels, 2).line
    np.testing.assert_allclose(np.abs(kept.scores[:, :2]), np.abs(expected.scores), atol=5e-3)
    np.testing.assert_allclose(kept.correlations[:2], expected.correlations, atol=2e-3)


def test_a_snapshot_of_what_is_not_finite_is_none():
    work = trainer(network="sum", batch=4)
    work.averaged.trainable_variables[-3].assign(work.averaged.trainable_variables[-3] * np.nan)
    assert work.snapshot() is None


def test_bfloat16_trains_the_same_float32_variables():
    work = trainer(network="sum_posterior", precision="bfloat16", batch=32)
    first, _ = work.advance(1)
    for _ in range(3):
        loss, _ = work.advance(10)
    assert loss < first
    assert {v.dtype for v in work.model.trainable_variables} == {"float32"}
    assert precision.faster() in ("float32", "bfloat16")


def test_a_point_judges_the_averaged_weights_as_numpy_would():
    work = trainer(network="sum_posterior", batch=32, learning_rate=2e-3, average_decay=0.9)
    work.advance(40)
    point = work.point(0.0, 0.0)
    data = mnist.embedded()
    result = evaluate(NETWORKS["sum_posterior"], work.weights(), data)
    assert point["test_accuracy"] == pytest.approx(result.accuracy, abs=1e-3)
    assert point["test_loss"] == pytest.approx(result.loss, rel=1e-3)
    assert result.accuracy > 0.5  # pure chance is 0.1


@pytest.mark.parametrize(("float32", "bfloat16"), [(0.01, 0.2), (0.2, 0.01)])
def test_a_machine_busy_with_other_things_does_not_decide_the_number_format(monkeypatch, float32, bfloat16):
    """Others may hold up any of a trial's rounds, and did: a run in the wrong format took twenty times as long."""
    held_up = itertools.cycle([5, 5, 0])
    seconds = {tf.float32: float32, tf.bfloat16: bfloat16}
    monkeypatch.setattr(precision, "_convolution_seconds", lambda dtype: seconds[dtype] + next(held_up))
    monkeypatch.setattr(precision, "TRIAL_SECONDS", 0.0)
    monkeypatch.setattr(precision, "LEAST_ROUNDS", 4)
    assert precision.faster.__wrapped__() == ("float32" if float32 < bfloat16 else "bfloat16")


def test_a_run_shorter_than_the_averaging_keeps_what_it_learned():
    work = trainer(network="deep", steps=3)
    before = work.weights()
    work.advance(3)
    assert all(not np.array_equal(tensor, before[name]) for name, tensor in work.weights().items())


def test_a_resumed_run_goes_on_in_its_number_format():
    work = trainer(network="deep", precision="bfloat16")
    assert run_trainer.Trainer.precision_of(work.state()) == "bfloat16"
    assert precision.first(Recipe(deterministic=True)) == "float32"


def test_command_trains_and_the_run_holds_what_it_printed(folder):
    folder = folder / "runs" / "first"
    process = command(
        "train", "--network", "sum_posterior", "--steps", 120, "--seed", 1, "--batch", 64, "--run", folder, *AUGMENTED
    )
    code, out, err = finished(process)
    assert code == 0, err
    assert "embedded images" in err and "left" in err and "Traceback" not in err
    run = store.read(folder)
    result, points = results.read(run), run_metrics.read(run)
    assert f"accuracy {result['accuracy']:.4f}" in out and result["accuracy"] > 0.6
    assert points[-1]["step"] == 120 and points[0]["test_accuracy"] < points[-1]["test_accuracy"]
    assert run.data_name == "embedded" and run.recipe.seed == 1 and control.status(run) == "finished"
    (events,) = folder.glob("events.out.tfevents.*")
    read = [tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(events))]
    told = {
        (event.step, value.tag): float(tf.make_ndarray(value.tensor)) for event in read for value in event.summary.value
    }
    curve = {point["step"]: pytest.approx(point["test_accuracy"]) for point in points}
    assert {step: value for (step, tag), value in told.items() if tag == "accuracy/test"} == curve
    evaluated = evaluate(run.network, checkpoints.load_weights(run), mnist.embedded())
    assert evaluated.accuracy == result["accuracy"]
    may_be = {"lock", "snapshots", "before-weights.safetensors"}  # the last one if it trained for SAVE_SECONDS
    leftovers = {path.name for path in folder.iterdir() if "tfevents" not in path.name} - may_be
    assert leftovers == {"run.json", "metrics.jsonl", "weights.safetensors", "answers.safetensors", "result.json"}
    assert snapshots.steps(run) == loop.snapshot_steps(120)
    first, last = (number_line.from_snapshot(snapshots.load(run, step)) for step in (1, 120))
    assert not np.array_equal(first.scores, last.scores)


@posix
def test_stopped_and_resumed_equals_never_stopped(folder):
    options = ["--network", "sum", "--steps", 30, "--batch", 8, "--keep-prob", "0.7", "--deterministic", *AUGMENTED]
    assert finished(command("train", *options, "--run", folder / "whole"))[0] == 0
    stopped = command("train", *options, "--run", folder / "parts")
    metrics = folder / "parts" / "metrics.jsonl"
    wait_until(lambda: metrics.exists() and metrics.read_bytes().count(b"\n"))  # at once: there are seconds to its end
    stopped.send_signal(signal.SIGINT)
    code, _, err = finished(stopped)
    assert code == 130 and f"--resume {folder / 'parts'}" in err
    run = store.read(folder / "parts")
    assert control.status(run) == "stopped" and run_metrics.read(run)[-1]["step"] < 30
    snapshots.save(run, {"scores": np.zeros(1)}, 29)  # as if it had gone on, unsaved, until a crash
    assert finished(command("train", "--resume", folder / "parts"))[0] == 0

    whole, parts = (store.read(folder / name) for name in ("whole", "parts"))
    for (name, tensor), again in zip(
        checkpoints.load_weights(whole).items(), checkpoints.load_weights(parts).values(), strict=True
    ):
        assert np.array_equal(tensor, again), name
    for name in ("weights.safetensors", "answers.safetensors"):
        assert (whole.folder / name).read_bytes() == (parts.folder / name).read_bytes(), name
    assert timeless(run_metrics.read(whole)) == timeless(run_metrics.read(parts))
    assert snapshots.steps(whole) == snapshots.steps(parts) == loop.snapshot_steps(30)
    for step in loop.snapshot_steps(30):
        one, other = (snapshots.load(run, step)["scores"] for run in (whole, parts))
        assert np.array_equal(one, other), step


EVERY_NETWORK = """
import sys
import numpy as np
import tensorflow as tf
from core.training.trainer import Trainer
from core.images import mnist, pen
from core.model.networks import NETWORKS
from core.recipe import Recipe

tf.config.experimental.enable_op_determinism()
FIELDS = {"keep_prob": 0.6, "shift_pixels": 2, "pen_share": 0.25, "deterministic": True}
written = pen.to_train()[:30]
pen.to_train = lambda: written  # all of them take seconds to draw
for name in sys.argv[1:]:
    for tied in (True, False) if NETWORKS[name].reads_pairs else (True,):
        recipe = Recipe(network=name, tied=tied, batch=8, steps=6, **FIELDS)
        whole, again = (Trainer(recipe, recipe.architecture, mnist.embedded(), "float32") for _ in range(2))
        whole.advance(2)
        state = whole.state()
        whole.advance(4)
        again.restore(state, 2)
        again.advance(4)
        for key, value in whole.state().items():
            if key != "seconds":
                assert np.array_equal(value, again.state()[key]), (name, tied, key)
        print(name, tied)
assert "streamlit" not in sys.modules  # a trainer's process needs no page
"""


def test_every_network_goes_on_to_the_bit_dropout_and_averages_included(folder):
    # two processes share the list: building a graph keeps one core busy
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": settings.REPOSITORY}
    shares = [list(NETWORKS)[i::2] for i in range(2)]
    ended = [subprocess.Popen([sys.executable, "-c", EVERY_NETWORK, *share], **pipes) for share in shares]
    lines = []
    for code, out, err in map(finished, ended):
        assert code == 0, err[-3000:]
        lines += out.splitlines()
    assert len(lines) == len(NETWORKS) + sum(network.reads_pairs for network in NETWORKS.values())


def test_a_loss_that_is_not_finite_ends_the_run_and_says_what_to_do(tmp_path):
    recipe = Recipe(network="deep", steps=10, batch=4, precision="float32", learning_rate=0.5)
    run = store.create(tmp_path / "wild", recipe, "embedded", "embedded", "2020-01-01", {})
    work = run_trainer.Trainer(recipe, run.network, mnist.embedded(), "float32")
    work.variables[-1].assign(work.variables[-1] * np.nan)
    with pytest.raises(loop.TrainingError, match=r"loss is no longer finite after step 1\. .* than 0\.5"):
        loop._follow(run, work, lambda progress: None)


def test_loading_ends_with_the_first_iteration_and_measuring_tells_how_far_it_is(tmp_path, monkeypatch):
    told, write = [], control.write_progress

    def heard(run, phase, **numbers):
        told.append((phase, numbers))
        write(run, phase, **numbers)

    monkeypatch.setattr(control, "write_progress", heard)
    run = queue.create(Recipe(network="tiny", steps=3, batch=8, precision="float32"), tmp_path / "run")
    loop.train(run, mnist.embedded())
    assert told[0] == ("training", {"step": 1, "steps": 3}) and len(run_metrics.read(run)) == 3
    done = [more["done"] for phase, more in told if phase == "measuring"]
    assert done == sorted(set(done)) and done[0] == 0 and done[-1] == 1 and len(done) > 2


def test_weights_that_are_not_finite_are_never_saved(tmp_path, monkeypatch):
    """ReLU turns a convolution that is not a number into zeros, and the loss stays finite."""
    monkeypatch.setattr(loop, "SAVE_SECONDS", 0)
    recipe = Recipe(network="deep", steps=10, batch=4, precision="float32", average_decay=0.0)
    run = store.create(tmp_path / "wild", recipe, "embedded", "embedded", "2020-01-01", {})
    work = run_trainer.Trainer(recipe, run.network, mnist.embedded(), "float32")
    work.variables[0].assign(work.variables[0] * np.nan)
    with pytest.raises(loop.TrainingError, match="weights are no longer finite after step 1"):
        loop._follow(run, work, lambda progress: None)
    assert not (run.folder / "weights.safetensors").exists()


def finished(process):
    """Exit code, stdout and stderr of a command that has come to its end."""
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, out.decode(), err.decode()


def timeless(points):
    return [{name: value for name, value in point.items() if name != "seconds"} for point in points]
