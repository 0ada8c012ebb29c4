"""The networks in NumPy: batch in, logits and every intermediate out. What the pages use to predict.

A convolution is sliding windows and one matrix product. Plain NumPy keeps TensorFlow out of the Streamlit process.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.model.networks import Network, Step
from core.model.operations import add_distributions, softmax, unit_range

Weights = dict[str, np.ndarray]

CHUNK = 16  # inputs computed together: enough for fast products, few enough to stay under 50 MB


@dataclass(frozen=True)
class Prediction:
    """What a network reads from two digits.

    sum_probabilities (19,). digit_probabilities (2, 10) for top and bottom where the network names digits, else None.
    """

    sum_probabilities: np.ndarray
    digit_probabilities: np.ndarray | None

    @property
    def sum(self) -> int:
        return int(self.sum_probabilities.argmax())

    @property
    def digits(self) -> tuple[int, int] | None:
        """The most probable top and bottom digit, where the network names digits. They need not add up to `sum`."""
        if self.digit_probabilities is None:
            return None
        top, bottom = self.digit_probabilities.argmax(axis=1)
        return int(top), int(bottom)

    @property
    def reading(self) -> str:
        """How sure the network is, and of which digits, in words."""
        sure = f"{percent(self.sum_probabilities.max())} sure"
        if self.digits is None:
            return f"{sure}."
        top, bottom = self.digits
        if top + bottom == self.sum:
            return f"{top} + {bottom}, {sure}."
        return f"{sure}, though by themselves the digits look most like {top} and {bottom}."


def percent(probability: float, decimals: int = 0) -> str:
    """Write a softmax's probability in percents; it is never certain, so what would round to 100% is >99%.

    What would round to 0% is less than the smallest share so written, <1% or <0.1%; 0% is only what is exactly 0.
    """
    text = f"{probability:.{decimals}%}"
    if probability > 0 and text == f"{0:.{decimals}%}":
        return f"<{10**-decimals:.{decimals}f}%"
    return ">99%" if text.startswith("100") else text


def activations(network: Network, weights: Weights, images: np.ndarray) -> list[np.ndarray]:
    """Return the output of every layer of `network.steps`, in order; the last one is the logits.

    `images` (n, height, width), uint8 in 0…255 or float in 0…1. Between Split and Join the leading axis is 2n: the
    top and bottom half of each input in turn. Raises ValueError for another height or width.
    """
    height, width, _ = network.input_shape
    if images.ndim != 3 or images.shape[1:] != (height, width):
        raise ValueError(f"{network.name} reads images (n, {height}, {width}), not {images.shape}")
    return through(network.steps, weights, unit_range(images)[..., None])


def logits(
    network: Network,
    weights: Weights,
    images: np.ndarray,
    on_progress: Callable[[float], object] = lambda done: None,
) -> np.ndarray:
    """Return the logits (n, classes) of images (n, height, width), in chunks so that memory stays small.

    For sum_posterior they are the logarithms of the sum's probabilities, whose softmax is those probabilities again.
    `on_progress` hears the fraction done.
    """
    chunks = []
    for i in range(0, len(images), CHUNK):
        chunks.append(activations(network, weights, images[i : i + CHUNK])[-1])
        on_progress(min(1.0, (i + CHUNK) / len(images)))
    return np.concatenate(chunks)


def tower(
    network: Network,
    weights: Weights,
    digits: np.ndarray,
    half: str = "top",
    on_progress: Callable[[float], object] = lambda done: None,
) -> np.ndarray:
    """Return what the layers that serve each half of a sum network make of single digits: (n, 28, 28) to (n, …).

    `half` ("top" or "bottom") matters where the halves are untied. `on_progress` hears the fraction done.
    """
    steps, weights = tower_of(network, weights, half)
    chunks = []
    for i in range(0, len(digits), CHUNK):
        chunks.append(through(steps, weights, unit_range(digits[i : i + CHUNK])[..., None])[-1])
        on_progress(min(1.0, (i + CHUNK) / len(digits)))
    return np.concatenate(chunks)


def tower_of(network: Network, weights: Weights, half: str) -> tuple[tuple[Step, ...], Weights]:
    """Return the steps that serve one half ("top" or "bottom") of a sum network, and the weights they take there."""
    if not network.tied:
        weights = {name.removeprefix(f"{half}."): tensor for name, tensor in weights.items()}
    return replace(network, tied=True).steps[1 : network.tower_length], weights


def head(network: Network, weights: Weights, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Return a sum network's logits (n, 19) from the features of n top and n bottom digits, as `tower` gives them."""
    halves = np.stack([top, bottom], axis=1).reshape(2 * len(top), *top.shape[1:])
    return through(network.steps[network.tower_length :], weights, halves)[-1]


def predict(network: Network, weights: Weights, top: np.ndarray, bottom: np.ndarray) -> Prediction:
    """Read two digits (28, 28). A network that reads one digit reads both in turn, and their distributions add up."""
    if not network.reads_pairs:
        digit_probabilities = softmax(logits(network, weights, np.stack([top, bottom])))
        return Prediction(add_distributions(*digit_probabilities), digit_probabilities)
    outputs = activations(network, weights, np.concatenate([top, bottom])[None])
    return Prediction(softmax(outputs[-1])[0], outputs[network.tower_length - 1] if network.names_digits else None)


def predict_digit(network: Network, weights: Weights, digit: np.ndarray, half: str = "top") -> np.ndarray | None:
    """Return digit probabilities (10,) of one digit (28, 28), or None where the network names no digits."""
    if not network.reads_pairs:
        return softmax(logits(network, weights, digit[None]))[0]
    return tower(network, weights, digit[None], half)[0] if network.names_digits else None


def digit_logits(network: Network, weights: Weights, digits: np.ndarray, half: str = "top") -> np.ndarray:
    """Return the logits (n, 10) of single digits (n, 28, 28), by a network that names digits.

    `half` matters where the halves are untied.
    """
    if not network.reads_pairs:
        return logits(network, weights, digits)
    steps, weights = tower_of(network, weights, half)  # whose last one is the softmax
    return through(steps[:-1], weights, unit_range(digits)[..., None])[-1]


def overflows(network: Network, weights: Weights) -> bool:
    """Return whether some image could take a value beyond float32, after which answers are no numbers.

    No image takes any further than a white one does where every weight and bias counts with its magnitude.
    """
    magnitudes = {name: np.abs(tensor) for name, tensor in weights.items()}
    height, width, _ = network.input_shape
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = activations(network, magnitudes, np.ones((1, height, width), np.float32))
    return not all(np.isfinite(output).all() for output in outputs)


def through(steps: tuple[Step, ...], weights: Weights, x: np.ndarray) -> list[np.ndarray]:
    """Return the output of each of these steps in order, when x (n, …) goes into the first."""
    outputs = []
    for step in steps:
        owned = [[weights[name] for name in names] for names in step.names_by_half]
        if step.untied:
            halves = [step.layer.forward(x[i::2], *of_half) for i, of_half in enumerate(owned)]
            x = np.stack(halves, axis=1).reshape(len(x), *halves[0].shape[1:])
        else:
            x = step.layer.forward(x, *owned[0])
        outputs.append(x)
    return outputs
