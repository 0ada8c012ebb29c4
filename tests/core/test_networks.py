"""The networks count as the report counts, and NumPy computes what Keras computes."""

import dataclasses

import numpy as np
import pytest

from core.images import mnist
from core.model import forward, operations
from core.model.halves import Split
from core.model.layers import ReLU
from core.model.networks import NETWORKS, paired, pool_first, uncut, untied
from core.runs import checkpoints, store
from core.training import keras_model
from tests.harness.networks import SEPARABLE
from tests.harness.server import REPOSITORY

# the corrected total where the report's own does not add up (compact: printed 1,326,586)
REPORT_PARAMETERS = {
    "deep": 3_274_634,
    "linear": 3_274_634,
    "shallow": 63_250,
    "compact": 1_327_076,
    "reduced": 963_438,
    "dropout": 3_274_634,
    "sum": 3_303_315,
    "sum_linear": 3_303_315,
}
# a pair network's first FC layer counts once though it serves two halves
REPORT_LINES = {
    "shallow": ["512 + 8 = 520", "62,720 + 10 = 62,730"],
    "compact": ["784 + 16 = 800", "10,400 + 26 = 10,426", "1,304,576 + 1,024 = 1,305,600", "10,240 + 10 = 10,250"],
    "reduced": ["800 + 32 = 832", "18,432 + 64 = 18,496", "940,800 + 300 = 941,100", "3,000 + 10 = 3,010"],
    "deep": ["800 + 32 = 832", "51,200 + 64 = 51,264", "3,211,264 + 1,024 = 3,212,288", "10,240 + 10 = 10,250"],
    "sum": ["800 + 32 = 832", "51,200 + 64 = 51,264", "3,211,264 + 1,024 = 3,212,288", "38,912 + 19 = 38,931"],
}


UNTIED = [untied(network) for network in (*NETWORKS.values(), paired(SEPARABLE)) if network.reads_pairs]
ALL = [*NETWORKS.values(), SEPARABLE, *UNTIED]


def label(network):
    return network.name if network.tied else f"{network.name}, untied"


def initial_weights(network):
    return keras_model.get_weights(keras_model.build(network))


@pytest.fixture(scope="module")
def images():
    return mnist.embedded().test_images[:200]


@pytest.mark.parametrize("name", REPORT_PARAMETERS)
def test_parameters_equal_the_report(name):
    assert NETWORKS[name].parameters == REPORT_PARAMETERS[name]


@pytest.mark.parametrize("name", REPORT_LINES)
def test_arithmetic_is_written_as_in_the_report(name):
    lines = NETWORKS[name].parameter_lines
    assert [line.split(" = ", 1)[1] for line in lines[:-1]] == REPORT_LINES[name]
    assert lines[-1] == f"total: {REPORT_PARAMETERS[name]:,}"


def test_a_layer_without_a_bias_is_counted_without_one():
    assert SEPARABLE.parameter_lines == [
        "conv 3×3×1→4: 3·3·1·4 + 4 = 36 + 4 = 40",
        "depthwise conv 4×4, 4 channels: 4·4·4·1 = 64",
        "conv 1×1×4→6: 1·1·4·6 + 6 = 24 + 6 = 30",
        "depthwise conv 3×3, 6 channels: 3·3·6·1 = 54",
        "depthwise conv 7×7 over all of 6 channels: 7·7·6·1 = 294",
        "FC 6→10: 6·10 + 10 = 60 + 10 = 70",
        "total: 552",
    ]
    both = untied(paired(SEPARABLE))
    assert both.parameters == 2 * 552 and both.parameter_lines[1].endswith("2·(4·4·4·1 = 64) = 128")


def test_untied_halves_double_the_tower():
    network = untied(NETWORKS["sum"])
    assert network.parameters == 6_567_699 and network.multiply_adds == NETWORKS["sum"].multiply_adds
    assert network.parameter_lines[0] == "conv 5×5×1→32: 2·(5·5·1·32 + 32 = 800 + 32 = 832) = 1,664"
    assert network.parameter_lines[-2] == NETWORKS["sum"].parameter_lines[-2]


def test_tiny_has_fewer_than_a_thousand_parameters():
    assert NETWORKS["tiny"].parameters == 915


def test_sum_posterior_has_the_parameters_of_deep():
    assert NETWORKS["sum_posterior"].weight_shapes == NETWORKS["deep"].weight_shapes


def test_sum_linear_is_sum_without_the_shared_relu():
    with_relu, without = list(NETWORKS["sum"].layers), list(NETWORKS["sum_linear"].layers)
    with_relu.pop(with_relu.index(ReLU(), 7))  # the third one, after the shared FC layer
    assert with_relu == without


def test_multiply_adds_of_deep_are_half_its_27_8_mflop():
    assert NETWORKS["deep"].multiply_adds == pytest.approx(27.8e6 / 2, rel=2e-3)
    assert NETWORKS["sum"].multiply_adds == pytest.approx(27.8e6, rel=2e-3)  # the tower twice


@pytest.mark.parametrize("network", ALL, ids=label)
def test_keras_has_the_counted_weights(network):
    weights = initial_weights(network)
    assert {name: tensor.shape for name, tensor in weights.items()} == network.weight_shapes
    assert sum(tensor.size for tensor in weights.values()) == network.parameters


@pytest.mark.parametrize("initialization", ["he", "report"])
@pytest.mark.parametrize("network", ALL, ids=label)
def test_numpy_and_keras_agree_on_real_digits(network, initialization, images):
    model = keras_model.build(network, seed=5, initialization=initialization)
    batch = images.reshape(-1, *network.input_shape[:2])
    ours = forward.logits(network, keras_model.get_weights(model), batch)
    theirs = np.asarray(model(batch[..., None] / np.float32(255)))
    scale = max(1.0, np.abs(theirs).max() / 100)  # σ 0.1 gives logits in the hundreds
    assert np.abs(ours - theirs).max() < 1e-4 * scale


def test_every_intermediate_has_the_shape_that_was_counted(images):
    for network in ALL:
        weights = initial_weights(network)
        batch = images.reshape(-1, *network.input_shape[:2])[:3]
        outputs = forward.activations(network, weights, batch)
        for step, output in zip(network.steps, outputs, strict=True):
            assert output.shape == (3 * step.halves, *step.shape_out), step.label


def test_tower_and_head_give_the_whole(images):
    for network in (NETWORKS["sum"], NETWORKS["sum_linear"], NETWORKS["sum_posterior"], *UNTIED):
        weights = initial_weights(network)
        top, bottom = (
            forward.tower(network, weights, images[i:20:2], half) for i, half in enumerate(("top", "bottom"))
        )
        apart = forward.head(network, weights, top, bottom)
        whole = forward.logits(network, weights, images[:20].reshape(10, 56, 28))
        np.testing.assert_allclose(apart, whole, atol=1e-5)


def test_pooling_before_relu_is_the_same_function(images):
    network = NETWORKS["deep"]
    weights = initial_weights(network)
    swapped = dataclasses.replace(network, layers=pool_first(network.layers))
    assert swapped.layers != network.layers
    np.testing.assert_array_equal(
        forward.logits(network, weights, images[:10]), forward.logits(swapped, weights, images[:10])
    )


def test_sum_of_two_distributions_is_numpys_convolution():
    generator = np.random.default_rng(0)
    top, bottom = generator.dirichlet(np.ones(10), 2)
    np.testing.assert_allclose(operations.add_distributions(top, bottom), np.convolve(top, bottom), atol=1e-7)


def test_sum_posterior_says_what_the_convolution_of_its_digits_says(images):
    network = NETWORKS["sum_posterior"]
    weights = keras_model.get_weights(keras_model.build(network, seed=1))
    prediction = forward.predict(network, weights, images[0], images[1])
    expected = np.convolve(*prediction.digit_probabilities.astype(float))
    np.testing.assert_allclose(prediction.sum_probabilities, expected, atol=1e-6)


def test_no_reading_claims_to_be_certain(images):
    run = store.read(REPOSITORY / "checkpoints" / "sum_posterior")
    weights = checkpoints.load_weights(run)
    found = [forward.predict(run.network, weights, *pair) for pair in zip(images[:50], images[50:100], strict=True)]
    assert max(reading.sum_probabilities.max() for reading in found) > 0.9999
    said = {reading.reading for reading in found}
    assert not any("100%" in words for words in said) and any(">99% sure" in words for words in said)
    assert [forward.percent(p) for p in (0.0, 0.42, 0.994, 0.996, 1.0)] == ["0%", "42%", "99%", ">99%", ">99%"]
    assert [forward.percent(p, 1) for p in (0.0031, 0.996, 0.9996)] == ["0.3%", "99.6%", ">99%"]
    assert [forward.percent(p) for p in (0.006, 0.004, 1e-9)] == ["1%", "<1%", "<1%"]
    assert [forward.percent(p, 1) for p in (0.0006, 0.0004, 0.0)] == ["0.1%", "<0.1%", "0.0%"]
    assert forward.percent(4e-5, 2) == "<0.01%"


def test_uncut_differs_by_the_seam_alone(images):
    """With a blank edge between the digits wider than what the convolutions see, both read exactly the same."""
    network = NETWORKS["sum"]
    weights = {name: tensor * (1 - name.endswith("bias")) for name, tensor in initial_weights(network).items()}
    assert uncut(network).weight_shapes == network.weight_shapes
    pairs = images[:20].reshape(10, 56, 28).copy()
    whole, apart = (forward.logits(n, weights, pairs) for n in (uncut(network), network))
    assert np.abs(whole - apart).max() > 1e-3
    pairs[:, 20:36] = 0
    whole, apart = (forward.logits(n, weights, pairs) for n in (uncut(network), network))
    np.testing.assert_allclose(whole, apart, atol=1e-5)


def test_wrong_picture_size_is_refused_by_name(images):
    with pytest.raises(ValueError, match=r"sum reads images \(n, 56, 28\), not \(3, 28, 28\)"):
        forward.logits(NETWORKS["sum"], {}, images[:3])


def test_split_comes_first_so_that_halves_are_read_apart():
    for network in NETWORKS.values():
        assert not network.reads_pairs or network.layers[0] == Split()


@pytest.mark.parametrize("name", ["sum_posterior", "deep"])
def test_an_input_alone_gets_the_logits_that_it_gets_among_many(images, name):
    network = NETWORKS[name]
    weights, inputs = initial_weights(network), images.reshape(-1, *network.input_shape[:2])[:20]
    alone = [forward.activations(network, weights, one[None])[-1][0] for one in inputs]
    np.testing.assert_allclose(alone, forward.activations(network, weights, inputs)[-1], atol=1e-4)
