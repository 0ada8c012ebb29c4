"""The layers that split an input into two halves, the digits of a pair, and those that bring them together again."""

from dataclasses import dataclass
from math import prod

import numpy as np

from core.model import operations
from core.model.layers import Layer


@dataclass(frozen=True)
class Split(Layer):
    """56×28 becomes two halves of 28×28; every layer up to Join or AddDigits serves both with the same weights."""

    halves_out = 2
    changes_values = False

    def label(self, shape_in, shared=False):
        return "split into top and bottom"

    def shape_out(self, shape_in):
        height, width, channels = shape_in
        return (height // 2, width, channels)

    def forward(self, x):
        return x.reshape(2 * len(x), x.shape[1] // 2, *x.shape[2:])

    def backward(self, g, x, y, kernel=None):
        return g.reshape(-1, *x.shape[1:])


@dataclass(frozen=True)
class Join(Layer):
    """The feature vectors of the top and bottom half, one after the other, as one vector."""

    halves_out = 1

    def label(self, shape_in, shared=False):
        return "join top and bottom"

    def shape_out(self, shape_in):
        return (2 * prod(shape_in),)

    def forward(self, x):
        return x.reshape(len(x) // 2, -1)

    def backward(self, g, x, y, kernel=None):
        return g.reshape(-1, *x.shape[1:])


@dataclass(frozen=True)
class AddDigits(Layer):
    """Two digit distributions become the logarithm of the distribution of their sum: P(s) = Σ P(d)·P(s−d)."""

    halves_out = 1

    def label(self, shape_in, shared=False):
        return "add: convolve the two distributions"

    def shape_out(self, shape_in):
        return (2 * prod(shape_in) - 1,)

    def forward(self, x):
        sums = operations.add_distributions(x[0::2], x[1::2])
        return np.log(np.maximum(sums, operations.PROBABILITY_FLOOR))

    def backward(self, g, x, y, kernel=None):
        probabilities = np.exp(y)
        of_sums = np.where(probabilities > operations.PROBABILITY_FLOOR, g / probabilities, 0)
        of_pairs = (of_sums @ operations.SUM_OF_PAIR.T).reshape(len(g), x.shape[-1], x.shape[-1])
        of_top = (of_pairs * x[1::2, None, :]).sum(axis=2)
        of_bottom = (of_pairs * x[0::2, :, None]).sum(axis=1)
        return np.stack([of_top, of_bottom], axis=1).reshape(x.shape)
