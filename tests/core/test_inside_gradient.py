"""Gradients of the logits by backpropagation in NumPy: those of TensorFlow's tape, and of finite differences."""

from dataclasses import replace

import numpy as np
import pytest

from core.insight.gradient import leading_gradients
from core.model import forward, operations
from core.model.networks import NETWORKS, SIDE, paired, pool_first, uncut, untied
from tests.harness.networks import SEPARABLE

EVERY_LAYER = [
    *(paired(NETWORKS[name]) for name in ("sum_posterior", "sum", "linear", "shallow", "tiny")),
    untied(NETWORKS["sum"]),
    paired(SEPARABLE),
]


def weights_of(network):
    """Weights as training begins with, so that values neither vanish nor grow from layer to layer."""
    generator = np.random.default_rng(1)
    return {
        name: generator.normal(0, np.sqrt(2 / np.prod(shape[:-1])) if len(shape) > 1 else 0.05, shape).astype("float32")
        for name, shape in network.weight_shapes.items()
    }


def digits():
    """Two pictures without two equal pixels: a max pool over equal ones has no single gradient."""
    return np.random.default_rng(2).uniform(0, 1, (2, SIDE, SIDE)).astype(np.float32)


def exact_weights_of(network):
    """Weights of −1, 0 and 1, and biases of so many sixteenths, each layer's scaled by a power of two."""
    generator, weights = np.random.default_rng(1), {}
    for name, shape in network.weight_shapes.items():
        scale = 2.0 ** round(np.log2(np.sqrt(3 / np.prod(shape[:-1])))) if len(shape) > 1 else 1 / 16
        weights[name] = (scale * generator.integers(-1, 2, shape)).astype(np.float32)
    return weights


def exact_digits():
    """Two pictures of whole sixty-fourths."""
    return (np.random.default_rng(2).integers(0, 65, (2, SIDE, SIDE)) / 64).astype(np.float32)


@pytest.mark.parametrize(
    "network", EVERY_LAYER, ids=lambda network: f"{network.name}{'' if network.tied else '-untied'}"
)
def test_gradients_are_those_of_tensorflow(network):
    """Sums on the way are exact, so no rounding puts a ReLU or a max pool on one side here and on the other there."""
    import tensorflow as tf

    from core.training import keras_model

    weights, (top, bottom) = exact_weights_of(network), exact_digits()
    model = keras_model.build(network)
    keras_model.set_weights(model, weights)
    image = tf.constant(np.concatenate([top, bottom])[None, ..., None])
    with tf.GradientTape() as tape:
        tape.watch(image)
        logits = model(image)
    expected = tape.jacobian(logits, image).numpy()[0, :, 0, ..., 0]
    for half, rows in (("top", slice(0, SIDE)), ("bottom", slice(SIDE, 2 * SIDE))):
        sums, of_sums, gradients = leading_gradients(network, weights, top, bottom, half, network.classes)
        assert (np.diff(of_sums) <= 0).all() and sorted(sums) == list(range(network.classes))
        np.testing.assert_allclose(of_sums, logits.numpy()[0][sums], atol=1e-4)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(gradients, expected[sums][:, rows], atol=1e-4 * scale)


def test_gradients_are_those_of_finite_differences():
    network = replace(NETWORKS["sum"], layers=pool_first(NETWORKS["sum"].layers))
    weights, (top, bottom) = weights_of(network), digits()
    sums, _, gradients = leading_gradients(network, weights, top, bottom, "top", 3)
    step = np.zeros((SIDE, SIDE), np.float32)
    step[11, 9] = 2e-4

    def logits(top):
        return forward.logits(network, weights, np.concatenate([top, bottom])[None])[0, sums]

    slope = (logits(top + step) - logits(top - step)) / (2 * step.max())
    np.testing.assert_allclose(gradients[:, 11, 9], slope, rtol=0.05, atol=0.01 * np.abs(gradients).max())


def test_a_probability_too_small_to_follow_still_has_a_gradient():
    network = NETWORKS["sum_posterior"]
    weights, (top, bottom) = weights_of(network), digits()
    weights["fc2.kernel"] = 200 * weights["fc2.kernel"]  # so sure that the other sums have no probability in float32
    image = np.concatenate([top, bottom])[None]
    floor = np.log(np.float32(operations.PROBABILITY_FLOOR))
    assert (forward.logits(network, weights, image) <= floor).any()
    _, logits, gradients = leading_gradients(network, weights, top, bottom, "top", network.classes)
    assert logits[-1] < floor and np.isfinite(gradients).all()
    assert (np.abs(gradients).max(axis=(1, 2)) > 0)[1:].all()


def test_a_network_that_sees_both_halves_as_one_picture_is_refused():
    network = uncut(NETWORKS["sum"])
    with pytest.raises(ValueError, match="does not split its input first"):
        leading_gradients(network, {}, *digits(), "top", 1)
