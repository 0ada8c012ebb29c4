"""What a network reads from test images, each beside its truth: digit by digit, or pair by pair."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.evaluation import PAIRINGS, judged_pairs
from core.model.answers import Answers, as_pairs
from core.model.operations import DIGITS, SUM_OF_PAIR, softmax


@dataclass(frozen=True)
class Readings:
    """Of n inputs of one digit or of two, by one network.

    `indices` (n, 1) or (n, 2) says which test images an input is made of, `digits` of the same shape which digits they
    truly are. `logits` (n, classes). A network's confidence is the probability that it gives to its own answer.
    """

    indices: np.ndarray
    digits: np.ndarray
    logits: np.ndarray

    @property
    def classes(self) -> int:
        return self.logits.shape[1]

    @cached_property
    def truth(self) -> np.ndarray:
        """(n,) the true digit, or the true sum."""
        return self.digits.sum(axis=1)

    @cached_property
    def answered(self) -> np.ndarray:
        return self.logits.argmax(axis=1)

    @cached_property
    def right(self) -> np.ndarray:
        return self.answered == self.truth

    @cached_property
    def confidence(self) -> np.ndarray:
        """(n,) in 0…1."""
        return softmax(self.logits).max(axis=1)

    @property
    def accuracy(self) -> float:
        return float(self.right.mean())

    def take(self, which: np.ndarray) -> "Readings":
        """Select some of the inputs, given by their indices or by a truth value each."""
        return Readings(self.indices[which], self.digits[which], self.logits[which])


@dataclass(frozen=True)
class Tally:
    """Of the pairs on which sum networks are judged, how many have each top and bottom digit, and how many are right.

    Both (10, 10), by top digit and then by bottom digit. The pairs are PAIRINGS pairings of the same test images, so
    only the pairs of one of them are independent of each other.
    """

    pairs: np.ndarray
    rights: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """(10, 10) the share of right answers; NaN where there is no pair."""
        with np.errstate(invalid="ignore"):
            return self.rights / self.pairs

    @property
    def by_sum(self) -> tuple[np.ndarray, np.ndarray]:
        """(19,) pairs of each true sum, and how many of them are right."""
        pairs, rights = (counts.ravel() @ SUM_OF_PAIR.astype(int) for counts in (self.pairs, self.rights))
        return pairs, rights

    @property
    def accuracy(self) -> float:
        """The mean over the pairings: what `core.evaluation.judge` measures."""
        return float(self.rights.sum() / self.pairs.sum())


def of_digits(answers: Answers, labels: np.ndarray) -> Readings:
    """Read every test image once, by a network that reads one digit. ValueError if it reads pairs."""
    if answers.network.reads_pairs:
        raise ValueError(f"{answers.network.name} reads pairs, not one digit")
    return Readings(np.arange(len(labels))[:, None], labels.astype(int)[:, None], answers.top.astype(float))


def of_pairs(answers: Answers, labels: np.ndarray, pairs: np.ndarray) -> Readings:
    """Read pairs of test images, (n, 2) indices. A network that reads one digit reads both; distributions are added."""
    tops, bottoms = pairs.T
    logits = as_pairs(answers).logits(tops, bottoms)
    return Readings(pairs, labels.astype(int)[pairs], logits.astype(float))


def of_disjoint_pairs(answers: Answers, labels: np.ndarray) -> Readings:
    """Read the first of the pairings on which sum networks are judged: every test image in one pair, independently."""
    return of_pairs(answers, labels, _pairings(len(labels))[0])


def tally(answers: Answers, labels: np.ndarray) -> Tally:
    """Count right answers by top and by bottom digit over all pairings on which sum networks are judged."""
    pairs, rights = np.zeros((2, DIGITS, DIGITS), int)
    for pairing in _pairings(len(labels)):  # one at a time: a fifth of the memory
        readings = of_pairs(answers, labels, pairing)
        np.add.at(pairs, tuple(readings.digits.T), 1)
        np.add.at(rights, tuple(readings.digits.T), readings.right)
    return Tally(pairs, rights)


def _pairings(images):
    return judged_pairs(images).reshape(PAIRINGS, -1, 2)
