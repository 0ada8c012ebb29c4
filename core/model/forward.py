"""The networks in NumPy: batch in, logits and every intermediate out. What the pages use to predict.

A convolution is sliding windows and one matrix product. Plain NumPy keeps TensorFlow out of the Streamlit process.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from core.model.networks import (
    DIGITS,
    SUMS,
    AddDigits,
    AveragePool,
    Convolution,
    Dense,
    Dropout,
    Join,
    Layer,
    MaxPool,
    Network,
    ReLU,
    Softmax,
    Split,
    Step,
)

Weights = dict[str, np.ndarray]

PROBABILITY_FLOOR = 1e-30  # under which the logarithm of a probability is not followed
# (100, 19): SUM_OF_PAIR[10·d₁ + d₂, s] is 1 where d₁ + d₂ = s, so a product with it sums over the pairs of each sum
SUM_OF_PAIR = np.equal.outer(np.add.outer(np.arange(DIGITS), np.arange(DIGITS)).ravel(), np.arange(SUMS))
SUM_OF_PAIR = SUM_OF_PAIR.astype(np.float32)
FEW = 4  # inputs up to which vectors times an FC layer's matrix are quicker than one product of two matrices
ROWS = 256  # of a matrix taken at a time
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


def percent(probability: float) -> str:
    """A softmax's probability in whole percents; it is never certain, so what rounds to 100% is >99%."""
    return f"{probability:.0%}".replace("100%", ">99%")


def activations(network: Network, weights: Weights, images: np.ndarray) -> list[np.ndarray]:
    """The output of every layer of `network.steps`, in order; the last one is the logits.

    `images` (n, height, width), uint8 in 0…255 or float in 0…1. Between Split and Join the leading axis is 2n: the
    top and bottom half of each input in turn. Raises ValueError for another height or width.
    """
    height, width, _ = network.input_shape
    if images.ndim != 3 or images.shape[1:] != (height, width):
        raise ValueError(f"{network.name} reads images (n, {height}, {width}), not {images.shape}")
    return through(network.steps, weights, _scaled(images)[..., None])


def logits(
    network: Network,
    weights: Weights,
    images: np.ndarray,
    report: Callable[[float], None] = lambda done: None,
) -> np.ndarray:
    """Logits (n, classes) of images (n, height, width), in chunks so that memory stays small.

    For sum_posterior they are the logarithms of the sum's probabilities, whose softmax is those probabilities again.
    `report` hears the fraction done.
    """
    chunks = []
    for i in range(0, len(images), CHUNK):
        chunks.append(activations(network, weights, images[i : i + CHUNK])[-1])
        report(min(1.0, (i + CHUNK) / len(images)))
    return np.concatenate(chunks)


def tower(
    network: Network,
    weights: Weights,
    digits: np.ndarray,
    half: str = "top",
    report: Callable[[float], None] = lambda done: None,
) -> np.ndarray:
    """What the layers that serve each half of a sum network make of single digits: (n, 28, 28) to features (n, …).

    `half` ("top" or "bottom") matters where the halves are untied. `report` hears the fraction done.
    """
    if not network.tied:
        weights = {name.removeprefix(f"{half}."): tensor for name, tensor in weights.items()}
    steps = replace(network, tied=True).steps[1 : network.tower_length]
    chunks = []
    for i in range(0, len(digits), CHUNK):
        chunks.append(through(steps, weights, _scaled(digits[i : i + CHUNK])[..., None])[-1])
        report(min(1.0, (i + CHUNK) / len(digits)))
    return np.concatenate(chunks)


def head(network: Network, weights: Weights, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Logits (n, 19) of a sum network from the features of n top and n bottom digits, as `tower` gives them."""
    halves = np.stack([top, bottom], axis=1).reshape(2 * len(top), *top.shape[1:])
    return through(network.steps[network.tower_length :], weights, halves)[-1]


def predict(network: Network, weights: Weights, top: np.ndarray, bottom: np.ndarray) -> Prediction:
    """Read two digits (28, 28). A network that reads one digit reads both in turn, and their distributions add up."""
    if not network.reads_pairs:
        digit_probabilities = softmax(logits(network, weights, np.stack([top, bottom])))
        return Prediction(add_distributions(*digit_probabilities), digit_probabilities)
    outputs = activations(network, weights, np.concatenate([top, bottom])[None])
    names_digits = AddDigits() in network.layers
    return Prediction(softmax(outputs[-1])[0], outputs[network.tower_length - 1] if names_digits else None)


def predict_digit(network: Network, weights: Weights, digit: np.ndarray, half: str = "top") -> np.ndarray | None:
    """Digit probabilities (10,) of one digit (28, 28), or None where the network does not name digits."""
    if not network.reads_pairs:
        return softmax(logits(network, weights, digit[None]))[0]
    return tower(network, weights, digit[None], half)[0] if AddDigits() in network.layers else None


def add_distributions(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """P(s) = Σ P(d)·P(s−d): distributions (…, 10) of two digits to that of their sum, (…, 19)."""
    outer = top[..., :, None] * bottom[..., None, :]
    return outer.reshape(*outer.shape[:-2], DIGITS * DIGITS) @ SUM_OF_PAIR


def softmax(x: np.ndarray) -> np.ndarray:
    """exp(x) over its sum along the last axis, without overflow."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def row_blocks(kernel: np.ndarray, dtype: np.dtype) -> Iterator[np.ndarray]:
    """The rows of a matrix in a precision, a few at a time: they stay in the cache, and a copy of all takes 26 MB."""
    return (kernel[i : i + ROWS].astype(dtype, copy=False) for i in range(0, len(kernel), ROWS))


def _scaled(images):
    return images.astype(np.float32) / 255 if images.dtype == np.uint8 else images.astype(np.float32)


def through(steps: tuple[Step, ...], weights: Weights, x: np.ndarray) -> list[np.ndarray]:
    """The output of each of these steps in order, when x (n, …) goes into the first."""
    outputs = []
    for step in steps:
        owned = [weights[name] for name in step.weights]
        if len(owned) == 4:  # untied: tops and bottoms follow each other in the batch, and each has its own
            halves = [_apply(step.layer, x[0::2], *owned[:2]), _apply(step.layer, x[1::2], *owned[2:])]
            x = np.stack(halves, axis=1).reshape(len(x), *halves[0].shape[1:])
        else:
            x = _apply(step.layer, x, *owned)
        outputs.append(x)
    return outputs


def _apply(layer: Layer, x: np.ndarray, kernel=None, bias=None) -> np.ndarray:
    match layer:
        case Convolution():
            return convolve(x, kernel) + bias
        case Dense():
            return _product(x.reshape(len(x), -1), kernel) + bias
        case ReLU():
            return np.maximum(x, 0)
        case MaxPool():
            return reduce(np.maximum, _corners(x))
        case AveragePool():
            return sum(_corners(x)) / 4
        case Dropout():
            return x
        case Softmax():
            return softmax(x)
        case Split():
            return x.reshape(2 * len(x), x.shape[1] // 2, *x.shape[2:])
        case Join():
            return x.reshape(len(x) // 2, -1)
        case AddDigits():
            return np.log(np.maximum(add_distributions(x[0::2], x[1::2]), PROBABILITY_FLOOR))


def _product(x, kernel):
    """x @ kernel in the precision of x: float64 for a float32 kernel, where an earlier layer's weights are float64."""
    if x.dtype == kernel.dtype and len(x) > FEW:
        return x @ kernel
    inputs = x[:, None] if len(x) <= FEW else x  # (n, 1, in): a product each, of a vector
    blocks = enumerate(row_blocks(kernel, x.dtype))
    return sum(inputs[..., ROWS * i :][..., : len(rows)] @ rows for i, rows in blocks).reshape(len(x), -1)


def convolve(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """SAME convolution of stride 1 (the correlation that the field calls so): (n, h, w, in) to (n, h, w, out)."""
    size, _, channels, _ = kernel.shape
    n, height, width, _ = x.shape
    before = (size - 1) // 2
    padded = np.zeros((n, height + size - 1, width + size - 1, channels), x.dtype)
    padded[:, before : before + height, before : before + width] = x
    # a window's row is one run of memory, its channels among it, which makes the copy to rows quick
    lines = padded.reshape(n, height + size - 1, -1)
    windows = np.lib.stride_tricks.sliding_window_view(lines, (size, size * channels), axis=(1, 2))[:, :, ::channels]
    rows = windows.reshape(n * height * width, -1)  # a window each
    return (rows @ kernel.reshape(-1, kernel.shape[-1])).reshape(n, height, width, -1)


def _corners(x):
    """The first, second, third and fourth value of every 2×2, each (n, h, w, c); an odd edge is left out."""
    height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    return [x[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]
