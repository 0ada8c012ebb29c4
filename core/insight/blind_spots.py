"""Two questions that a network was never asked in training: the same image twice, and a digit beside a blank half."""

from dataclasses import dataclass, replace

import numpy as np

from core.model import answers, operations
from core.model.answers import Answers, as_pairs
from core.model.forward import Weights
from core.model.networks import SIDE
from core.model.operations import DIGITS, SUMS


@dataclass(frozen=True)
class Twice:
    """What a network answers to n images, each as top and as bottom at once: sum_probabilities (n, 19)."""

    sum_probabilities: np.ndarray

    @property
    def sums(self) -> np.ndarray:
        return self.sum_probabilities.argmax(axis=1)

    @property
    def odd_probability(self) -> np.ndarray:
        """(n,): how probable the network holds an odd sum, which cannot be."""
        return self.sum_probabilities[:, 1::2].sum(axis=1)

    @property
    def odd(self) -> np.ndarray:
        """The places of the images with an odd answer, the most probably odd first."""
        places = np.flatnonzero(self.sums % 2)
        return places[np.argsort(-self.odd_probability[places], kind="stable")]


def twice(found: Answers) -> Twice:
    """Every image with itself: the true sum is even, whatever the digit."""
    places = np.arange(len(found.top))
    return Twice(operations.softmax(as_pairs(found).logits(places, places)))


def beside_blank(found: Answers, weights: Weights, half: str = "bottom") -> np.ndarray:
    """Sums (n,) that a network answers to n digits with a blank `half` beside each.

    `found` are the answers to the digits, of the network with these `weights`.
    """
    blank = as_pairs(answers.of_digits(found.network, weights, np.zeros((1, SIDE, SIDE), np.uint8)))
    found = as_pairs(found)
    places = np.arange(len(found.top))
    zeros = np.zeros_like(places)
    if half == "bottom":
        return replace(found, bottom=blank.bottom).logits(places, zeros).argmax(axis=1)
    return replace(found, top=blank.top).logits(zeros, places).argmax(axis=1)


def shares(labels: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """(10, 19): of the images of each digit, the share that was answered with each sum. Rows add up to 1, or are 0."""
    counts = np.zeros((DIGITS, SUMS))
    np.add.at(counts, (labels, sums), 1)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
