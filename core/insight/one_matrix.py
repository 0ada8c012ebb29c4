"""A network without any non-linear layer is one matrix: all its layers multiplied out."""

from dataclasses import dataclass

import numpy as np

from core.model import forward
from core.model.backward import back_through
from core.model.forward import Weights
from core.model.networks import SIDE, Network
from core.model.operations import unit_range


@dataclass(frozen=True)
class OneMatrix:
    """logits = image (784,) @ matrix (784, classes) + bias (classes,), for an image in 0…1."""

    matrix: np.ndarray
    bias: np.ndarray

    @property
    def parameters(self) -> int:
        return self.matrix.size + self.bias.size

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Compute the logits (n, classes) of images (n, 28, 28), uint8 in 0…255 or float in 0…1."""
        return unit_range(images).reshape(len(images), -1) @ self.matrix + self.bias

    def products(self, image: np.ndarray, digit: int) -> np.ndarray:
        """Return what each pixel of an image adds to a digit's logit, (28, 28); with the bias they are the logit."""
        return unit_range(image) * self.matrix[:, digit].reshape(SIDE, SIDE)


def is_linear(network: Network) -> bool:
    """Return whether logits are a linear function of the pixels of one digit, and so one matrix and one bias."""
    return all(layer.linear for layer in network.layers)


def multiplied_out(network: Network, weights: Weights, digit: np.ndarray) -> OneMatrix:
    """Return the product of the layers' matrices, the last one first, as they are while it reads a digit (28, 28).

    Of a linear network it is the same at every digit, and all there is to know. A ReLU or a max pool is a matrix too as
    long as no unit opens or shuts, so of another network it is right at this digit and close by, and wrong elsewhere.
    Raises ValueError for a network that reads pairs.
    """
    if network.reads_pairs:
        raise ValueError(f"{network.name} reads pairs: its input has more than {SIDE**2} pixels")
    digit = unit_range(digit)[None]
    outputs = [digit[..., None], *forward.activations(network, weights, digit)]
    back = back_through(network.steps, weights, outputs, np.eye(network.classes, dtype=np.float32))[0]
    matrix = back.reshape(network.classes, -1).T
    return OneMatrix(matrix, outputs[-1][0] - digit.ravel() @ matrix)
