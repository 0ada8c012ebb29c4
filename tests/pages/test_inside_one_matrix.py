"""The linear network multiplied out: one pixel at a time, 1,000 digits, and a visitor of another network."""

import re

import numpy as np
import pytest

from core.images import mnist
from core.insight.one_matrix import is_linear, multiplied_out
from core.model import answers, forward
from core.model.networks import NETWORKS, SIDE
from core.runs import checkpoints, store
from tests.harness import inside, visits

DIGITS = mnist.embedded().test_images


@pytest.fixture(scope="module")
def linear():
    run = store.read(store.locate("linear-seed1"))
    return run.network, checkpoints.load_weights(run)


def test_only_linear_is_linear():
    assert [name for name, network in NETWORKS.items() if is_linear(network)] == ["linear"]


def test_every_entry_is_what_a_pixel_alone_adds(linear):
    one = multiplied_out(*linear, DIGITS[0])
    pixels = np.random.default_rng(0).choice(SIDE * SIDE, 60, replace=False)
    images = np.zeros((61, SIDE * SIDE), np.float32)
    images[np.arange(60), pixels] = 1
    logits = forward.logits(*linear, images.reshape(-1, SIDE, SIDE))
    np.testing.assert_allclose(one.matrix[pixels], logits[:60] - logits[60], atol=1e-5)
    np.testing.assert_allclose(one.bias, logits[60], atol=1e-4)


def test_3274634_parameters_act_as_7850(linear):
    one, (network, weights) = multiplied_out(*linear, DIGITS[0]), linear
    assert network.parameters == 3_274_634 and one.parameters == 7_850 and one.matrix.shape == (784, 10)
    np.testing.assert_allclose(one.logits(DIGITS), forward.logits(network, weights, DIGITS), atol=1e-4)


def test_products_of_pixels_add_up_to_the_logit(linear):
    one = multiplied_out(*linear, DIGITS[0])
    for digit in (0, 7):
        total = one.products(DIGITS[3], digit).sum() + one.bias[digit]
        np.testing.assert_allclose(total, forward.logits(*linear, DIGITS[3:4])[0, digit], atol=1e-4)


@pytest.mark.parametrize("name", ["shallow-seed1", "deep-seed1"])
def test_a_network_with_a_relu_is_a_matrix_at_one_digit_and_next_to_it_and_not_elsewhere(name):
    run = store.read(store.locate(name))
    weights, digit = checkpoints.load_weights(run), DIGITS[0] / np.float32(255)
    one = multiplied_out(run.network, weights, DIGITS[0])

    def apart(images):
        return np.abs(one.logits(images) - forward.logits(run.network, weights, images)).max()

    assert apart(DIGITS[:1]) < 1e-4
    assert apart((digit * np.float32(0.9999))[None]) < 1e-3
    assert apart(DIGITS[1:50]) > 1


def test_the_linear_networks_matrix_is_the_same_at_every_digit(linear):
    first, second = (multiplied_out(*linear, digit) for digit in DIGITS[:2])
    np.testing.assert_allclose(first.matrix, second.matrix, atol=1e-6)
    np.testing.assert_allclose(first.bias, second.bias, atol=1e-4)


def test_a_network_that_reads_pairs_is_refused():
    with pytest.raises(ValueError, match="sum reads pairs"):
        multiplied_out(NETWORKS["sum"], {}, DIGITS[0])


def test_visitor_goes_to_the_linear_network_and_reads_its_matrix():
    app = inside.page("One matrix")
    missed = float(re.search(r"misses that by up to <b>([\d.]+)", visits.html(app))[1])
    assert missed > 1
    next(button for button in app.button if button.label == "Show linear-seed1").click()
    app = visits.rerun(app)
    body = visits.html(app)
    assert app.selectbox(key="run").value == "linear-seed1"
    assert "<b>3,274,634</b> parameters act as <b>7,850</b>" in body
    said = next(element.value for element in app.markdown if "differ by" in element.value)
    assert float(re.search(r"differ by ([\d.e-]+) at most", said)[1]) < 1e-4
    run = store.read(store.locate("linear-seed1"))
    logits = answers.of_digits(run.network, checkpoints.load_weights(run), DIGITS[:1]).top[0]
    layers = re.search(r"The layers say ([−\d.]+)\.", body)[1].replace("−", "-")
    assert float(layers.rstrip(".")) == pytest.approx(logits.max(), abs=1e-3)


def test_a_network_that_bends_says_by_how_much_one_matrix_misses():
    body = visits.html(inside.page("One matrix", run="shallow-seed1"))
    assert float(re.search(r"This digit's matrix misses other digits by up to <b>([\d.]+)", body)[1]) > 1
