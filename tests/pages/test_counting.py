"""Parameters against constraints: the report's questions, every network and experiment, and the page."""

from math import prod

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.images import mnist
from core.model import forward
from core.model.layers import Convolution, Dense
from core.model.networks import NETWORKS
from core.report import experiments
from core.report.experiment import planned
from core.report.measurements import measured, runs_of
from core.runs import checkpoints, metrics, store
from core.theory import counting
from tests.core.test_report import finished
from tests.harness.needs import PATIENCE_SECONDS
from tests.harness.points import point


def test_the_report_s_three_questions():
    convolution = counting.convolution_parameters(96, 5, 3, biases=True)
    assert str(convolution) == "96·(5·5·3) + 96 = 7,296" != counting.PRINTED_CONVOLUTION
    dense = counting.dense_parameters((4, 4, 256), (4, 4, 256), biases=True)
    assert str(dense) == "4,096·4,096 + 4,096 = 16,781,312"
    assert str(counting.constraints(10_000, 1_000)) == "10,000 × 1,000 = 10,000,000"
    assert counting.PRINTED_CONVOLUTION == 96 * 18  # as the page says


@pytest.mark.parametrize("network", NETWORKS.values(), ids=lambda network: network.name)
def test_the_calculator_counts_every_layer_as_the_network_does(network):
    for step in network.steps:
        match step.layer:
            case Convolution(size, filters):
                count = counting.convolution_parameters(filters, size, step.shape_in[-1], biases=True)
            case Dense(units):
                count = counting.dense_parameters((1, 1, prod(step.shape_in)), (1, 1, units), biases=True)
            case _:
                continue
        assert count.total == step.parameters
        assert eval(count.arithmetic.replace("·", "*").replace(",", "")) == step.parameters


@pytest.mark.parametrize("biases", [True, False])
def test_the_arithmetic_is_what_it_says(biases):
    for count in (
        counting.convolution_parameters(7, 3, 2, biases),
        counting.dense_parameters((2, 3, 4), (5, 6, 7), biases),
    ):
        assert eval(count.arithmetic.replace("·", "*").replace(",", "")) == count.total


@pytest.mark.parametrize("wrong", [0, -1, 10_001, 2.5, True, "5"])
def test_what_is_out_of_range_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match="filters is .*; allowed: a whole number from 1 to 10,000"):
        counting.convolution_parameters(wrong, 5, 3, biases=True)


def test_every_network_of_the_app_is_counted():
    found = counting.balances()
    assert {balance.network.name for balance in found} == set(NETWORKS)
    for balance in found:
        assert balance.network.parameters == NETWORKS[balance.network.name].parameters
        assert balance.ratio == pytest.approx(balance.network.parameters / balance.constraints.total)
    by = {(balance.label, balance.by_pairs): balance.constraints.total for balance in found}
    assert by["few-images", False] == 2_500 and by["all-images", False] == by["sum", False] == 590_000
    assert by["sum", True] == 59_000**2 * 19


def test_the_training_images_are_those_of_the_data(full):
    assert len(full.train_labels) == counting.TRAINING_IMAGES["full"]
    assert len(mnist.embedded().train_labels) == counting.TRAINING_IMAGES["embedded"]


def test_gaps_are_those_of_the_runs():
    few = next(balance for balance in counting.balances() if balance.label == "few-images")
    experiment = experiments.ALL["few-images"]
    found = runs_of(experiment, experiment.variants[0])
    ends = [np.mean([point["train_accuracy"] for point in metrics.read(run)[-10:]]) for run in found]
    assert few.seeds == len(found) == 3
    assert few.gap == pytest.approx(np.mean(ends) - measured(experiment, experiment.variants[0]).mean)


def test_linear_is_one_matrix_of_as_many_numbers_as_the_page_says():
    """f(x) = A·x + b, with A and b found by asking for single pixels."""
    network = NETWORKS["linear"]
    weights = checkpoints.load_weights(store.read(store.locate("linear-seed1")))
    pixels = np.eye(28 * 28, dtype=np.float32).reshape(-1, 28, 28)
    bias = forward.logits(network, weights, np.zeros((1, 28, 28), np.float32))[0]
    matrix = forward.logits(network, weights, pixels) - bias
    assert matrix.size + bias.size == counting.LINEAR_PARAMETERS == 7_850
    digits = mnist.embedded().test_images[:20]
    expected = (digits / 255).reshape(20, -1) @ matrix + bias
    np.testing.assert_allclose(forward.logits(network, weights, digits), expected, atol=1e-3)


# the page


def page(**query):
    app = AppTest.from_file("../../pages/theory/counting/page.py", default_timeout=PATIENCE_SECONDS)
    app.query_params.update(query)
    app.run()
    assert not app.exception
    return app


def said(app):
    kinds = (app.markdown, app.caption, app.info)
    return " ".join(element.value for kind in kinds for element in kind) + " ".join(
        element.proto.body for element in app.get("html")
    )


def test_the_page_opens_with_the_report_s_questions():
    shown = said(page())
    for number in ("7,296", "16,781,312", "10,000,000"):
        assert f"<b>{number}</b>" in shown
    assert "**Printed:** 1,728. **Correct:** 7,296." in shown and "96·76 = 7,296" in shown
    assert "59,000² × 19 = 66,139,000,000" in shown and "784·10 + 10 = 7,850" in shown


def test_other_numbers_are_counted_and_the_report_s_come_back():
    app = page()
    app.text_input(key="conv_filters").set_value("32").run()
    app.text_input(key="conv_channels").set_value("1").run()
    assert "<b>832</b>" in said(app) and "Printed" not in said(app)
    app.toggle(key="conv_biases").set_value(False).run()
    assert "<b>800</b>" in said(app)
    next(button for button in app.button if button.label == "As in the report").click().run()
    assert "<b>7,296</b>" in said(app) and "Printed" in said(app)


def test_the_numbers_are_in_the_link():
    app = page(conv_filters="16", conv_size="7", conv_channels="1", count_images="250", count_categories="10")
    assert "<b>800</b>" in said(app) and "<b>2,500</b>" in said(app)


@pytest.mark.parametrize("wrong", ["-5", "99999999", "five", "2,5", "1e400"])
def test_a_number_that_cannot_be_meant_is_refused_in_words_in_the_link_and_typed(wrong):
    app = page(conv_filters=wrong)
    assert f"Filters is {wrong}; allowed: a whole number from 1 to 10,000" in app.error[0].value.replace("\\", "")
    app.text_input(key="conv_filters").set_value("1,5e1").run()
    assert not app.error and "15·(5·5·3) + 15" in said(app)
    app.text_input(key="conv_filters").set_value(" ").run()
    assert "Filters is empty" in app.error[0].value and "16,781,312" in said(app)


def test_without_runs_everything_is_still_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    shown = said(page())
    assert "No experiment has been measured yet" in shown and "66,139,000,000" in shown and "–" in shown


def test_a_run_of_one_s_own_gives_its_experiment_a_gap(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    name, recipe = planned(experiments.ALL["few-images"])[0]
    run = finished(name, recipe, 0.9)
    metrics.append(run, point(400, train_accuracy=1.0))
    (few,) = [balance for balance in counting.balances() if balance.label == "few-images"]
    ends = [point["train_accuracy"] for point in metrics.read(run)][-10:]
    assert few.seeds == 1 and few.gap == pytest.approx(np.mean(ends) - 0.9)
    assert "`deep` has" not in said(page())  # there is nothing to compare it with
