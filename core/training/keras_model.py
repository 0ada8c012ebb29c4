"""The Keras model of a network: the same list of layers, ready to train. Imports TensorFlow; the pages never import it.

Variables carry the canonical tensor names of `Network.weight_shapes`, so weights move between Keras and NumPy by name.
"""

import dataclasses
from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from core.model.halves import AddDigits, Join, Split
from core.model.layers import Dense, DepthwiseConvolution, Dropout
from core.model.networks import Network, pool_first
from core.model.operations import DIGITS, PROBABILITY_FLOOR
from core.model.questions import QUESTIONS, Question


class TransposedDense(keras.layers.Layer):
    """keras.layers.Dense with its kernel kept as (units, inputs).

    A product with the rows of a matrix 1,024 wide, a power of two, misses the cache at every step: forward took twice
    the time (benchmarks/README.md).
    """

    def __init__(self, units, kernel_initializer, bias_initializer, **options):
        super().__init__(**options)
        self.units, self.kernel_initializer, self.bias_initializer = units, kernel_initializer, bias_initializer

    def build(self, shape):
        def transposed(kernel_shape, dtype=None):
            return ops.transpose(self.kernel_initializer(kernel_shape[::-1], dtype))

        self.kernel = self.add_weight(name="kernel", shape=(self.units, shape[-1]), initializer=transposed)
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer=self.bias_initializer)

    def call(self, inputs):
        return tf.nn.bias_add(tf.matmul(inputs, self.kernel, transpose_b=True), self.bias)


def build(
    network: Network,
    seed: int = 0,
    initialization: str = "he",
    keep_prob: float = 1.0,
    precision: str = "float32",
    dropout: Callable[..., keras.layers.Dropout] = keras.layers.Dropout,
    to_train: bool = False,
) -> keras.Model:
    """Build a Keras model from images (n, height, width, 1) in 0…1 to logits (n, classes) in float32.

    With precision "bfloat16" the layers up to the last FC layer compute in bfloat16; variables, the last FC layer and
    all after it stay in float32. `initialization` is a recipe's, or "zeros" for weights to be set. `dropout` makes the
    dropout layers, as Keras' own does. The layer before Join or AddDigits is named "tower". All layers are Keras' own,
    for other programs to load, unless it is `to_train`: then every FC layer but the last is a TransposedDense.
    """
    steps = dataclasses.replace(network, layers=pool_first(network.layers)).steps
    last_dense = max(i for i, step in enumerate(steps) if isinstance(step.layer, Dense))
    lower = "mixed_bfloat16" if precision == "bfloat16" else "float32"
    seeds = [int(word) for word in np.random.SeedSequence([seed, 4]).generate_state(2 * len(steps))]

    drop = partial(dropout, 1 - keep_prob) if keep_prob < 1 else None
    inputs = x = keras.Input(network.input_shape)
    bottom = None  # the bottom halves on their own way, where they have weights of their own; x is then the tops
    for i, step in enumerate(steps):
        options = {"dtype": lower if i < last_dense else "float32"}
        dense = TransposedDense if to_train and i < last_dense else keras.layers.Dense
        names = [name.removesuffix(".kernel") for name in step.kernels] or [""]
        match step.layer:
            case Split():
                if network.tied:
                    x = ops.reshape(x, (-1, *step.shape_out))  # top and bottom follow each other in the batch
                else:
                    halves = ops.reshape(x, (-1, 2, *step.shape_out))
                    x, bottom = halves[:, 0], halves[:, 1]
            case Join():
                x = ops.reshape(_as_tower(x, bottom), (-1, *step.shape_out))
                bottom = None
            case AddDigits():
                pairs = ops.reshape(_as_tower(x, bottom), (-1, 2, *step.shape_in))
                x = log_answer_probabilities(pairs[:, 0], pairs[:, 1:])[:, 0]
                bottom = None
            case _:
                if bottom is not None:
                    other_seed = seeds[len(steps) + i]
                    bottom = _apply(step, bottom, names[-1], initialization, other_seed, drop, dense, options)
                x = _apply(step, x, names[0], initialization, seeds[i], drop, dense, options)
    return keras.Model(inputs, x, name=network.name)


def _apply(step, x, name, initialization, seed, drop, dense, options):
    if name:
        options = options | {"name": name, **_initializers(initialization, seed, step)}
    if isinstance(step.layer, Dropout):
        return drop(seed=seed, **options)(x) if drop else x
    if isinstance(step.layer, Dense):
        if len(step.shape_in) > 1:
            x = keras.layers.Flatten(dtype=options["dtype"])(x)
        return dense(step.layer.units, **options)(x)
    return step.layer.keras(keras.layers, **options)(x)


def log_answer_probabilities(top, bottom, question: Question = QUESTIONS["sums"]):
    """Return log P(answer), (…, n, answers), from digit probabilities of a top (…, 10) and of n bottoms (…, n, 10).

    Of sums it is the convolution P(s) = Σ P(d)·P(s−d), as a product with a Toeplitz matrix: the top's probabilities
    make a 10×19 matrix that adds this digit to another one's distribution.
    """
    answers = len(question.answers)
    matrix = ops.reshape(ops.matmul(top, question.answer_of_pair.reshape(DIGITS, -1)), (-1, DIGITS, answers))
    return ops.log(ops.maximum(ops.matmul(bottom, matrix), PROBABILITY_FLOOR))


def named_variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Return the variables by canonical name, in the order of the layers; a TransposedDense's kernel as it is kept."""
    return {f"{layer.name}.{v.name}": v for layer in model.layers for v in layer.trainable_variables}


def dropout_seeds(model: keras.Model) -> dict[str, keras.Variable]:
    """Return the state of each dropout layer's random numbers: without it a resumed run drops other values."""
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    return {f"dropout{i + 1}.seed": layer.seed_generator.state for i, layer in enumerate(layers)}


def set_weights(model: keras.Model, weights: dict[str, np.ndarray]) -> None:
    """Put weights by canonical name into the model."""
    transposed = _transposed(model)
    for name, variable in named_variables(model).items():
        variable.assign(weights[name].T if name in transposed else weights[name])


def get_weights(model: keras.Model) -> dict[str, np.ndarray]:
    """Return the model's weights by canonical name, float32."""
    transposed = _transposed(model)
    tensors = {name: variable.numpy() for name, variable in named_variables(model).items()}
    return {name: np.array(t.T if name in transposed else t, order="C") for name, t in tensors.items()}


def tower(model: keras.Model) -> keras.Model:
    """Return the part of a sum network that serves each half alone: (n, 56, 28, 1) to (2n, …), top, bottom, top, …"""
    return keras.Model(model.inputs, model.get_layer("tower").output)


def _transposed(model):
    """The names of the tensors that the model keeps the other way round."""
    return {f"{layer.name}.kernel" for layer in model.layers if isinstance(layer, TransposedDense)}


def _as_tower(top, bottom):
    """The features that the tower ends in, as a layer to be found by name; untied halves in turn again."""
    x = top if bottom is None else ops.reshape(ops.stack([top, bottom], axis=1), (-1, *top.shape[1:]))
    return keras.layers.Identity(name="tower", dtype="float32")(x)


def _initializers(initialization, seed, step):
    if initialization == "zeros":
        return {"kernel_initializer": keras.initializers.Zeros(), "bias_initializer": "zeros"}
    if initialization == "report":
        return {
            "kernel_initializer": keras.initializers.TruncatedNormal(stddev=0.1, seed=seed),
            "bias_initializer": keras.initializers.Constant(0.1),
        }
    # He's, but Keras counts all channels among what a filter reads, of which a depthwise one reads its own alone
    scale = 2.0 * (step.shape_in[-1] if isinstance(step.layer, DepthwiseConvolution) else 1)
    he = keras.initializers.VarianceScaling(scale, "fan_in", "truncated_normal", seed=seed)
    return {"kernel_initializer": he, "bias_initializer": "zeros"}
