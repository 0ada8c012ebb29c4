"""What a network's first convolution learns from one image, in NumPy: the gradient of the loss at its kernel.

Each layer hands the gradient at its output on to its input; for a convolution this, too, is a convolution. What it owes
its own weights is a correlation of its input with the gradient at its output: the report's theoretical part 3, in 2-D.
"""

from dataclasses import dataclass

import numpy as np

from core.model import forward
from core.model.backward import back_through
from core.model.forward import Weights
from core.model.layers import Convolution, Dense
from core.model.networks import SIDE, Network
from core.model.operations import softmax

STEP = 1e-6  # of a central difference: small against the kinks of ReLU and max pooling, large against rounding


@dataclass(frozen=True)
class Learning:
    """What one input and the class it is told have to say to a network's first convolution.

    `x` (n, 28, 28, 1) is what the convolution reads and `g` (n, 28, 28, filters) the gradient of the loss at what it
    gives: n is 1, or 2 for the halves of a pair. `gradient` (size, size, 1, filters) is that of the kernel `name`: x
    correlated with g, over both halves where they share it, over the top one where not. All in float64.
    """

    network: Network
    weights: Weights
    label: int
    loss: float  # cross-entropy, in nats
    name: str
    x: np.ndarray
    g: np.ndarray
    gradient: np.ndarray


def learning(network: Network, weights: Weights, image: np.ndarray, label: int) -> Learning:
    """Return backpropagate the softmax cross-entropy of one image (height, width) uint8 of class `label`."""
    begin = first_convolution(network)
    first, x = network.steps[begin], image.reshape(-1, SIDE, SIDE, 1) / 255
    weights = weights | {name: weights[name].astype(np.float64) for name in first.weights}  # and so all that follows
    outputs = [x] * begin + forward.through(network.steps[begin:], weights, x)
    g = output_gradients(network, weights, outputs, np.array([label]))[0]
    own = slice(None) if network.tied else slice(0, 1)
    gradient = kernel_gradient(x[own], g[own], len(weights[first.kernels[0]]))
    loss = float(cross_entropy(outputs[-1], label)[0])
    return Learning(network, weights, label, loss, next(iter(first.weights)), x, g, gradient)


def first_convolution(network: Network) -> int:
    """Return its index in `network.steps`."""
    return next(i for i, step in enumerate(network.steps) if isinstance(step.layer, Convolution))


def first_filters(network: Network) -> int:
    """Return how many filters it has."""
    return network.steps[first_convolution(network)].shape_out[-1]


def output_gradients(
    network: Network, weights: Weights, outputs: list[np.ndarray], labels: np.ndarray
) -> list[np.ndarray]:
    """Return ∂loss/∂output of the first convolution and of every later layer, in the order of `network.steps`.

    `outputs` are those of all steps, as `forward.activations` gives them for n images of classes `labels` (n,); the
    loss is the sum over the images.
    """
    gradient = softmax(outputs[-1])
    gradient[np.arange(len(labels)), labels] -= 1
    begin = first_convolution(network)
    return [*back_through(network.steps[begin + 1 :], weights, outputs[begin:], gradient), gradient]


def kernel_gradient(x: np.ndarray, g: np.ndarray, size: int) -> np.ndarray:
    """Return the gradient (size, size, in, out) of a SAME convolution's kernel: the correlation of its input and g.

    x (n, h, w, in) is the input, g (n, h, w, out) the gradient at the output. ∂L/∂K_ab = Σ g(u, v)·I(u + a, v + b) over
    all positions (u, v), with the zeros that SAME pads around the input I.
    """
    before, after = (size - 1) // 2, size // 2
    padded = np.pad(x, ((0, 0), (before, after), (before, after), (0, 0)))
    height, width = x.shape[1:3]
    moved = [[padded[:, a : a + height, b : b + width] for b in range(size)] for a in range(size)]
    flat = g.reshape(-1, g.shape[-1])
    return np.stack([[each.reshape(-1, each.shape[-1]).T @ flat for each in row] for row in moved])


def kernel_difference(learnt: Learning, filter_: int) -> np.ndarray:
    """Return one filter's gradient, (size, size, 1), again: by central differences of the network's loss.

    Every weight of the filter is moved up and down by STEP and the network asked for its loss, forwards alone.
    """
    network, weights, name = learnt.network, learnt.weights, learnt.name
    begin, kernel = first_convolution(network), weights[name]
    dense = next(i for i, step in enumerate(network.steps) if isinstance(step.layer, Dense))
    features = []  # one move at a time as far as the FC layers, which take all moves at once: little memory, and quick
    for entry in np.ndindex(kernel.shape[:3]):
        for change in (STEP, -STEP):
            moved = kernel.copy()
            moved[(*entry, filter_)] += change
            features.append(forward.through(network.steps[begin:dense], weights | {name: moved}, learnt.x)[-1])
    logits = forward.through(network.steps[dense:], weights, np.concatenate(features))[-1]
    up, down = cross_entropy(logits, learnt.label).reshape(-1, 2).T
    return ((up - down) / (2 * STEP)).reshape(kernel.shape[:3])


def cross_entropy(logits: np.ndarray, label: int) -> np.ndarray:
    """Return −log softmax(logits)[label], (n,), of logits (n, classes)."""
    largest = logits.max(axis=-1)
    return largest + np.log(np.exp(logits - largest[:, None]).sum(axis=-1)) - logits[:, label]
