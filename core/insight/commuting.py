"""Does the network's addition commute? The halves of pairs swapped, and the seam between them uncut."""

import math
from dataclasses import dataclass

import numpy as np

from core.model import forward, operations
from core.model.answers import Answers
from core.model.networks import Network, uncut


@dataclass(frozen=True)
class Swapped:
    """Pairs read as they are and with their halves swapped: how many are right both ways, one way, or neither."""

    right_both: int
    right_before: int  # and wrong after
    right_after: int  # and wrong before
    wrong_alike: int
    wrong_differently: int

    @property
    def pairs(self) -> int:
        return self.right_both + self.wrong_alike + self._changes

    @property
    def changed(self) -> float:
        """The share of pairs whose answer changes."""
        return self._changes / self.pairs

    @property
    def standard_error(self) -> float:
        """Of `changed`, if no two pairs share a digit."""
        return math.sqrt(self.changed * (1 - self.changed) / self.pairs)

    @property
    def accuracies(self) -> tuple[float, float]:
        """Before and after."""
        return (self.right_both + self.right_before) / self.pairs, (self.right_both + self.right_after) / self.pairs

    @property
    def _changes(self):
        return self.right_before + self.right_after + self.wrong_differently


def swap(answers: Answers, labels: np.ndarray, pairs: np.ndarray) -> Swapped:
    """Swap pairs (n, 2), given by the indices of their digits, whose labels are (n digits,)."""
    truth = labels.astype(int)[pairs].sum(axis=1)
    before, after = (answers.logits(*order).argmax(axis=1) for order in (pairs.T, pairs.T[::-1]))
    was, is_ = before == truth, after == truth
    cases = (was & is_, was & ~is_, ~was & is_, ~was & ~is_ & (before == after), ~was & ~is_ & (before != after))
    return Swapped(*(int(case.sum()) for case in cases))


@dataclass(frozen=True)
class Seam:
    """Pairs read cut apart and as one picture: how many, the share with another answer, and how far all move.

    `moved` is the mean over the pairs of half the summed absolute differences between the two distributions: 0 where
    they agree, 1 where they have nothing in common (total variation).
    """

    pairs: int
    changed: float
    moved: float


def seam(network: Network, weights: forward.Weights, tops: np.ndarray, bottoms: np.ndarray) -> Seam:
    """Read tops and bottoms (n, 28, 28) of a sum network both ways, with the same weights."""
    pictures = np.concatenate([tops, bottoms], axis=1)
    cut, whole = (operations.softmax(forward.logits(n, weights, pictures)) for n in (network, uncut(network)))
    changed = (cut.argmax(axis=1) != whole.argmax(axis=1)).mean()
    return Seam(len(tops), float(changed), float(np.abs(cut - whole).sum(axis=1).mean() / 2))
