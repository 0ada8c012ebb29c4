"""Occlusion maps: put a patch at each position in turn, and see how the answer's probability falls.

After Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (ECCV 2014), section 4.2.
"""

from dataclasses import dataclass

import numpy as np

from core.insight.beside import logits_beside
from core.model import operations
from core.model.forward import Weights
from core.model.networks import SIDE, Network


@dataclass(frozen=True)
class Occlusion:
    """What a patch at each position of one digit does to the answer.

    `drop` (rows, columns) is by how much the probability of the answered sum falls when the patch's top left corner is
    at `positions[row]`, `positions[column]`; negative where it rises. `sums` are the sums answered then.
    """

    half: str
    size: int
    positions: np.ndarray
    drop: np.ndarray
    sums: np.ndarray

    @property
    def worst(self) -> tuple[int, int]:
        """The patch's top row and left column where the drop is largest."""
        row, column = np.unravel_index(self.drop.argmax(), self.drop.shape)
        return int(self.positions[row]), int(self.positions[column])

    def pixels(self) -> np.ndarray:
        """Return the mean drop, (28, 28), over all patches that cover a pixel."""
        total, count = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
        for row, of_row in zip(self.positions, self.drop, strict=True):
            for column, drop in zip(self.positions, of_row, strict=True):
                covered = np.s_[max(row, 0) : row + self.size, max(column, 0) : column + self.size]
                total[covered] += drop
                count[covered] += 1
        return total / np.maximum(count, 1)


def patched(digit: np.ndarray, row: int, column: int, size: int, grey: int) -> np.ndarray:
    """Cover a digit (28, 28) uint8 with a square of one grey (0 is blank, 255 is ink); what lies outside is ignored."""
    digit = digit.copy()
    digit[max(row, 0) : max(row + size, 0), max(column, 0) : max(column + size, 0)] = grey
    return digit


def occlusion(
    network: Network,
    weights: Weights,
    top: np.ndarray,
    bottom: np.ndarray,
    half: str,
    size: int,
    grey: int,
    stride: int = 2,
) -> Occlusion:
    """Cover each position of one of two digits (28, 28) uint8 with a square patch of `size` pixels, `stride` apart.

    Patches begin outside, so that edges are covered as often as the middle. Where the patch changes no pixel, the
    answer is known and nothing is computed.
    """
    digit, other = (top, bottom) if half == "top" else (bottom, top)
    positions = np.arange(-(size // 2), SIDE - (size - 1) // 2, stride)
    images = np.stack(
        [patched(digit, row, column, size, grey) for row in positions.tolist() for column in positions.tolist()]
    )
    changed = np.flatnonzero((images != digit).any(axis=(1, 2)))
    versions = np.concatenate([digit[None], images[changed]])
    probabilities = operations.softmax(logits_beside(network, weights, versions, other, half))
    answered = int(probabilities[0].argmax())
    drop, sums = np.zeros(len(images)), np.full(len(images), answered)
    drop[changed] = probabilities[0, answered] - probabilities[1:, answered]
    sums[changed] = probabilities[1:].argmax(axis=1)
    shape = (len(positions), len(positions))
    return Occlusion(half, size, positions, drop.reshape(shape), sums.reshape(shape))
