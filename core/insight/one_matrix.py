"""A network without any non-linear layer is one matrix: all its layers multiplied out."""

from dataclasses import dataclass

import numpy as np

from core.model import forward
from core.model.backward import back_through
from core.model.forward import Weights
from core.model.networks import SIDE, AveragePool, Convolution, Dense, Dropout, Network


@dataclass(frozen=True)
class OneMatrix:
    """logits = image (784,) @ matrix (784, classes) + bias (classes,), for an image in 0…1."""

    matrix: np.ndarray
    bias: np.ndarray

    @property
    def parameters(self) -> int:
        return self.matrix.size + self.bias.size

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Logits (n, classes) of images (n, 28, 28), uint8 in 0…255 or float in 0…1."""
        return _unit(images).reshape(len(images), -1) @ self.matrix + self.bias

    def products(self, image: np.ndarray, digit: int) -> np.ndarray:
        """(28, 28): what each pixel of an image adds to the logit of a digit; with the bias they are the logit."""
        return _unit(image) * self.matrix[:, digit].reshape(SIDE, SIDE)


def is_linear(network: Network) -> bool:
    """Whether logits are a linear function of the pixels of one digit, and so one matrix and one bias."""
    return all(isinstance(layer, Convolution | AveragePool | Dense | Dropout) for layer in network.layers)


def multiplied_out(network: Network, weights: Weights, digit: np.ndarray) -> OneMatrix:
    """The product of the layers' matrices, the last one first, as they are while the network reads a digit (28, 28).

    Of a linear network it is the same at every digit, and all there is to know. A ReLU or a max pool is a matrix too as
    long as no unit opens or shuts, so of another network it is right at this digit and close by, and wrong elsewhere.
    Raises ValueError for a network that reads pairs.
    """
    if network.reads_pairs:
        raise ValueError(f"{network.name} reads pairs: its input has more than {SIDE**2} pixels")
    digit = _unit(digit)[None]
    outputs = forward.activations(network, weights, digit)
    back = np.eye(network.classes, dtype=np.float32)
    for step, x, y in zip(network.steps[::-1], [digit[..., None], *outputs][-2::-1], outputs[::-1], strict=True):
        back = back_through(step.layer, back, x, y, next((weights[name] for name in step.weights), None))
    matrix = back.reshape(network.classes, -1).T
    return OneMatrix(matrix, outputs[-1][0] - digit.ravel() @ matrix)


def _unit(images):
    return images / np.float32(255) if images.dtype == np.uint8 else images.astype(np.float32)
