"""The shipped checkpoints are what their folders say, and as good as the README says."""

import numpy as np
import pytest

from core.evaluation import evaluate, judge
from core.images import mnist
from core.images.ink import digit_from_canvas
from core.model import answers, forward, operations
from core.model.networks import NETWORKS
from core.report import experiments
from core.report.experiment import PROTOCOLS, planned
from core.report.measurements import measured
from core.runs import checkpoints, control, metrics, results, store
from core.training import keras_model
from tests.harness import pen
from tests.harness.server import REPOSITORY

# of accuracy, what README.md says and a little less
GOALS = {"sum_posterior": 0.993, "sum": 0.97, "pen-sum_linear-seed1": 0.85}
PEN_DIGITS, PEN_PAIRS = 0.975, 0.95


@pytest.fixture(scope="module", params=GOALS)
def run(request):
    return store.read(REPOSITORY / "checkpoints" / request.param)


def test_recipe_seed_and_curve_are_shipped(run):
    assert run.network.name == run.recipe.network and run.network.name in run.name
    assert run.data_name == "full" and "59,000 images to train" in run.data  # less the embedded test images
    points = metrics.read(run)
    assert len(points) >= 50 and points[-1]["step"] == run.recipe.steps
    assert points[0]["test_accuracy"] < points[-1]["test_accuracy"] > 0.7
    assert control.status(run) == "finished"


def test_measured_accuracy_is_that_of_the_answers_which_are_the_weights_own(run, full):
    """The answers to every test image are shipped; some of them are computed again, in the soak test all."""
    kept, result = answers.from_tensors(run.network, checkpoints.load_answers(run, "full")), results.read(run)
    again = judge(kept, full)
    assert again.accuracy == pytest.approx(result["accuracy"], abs=2e-4) and again.data == result["data"]
    assert again.accuracy >= GOALS[run.name]
    some = answers.of_digits(run.network, checkpoints.load_weights(run), full.test_images[::25])
    for ours, theirs in ((some.top, kept.top[::25]), (some.bottom, kept.bottom[::25])):
        assert np.abs(ours - theirs).max() < 1e-5 * np.abs(theirs).max()


@pytest.mark.soak
def test_measured_accuracy_is_measured_again(run, full):
    result, again = results.read(run), evaluate(run.network, checkpoints.load_weights(run), full)
    assert again.accuracy == pytest.approx(result["accuracy"], abs=2e-4) and again.data == result["data"]


def test_embedded_test_images_are_read_as_well(run):
    """They are from MNIST's training set but were kept out of training, so nothing of them can be remembered."""
    accuracy = evaluate(run.network, checkpoints.load_weights(run), mnist.embedded()).accuracy
    assert accuracy > results.read(run)["accuracy"] - 0.03


def shipped():
    return [run for run in store.list_runs(REPOSITORY / "checkpoints") if store.is_shipped(run)]


def test_all_that_is_shipped_is_small():
    files = [path for run in shipped() for path in run.folder.rglob("*")]
    assert sum(path.stat().st_size for path in files) < 70e6


def test_every_experiment_is_shipped_with_its_recipe_curve_and_accuracy():
    quick, by_report = (
        dict(run for experiment in experiments.ALL.values() for run in planned(experiment, protocol))
        for protocol in PROTOCOLS
    )
    found, wanted = {run.name: run for run in shipped()}, quick | by_report
    assert set(quick) <= set(found) <= set(wanted)  # by the report's own protocol, whose runs take long, not all yet
    for name, run in found.items():
        assert run.recipe == wanted[name], name
        assert results.read(run) and metrics.read(run)[-1]["step"] == run.recipe.steps, name


def test_weights_of_one_run_of_each_network_are_shipped():
    having = {run.recipe.network: run for run in shipped() if (run.folder / "weights.safetensors").exists()}
    assert set(having) == set(NETWORKS)
    for run in having.values():
        checkpoints.load_weights(run)


@pytest.mark.parametrize("name", ["shallow", "compact", "all-images", "sum"])
def test_the_accuracy_that_the_report_printed_is_reached(name, monkeypatch):
    monkeypatch.setattr(store, "ROOT", REPOSITORY / "checkpoints")
    experiment = experiments.ALL[name]
    assert measured(experiment, experiment.variants[0]).mean >= experiment.printed_accuracy


def test_tiny_reaches_what_the_report_needed_a_million_parameters_for(monkeypatch):
    monkeypatch.setattr(store, "ROOT", REPOSITORY / "checkpoints")
    tiny = experiments.ALL["tiny"]
    assert min(measured(tiny, tiny.variants[0]).accuracies) >= experiments.ALL["compact"].printed_accuracy


def read_pen(every):
    """Accuracy of sum_posterior on each so many'th pen digit, and on disjoint pairs of these."""
    run = store.read(REPOSITORY / "checkpoints" / "sum_posterior")
    samples = pen.samples()[::every]
    digits = np.stack([digit_from_canvas(pen.draw(sample["strokes"])) for sample in samples])
    labels = np.array([sample["label"] for sample in samples])
    probabilities = forward.tower(run.network, checkpoints.load_weights(run), digits)
    top, bottom = mnist.disjoint_pairs(len(labels), seed=0).T
    sums = operations.add_distributions(probabilities[top], probabilities[bottom]).argmax(axis=1)
    return (probabilities.argmax(axis=1) == labels).mean(), (sums == labels[top] + labels[bottom]).mean()


def test_sum_posterior_reads_pen_strokes():
    """Judged on pen data, never trained on it: a tenth of it, of all its thirty writers; the soak test takes all."""
    digits, pairs = read_pen(every=10)
    assert digits >= PEN_DIGITS - 0.01 and pairs >= PEN_PAIRS - 0.02  # two standard errors of so few


@pytest.mark.soak
def test_sum_posterior_reads_the_pen_strokes_of_thirty_writers():
    digits, pairs = read_pen(every=1)
    assert digits >= PEN_DIGITS and pairs >= PEN_PAIRS


def test_numpy_and_keras_agree_on_the_shipped_weights(run):
    weights, images = checkpoints.load_weights(run), mnist.embedded().test_images[:400].reshape(200, 56, 28)
    model = keras_model.build(run.network)
    keras_model.set_weights(model, weights)
    theirs = model(images[..., None] / np.float32(255)).numpy()
    ours = forward.logits(run.network, weights, images)
    # a number line's logits reach thousands (18² times its sharpness); float32 keeps seven digits of each product, and
    # one fewer of the sum of 3,136 of them, which BLAS adds up in another order for another size of batch
    assert np.abs(ours - theirs).max() < max(1e-4, 4e-6 * np.abs(theirs).max())
    assert np.abs(operations.softmax(ours) - operations.softmax(theirs)).max() < 1e-4
