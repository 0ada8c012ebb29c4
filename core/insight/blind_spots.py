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
        """The indices of the images with an odd answer, the most probably odd first."""
        indices = np.flatnonzero(self.sums % 2)
        return indices[np.argsort(-self.odd_probability[indices], kind="stable")]


def twice(digit_answers: Answers) -> Twice:
    """Pair every image with itself: the true sum is even, whatever the digit."""
    indices = np.arange(len(digit_answers.top))
    return Twice(operations.softmax(as_pairs(digit_answers).logits(indices, indices)))


def beside_blank(digit_answers: Answers, weights: Weights, half: str = "bottom") -> np.ndarray:
    """Return the sums (n,) that a network answers to n digits with a blank `half` beside each.

    `digit_answers` are the answers to the digits, of the network with these `weights`.
    """
    blank = as_pairs(answers.of_digits(digit_answers.network, weights, np.zeros((1, SIDE, SIDE), np.uint8)))
    digit_answers = as_pairs(digit_answers)
    indices = np.arange(len(digit_answers.top))
    zeros = np.zeros_like(indices)
    if half == "bottom":
        return replace(digit_answers, bottom=blank.bottom).logits(indices, zeros).argmax(axis=1)
    return replace(digit_answers, top=blank.top).logits(zeros, indices).argmax(axis=1)


def shares(labels: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Return, of the images of each digit, the share answered with each sum, (10, 19). Rows add up to 1, or are 0."""
    counts = np.zeros((DIGITS, SUMS))
    np.add.at(counts, (labels, sums), 1)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
