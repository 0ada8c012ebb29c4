"""Teach a network a visitor's hand from the sums of a few pairs: only its last layer moves, in NumPy.

All layers before the last stay as they are, so a digit is carried through them once and kept as features. A network
that names digits learns from a sum alone, as it did in training (core/credit.py). For a network that names none, each
taught digit is paired with digits of MNIST: from one sum alone its last layer, which has to add, would unlearn other
sums.

That it forgets nothing: beside what is taught, pairs of MNIST are repeated; the layer is pulled to what it was; and it
learns on whitened features (of MNIST they have mean 0 and covariance 1), so that a step goes where MNIST is not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod

import numpy as np

from core.credit import Features, digit_logits, gradients
from core.evaluation import judge
from core.images import mnist
from core.model import forward
from core.model.answers import Answers
from core.model.forward import Weights
from core.model.networks import Network, paired
from core.model.operations import DIGITS, SUMS, softmax, unit_range

STEPS = 150  # from the trained weights on, each time something is taught; the rate falls to 0 on the way
RATE = 1e-3  # of Adam
# of gradient descent with momentum, which networks get that name no digits: their last layer does the adding, which
# Adam's steps, of one length in every direction, take apart
SUM_RATE = 1e-3
TAUGHT_SHARE = 0.5  # what the mean over the taught pairs weighs, where that over the repeated ones weighs 1
REPEATED_PAIRS = 100  # of MNIST, in each step
PULL = 1e-3  # of the gradient: how strongly the layer is held to what it was
RIDGE = 0.01  # of the mean variance: added to every feature's own, so that those that MNIST never uses stay finite
MOST_FEATURES = 1024  # of a digit; more cannot be whitened in a second
MOST_PAIRS = 100  # learned from; the oldest go first


@dataclass(frozen=True)
class Pair:
    """Two digits (28, 28) uint8 and their sum, as somebody told it. ValueError if no two digits have it."""

    top: np.ndarray = field(repr=False)
    bottom: np.ndarray = field(repr=False)
    sum: int

    def __post_init__(self):
        if not 0 <= self.sum < SUMS:
            raise ValueError(f"the sum is {self.sum}; allowed: 0 to {SUMS - 1}")

    def shows_as(self, other: "Pair") -> bool:
        """Return whether both are the same drawings, whatever their sums."""
        return np.array_equal(self.top, other.top) and np.array_equal(self.bottom, other.bottom)


@dataclass(frozen=True)
class Memory:
    """What a network must not forget: features of embedded MNIST digits.

    `training` (4000, f), whitened, are repeated; `held_out` (1000, f), as they are, are never learned from.
    Minus `mean` (f,), times `whitening` (f, f), is what whitens; `colouring` is the latter's inverse.
    """

    training: np.ndarray = field(repr=False)
    held_out: np.ndarray = field(repr=False)
    mean: np.ndarray = field(repr=False)
    whitening: np.ndarray = field(repr=False)
    colouring: np.ndarray = field(repr=False)

    def accuracy(self, network: Network, layer: Weights) -> float:
        """Return the accuracy on pairs of the 1,000 embedded test digits, were `layer` the last one."""
        return judge(_answers(network, layer, self.held_out, self.held_out), mnist.embedded()).accuracy


def refusal(network: Network) -> str:
    """Say why a network cannot be taught; empty if it can."""
    if not network.tied:
        return "each of its halves has weights of its own"
    features = prod(_steps_before_last(network)[-1].shape_out)
    if features > MOST_FEATURES:
        return f"its last layer reads {features:,} values of a digit, more than {MOST_FEATURES:,}, the most that works"
    return ""


def add(pairs: tuple[Pair, ...], pair: Pair) -> tuple[Pair, ...]:
    """Return the pairs with one more; it replaces one with the same drawings, whose sum was told wrong."""
    return (*(other for other in pairs if not other.shows_as(pair)), pair)[-MOST_PAIRS:]


def last_layer(network: Network, weights: Weights) -> Weights:
    """Return the kernel and the bias that are taught, by name."""
    step = next(step for step in reversed(network.steps) if step.weights)
    return {name: weights[name] for name in step.weights}


def remember(network: Network, weights: Weights, on_progress: Callable[[float], object] = lambda done: None) -> Memory:
    """Compute what must not be forgotten: some seconds, once for these weights. `on_progress` hears the fraction."""
    data = mnist.embedded()
    features = digit_features(network, weights, np.concatenate([data.train_images, data.test_images]), on_progress)
    training, held_out = np.split(features, [len(data.train_images)])
    mean = training.mean(axis=0)
    centred = training - mean
    covariance = centred.T @ centred / len(training)
    ridge = RIDGE * np.trace(covariance) / len(covariance)
    colouring = np.linalg.cholesky(covariance + ridge * np.eye(len(covariance), dtype=covariance.dtype)).T
    whitening = np.linalg.inv(colouring)
    return Memory(centred @ whitening, held_out, mean, whitening, colouring)


def features_of(network: Network, weights: Weights, pairs: tuple[Pair, ...]) -> Features:
    """Carry pairs through all layers before the last."""
    digits = np.array([pair.top for pair in pairs] + [pair.bottom for pair in pairs])
    top, bottom = np.split(digit_features(network, weights, digits), 2)
    return Features(top, bottom, np.array([pair.sum for pair in pairs]))


def digit_features(
    network: Network,
    weights: Weights,
    digits: np.ndarray,
    on_progress: Callable[[float], object] = lambda done: None,
) -> np.ndarray:
    """Carry digits (n, 28, 28) through all layers before the last: (n, f). `on_progress` hears the fraction done."""
    steps, chunks = _steps_before_last(network), []
    for i in range(0, len(digits), forward.CHUNK):
        x = forward.through(steps, weights, unit_range(digits[i : i + forward.CHUNK])[..., None])[-1]
        chunks.append(x.reshape(len(x), -1))
        on_progress(min(1.0, (i + forward.CHUNK) / len(digits)))
    return np.concatenate(chunks)


def learn(network: Network, weights: Weights, memory: Memory, taught: Features) -> Weights:
    """Return the last layer after it has learned pairs from `weights` on: the same pairs give the same layer."""
    trained = last_layer(network, weights)
    if not len(taught.sums):
        return trained
    top, bottom = ((x - memory.mean) @ memory.whitening for x in (taught.top, taught.bottom))
    taught = Features(top, bottom, taught.sums)
    own = np.concatenate([taught.top, taught.bottom])
    before = _on_whitened(memory, trained)
    layer = {name: tensor.copy() for name, tensor in before.items()}
    means, squares = ({name: np.zeros_like(tensor) for name, tensor in layer.items()} for _ in range(2))
    labels, generator = mnist.embedded().train_labels.astype(int), np.random.default_rng(0)
    digits = None if paired(network).names_digits else _told_digits(memory, taught, labels)
    for step in range(1, STEPS + 1):
        if digits is not None:
            taught = _among_others(memory, own, digits, labels, generator)
        tops, bottoms = generator.integers(len(labels), size=(2, REPEATED_PAIRS))
        repeated = Features(memory.training[tops], memory.training[bottoms], labels[tops] + labels[bottoms])
        of_taught, of_repeated = gradients(network, layer, taught), gradients(network, layer, repeated)
        left = 1 - (step - 1) / STEPS
        for name, tensor in layer.items():
            g = TAUGHT_SHARE * of_taught[name] + of_repeated[name] + PULL * (tensor - before[name])
            if not paired(network).names_digits:
                means[name] = 0.9 * means[name] + g
                tensor -= SUM_RATE * left * means[name]
                continue
            means[name] += 0.1 * (g - means[name])
            squares[name] += 0.001 * (g * g - squares[name])
            scale = np.sqrt(squares[name] / (1 - 0.999**step)) + 1e-8
            tensor -= RATE * left * means[name] / (1 - 0.9**step) / scale
    return _off_whitened(memory, layer)


def _told_digits(memory, taught, labels):
    """What the tops and then the bottoms of taught pairs are, (2n,), once their sums are told.

    A network that names no digits is asked for none: a linear discriminant on the repeated digits' features scores
    each of ten, and of the pairs of digits that have the sum the one with the highest scores is taken.
    """
    of_class = np.stack([memory.training[labels == digit].mean(axis=0) for digit in range(DIGITS)])
    scores = [x @ of_class.T - (of_class**2).sum(axis=1) / 2 for x in (taught.top, taught.bottom)]
    both = scores[0][:, :, None] + scores[1][:, None, :]
    has_sum = np.add.outer(np.arange(DIGITS), np.arange(DIGITS)) == taught.sums[:, None, None]
    top, bottom = np.divmod(np.where(has_sum, both, -np.inf).reshape(len(both), -1).argmax(axis=1), DIGITS)
    return np.concatenate([top, bottom])


def _among_others(memory, features, digits, labels, generator):
    """Each taught digit, above or below, in a pair with some repeated digit of MNIST."""
    others = generator.integers(len(labels), size=len(digits))
    above = generator.random(len(digits))[:, None] < 0.5
    pair = np.where(above, features, memory.training[others]), np.where(above, memory.training[others], features)
    return Features(*pair, digits + labels[others])


def read(network: Network, layer: Weights, pairs: Features) -> np.ndarray:
    """Return the sums (n,) that the network reads in pairs, were `layer` its last one."""
    index = np.arange(len(pairs.sums))
    return _answers(network, layer, pairs.top, pairs.bottom).logits(index, index).argmax(axis=1)


def _answers(network, layer, top, bottom):
    """What the network answers to digits, given by their features as tops and as bottoms."""
    network = paired(network)
    if network.names_digits:
        return Answers(network, softmax(digit_logits(layer, top)), softmax(digit_logits(layer, bottom)), None)
    kernel, bias = layer.values()
    of_top, of_bottom = np.split(kernel, 2)
    return Answers(network, top @ of_top, bottom @ of_bottom, bias)


def _steps_before_last(network):
    """The layers that serve a digit before the last one with weights: in `sum` that is the one that adds."""
    network = paired(network)
    steps = network.steps[1 : network.tower_length]
    return steps[: max(i for i, step in enumerate(steps) if step.weights)] if network.names_digits else steps


def _on_whitened(memory, layer):
    """The layer that reads whitened features as `layer` reads those as they are. Both halves of `sum` alike."""
    (kernel, k), (bias, b) = layer.items()
    halves = k.reshape(-1, len(memory.mean), k.shape[1])
    return {kernel: (memory.colouring @ halves).reshape(k.shape), bias: b + (memory.mean @ halves).sum(axis=0)}


def _off_whitened(memory, layer):
    """The layer that `_on_whitened` was given."""
    (kernel, k), (bias, b) = layer.items()
    halves = memory.whitening @ k.reshape(-1, len(memory.mean), k.shape[1])
    return {kernel: halves.reshape(k.shape), bias: b - (memory.mean @ halves).sum(axis=0)}
