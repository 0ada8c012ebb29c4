"""How well a network reads hands it never met: the pen digits of six writers who are kept out of every training."""

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from core.evaluation import PAIRINGS
from core.images import ink, mnist, pen
from core.model import forward
from core.model.answers import Answers, as_pairs, of_digits
from core.model.networks import Network
from core.runs import store


@dataclass(frozen=True)
class Hands:
    """A network's answers to n digits, and each digit's label and writer, (n,)."""

    answers: Answers = field(repr=False)  # as of a network that reads pairs
    labels: np.ndarray = field(repr=False)
    writers: np.ndarray = field(repr=False)

    @property
    def accuracy(self) -> float:
        """The accuracy on pairs, the mean over the writers."""
        return float(np.mean([self.pairs(writer) for writer in np.unique(self.writers)]))

    def pairs(self, writer: int) -> float:
        """Return the accuracy on pairs of a writer's own digits, the mean of PAIRINGS pairings into disjoint pairs."""
        own = np.flatnonzero(self.writers == writer)
        pairings = [mnist.disjoint_pairs(len(own), seed=0, epoch=pairing) for pairing in range(PAIRINGS)]
        top, bottom = own[np.concatenate(pairings)].T
        right = self.answers.logits(top, bottom).argmax(axis=1) == self.labels[top] + self.labels[bottom]
        return float(right.mean())

    @property
    def read(self) -> np.ndarray | None:
        """The digit (n,) that each is read as, or None where the network names no digits."""
        return self.answers.top.argmax(axis=1) if self.answers.bias is None else None


@cache
def judged() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the digits of the held-out writers as their canvas shows them, (1496, 28, 28) uint8; labels; writers."""
    digits = pen.held_out()
    images = np.stack([ink.drawn_digit(pen.draw(digit.strokes)) for digit in digits])
    return images, np.array([digit.label for digit in digits]), np.array([digit.writer for digit in digits])


def judge_hands(network: Network, weights: forward.Weights) -> Hands:
    """Read the digits of the held-out writers. A network that reads one digit reads both of a pair in turn."""
    images, labels, writers = judged()
    return Hands(as_pairs(of_digits(network, weights, images)), labels, writers)


def result(run: store.Run, weights: forward.Weights) -> dict[str, float]:
    """Return what `result.json` says of hands: `pen_accuracy`, of a run that was trained on pen strokes."""
    if not run.recipe.step_pen_digits:
        return {}
    return {"pen_accuracy": round(judge_hands(run.network, weights).accuracy, 4)}
