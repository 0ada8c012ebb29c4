"""ReLU as the report's theoretical part 2 has it: where f∗I + b < 0 nothing reaches f and b, and a unit can die.

One neuron max(0, w·x + b) on points of the plane learns to answer 1 to one class and 0 to the other, by plain gradient
descent on the squared error; and the units of a trained network are counted that answer to no digit at all.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.model import forward
from core.model.layers import ReLU
from core.model.networks import Network

PAIRS = 4  # of digits, computed together: few, for the server's memory


@dataclass(frozen=True)
class Activation:
    """ "ReLU", "leaky ReLU" (Maas et al., 2013) or "ELU" (Clevert et al., 2016), and what it leaves below zero.

    `slope` is the leaky ReLU's slope there; ReLU's is 0, and ELU has exp(z) − 1 instead.
    """

    name: str
    slope: float = 0.0

    def __post_init__(self):
        if self.name not in ACTIVATIONS:
            raise ValueError(f"name is {self.name!r}; it is one of {', '.join(ACTIVATIONS)}")

    def value(self, z: np.ndarray) -> np.ndarray:
        """Return the answers to pre-activations z."""
        return np.where(z > 0, z, np.expm1(np.minimum(z, 0)) if self.name == "ELU" else self.slope * z)

    def derivative(self, z: np.ndarray) -> np.ndarray:
        """Return its derivative at z; at the corner z = 0 the one from below, as TensorFlow takes it."""
        return np.where(z > 0, 1.0, np.exp(np.minimum(z, 0)) if self.name == "ELU" else self.slope)


ACTIVATIONS = ("ReLU", "leaky ReLU", "ELU")


@dataclass(frozen=True)
class Points:
    """Points x (n, 2) of the plane, and what a neuron should answer to them (n,): 0 or 1."""

    x: np.ndarray
    targets: np.ndarray


@dataclass(frozen=True)
class Neuron:
    """activation(w·x + b), for w = (w₁, w₂)."""

    w: tuple[float, float]
    b: float

    def preactivations(self, x: np.ndarray) -> np.ndarray:
        """Return w·x + b of points (n, 2)."""
        return x @ np.array(self.w) + self.b


Gradient = tuple[float, float, float]  # of the loss, with respect to w₁, w₂ and b


def two_classes(seed: int, each: int = 40) -> Points:
    """Deal two clouds of `each` points within ±3 on both axes, wanted 1 at the upper right, 0 at the lower left."""
    generator = np.random.default_rng([seed, 5])
    clouds = [generator.normal(centre, 0.6, (each, 2)) for centre in ((1.1, 0.9), (-0.9, -0.7))]
    return Points(np.clip(np.concatenate(clouds), -3, 3), np.repeat([1.0, 0.0], each))


def loss(neuron: Neuron, activation: Activation, points: Points) -> float:
    """Return half the mean squared error of the neuron's answers."""
    return float(np.mean((activation.value(neuron.preactivations(points.x)) - points.targets) ** 2) / 2)


def gradient(neuron: Neuron, activation: Activation, points: Points) -> Gradient:
    """Return the loss's gradient by the chain rule: mean of (answer − target)·activation'(z)·(x₁, x₂, 1)."""
    z = neuron.preactivations(points.x)
    errors = (activation.value(z) - points.targets) * activation.derivative(z) / len(z)
    # + 0.0 turns −0.0, which nobody wants to read, into 0.0
    w1, w2 = (errors @ points.x + 0.0).tolist()
    return w1, w2, float(errors.sum() + 0.0)


def numerical_gradient(neuron: Neuron, activation: Activation, points: Points, step: float = 1e-6) -> Gradient:
    """Return the same by central differences of the loss alone: the check of `gradient`."""
    (w1, w2), b = neuron.w, neuron.b
    slopes = []
    for d1, d2, db in np.eye(3) * step:
        up, down = Neuron((w1 + d1, w2 + d2), b + db), Neuron((w1 - d1, w2 - d2), b - db)
        rise = loss(up, activation, points) - loss(down, activation, points)
        slopes.append(float(rise / (2 * step)))
    by_w1, by_w2, by_b = slopes
    return by_w1, by_w2, by_b


def descend(neuron: Neuron, activation: Activation, points: Points, rate: float) -> Neuron:
    """Return the neuron after one step of gradient descent on all points."""
    (w1, w2), (d1, d2, db) = neuron.w, gradient(neuron, activation, points)
    return Neuron((w1 - rate * d1, w2 - rate * d2), neuron.b - rate * db)


def push_dead(neuron: Neuron, points: Points, margin: float = 0.5) -> Neuron:
    """Return the neuron with its bias so low that w·x + b is at most −margin at every point."""
    highest = replace(neuron, b=0.0).preactivations(points.x).max()
    return replace(neuron, b=float(-highest - margin))


@dataclass(frozen=True)
class LayerActivity:
    """How often the units of one ReLU layer answer, over all digits read and, for filters, all their pixels.

    `shares` (units,) are fractions 0…1: a unit that answers nowhere to any digit has exactly 0. `label` names the layer
    whose answers the ReLU takes, `kind` its units ("filters" or "units"), `kernel` and `bias` the tensors they own.
    """

    label: str
    kind: str
    kernel: str
    bias: str
    shares: np.ndarray

    @property
    def dead(self) -> np.ndarray:
        """The indices of the units that answered to nothing."""
        return np.flatnonzero(self.shares == 0)


def activity(
    network: Network,
    weights: forward.Weights,
    digits: np.ndarray,
    report: Callable[[float], object] = lambda done: None,
) -> list[LayerActivity]:
    """Count how often each ReLU of a network answers to digits (n, 28, 28), layer by layer, in order; n is even.

    Where a network's halves are untied, the units of each are counted by themselves. `report` hears the fraction done.
    """
    inputs, chunk, steps = as_inputs(network, digits), 2 * PAIRS // (1 + network.reads_pairs), network.steps
    relus = [index for index, step in enumerate(steps) if step.layer == ReLU()]
    positive: dict[int, np.ndarray] = {}  # (halves, units) of each
    answers = dict.fromkeys(relus, 0)
    for i in range(0, len(inputs), chunk):
        outputs = forward.activations(network, weights, inputs[i : i + chunk])
        for index in relus:
            halves = _halves(outputs[index], apart=steps[index].halves == 2 and not network.tied)
            counted = np.count_nonzero(halves, axis=tuple(range(1, halves.ndim - 1)))
            positive[index] = positive.get(index, 0) + counted
            answers[index] += halves[0, ..., 0].size
        report(min(1.0, (i + chunk) / len(inputs)))
    layers = []
    for index in relus:
        owner = next(step for step in reversed(steps[:index]) if step.weights)
        kind = "filters" if len(owner.shape_out) == 3 else "units"
        names = list(owner.weights)
        for half, shares in enumerate(positive[index] / answers[index]):
            label = owner.label if len(names) == 2 else f"{owner.label}, {('top', 'bottom')[half]}"
            kernel, bias = names[2 * half : 2 * half + 2]
            layers.append(LayerActivity(label, kind, kernel, bias, shares))
    return layers


def as_inputs(network: Network, digits: np.ndarray) -> np.ndarray:
    """Return digits (n, 28, 28) as a network reads them: one by one, or in pairs (n/2, 56, 28), each digit once.

    Where the halves are untied each digit goes to both, (n, 56, 28). ValueError for an odd n.
    """
    if len(digits) % 2:
        raise ValueError(f"digits are read in pairs, and {len(digits)} is odd")
    if not network.reads_pairs:
        return digits
    halves = [digits[0::2], digits[1::2]] if network.tied else [digits, digits]
    return np.concatenate(halves, axis=1)


def into_dead(weights: forward.Weights, layers: list[LayerActivity]) -> int:
    """Count the parameters that lead into dead units: their kernels' and their bias."""
    return sum(len(layer.dead) * (weights[layer.kernel][..., 0].size + 1) for layer in layers)


def cut_out(weights: forward.Weights, layers: list[LayerActivity]) -> forward.Weights:
    """Return the weights with those that lead into dead units set to 0."""
    cut = dict(weights)
    for layer in layers:
        for name in (layer.kernel, layer.bias):
            cut[name] = cut[name].copy()
            cut[name][..., layer.dead] = 0
    return cut


def _halves(outputs, apart):
    """(1, n, …) of a layer's outputs, or (2, n/2, …) where tops and bottoms, which take turns, are counted apart."""
    return np.stack([outputs[0::2], outputs[1::2]]) if apart else outputs[None]
