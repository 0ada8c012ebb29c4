"""How right a network is: accuracy on images it was never trained on, by the NumPy forward pass the pages use."""

import math
from dataclasses import dataclass

import numpy as np

from core.images import mnist
from core.model import forward, operations
from core.model.answers import Answers, of_digits
from core.model.networks import Network
from core.model.operations import DIGITS

PAIRINGS = 10  # sum networks are judged on this many pairings of the test digits, each digit used once in a pairing


@dataclass(frozen=True)
class Evaluation:
    """Accuracy in 0…1 and its standard error.

    A sum network's accuracy is the mean over PAIRINGS pairings of the test digits into disjoint pairs. Its standard
    error is that of one pairing, a little more than the mean's own: the pairings share their digits.
    """

    accuracy: float
    standard_error: float
    loss: float
    data: str
    pair_accuracy: list[list[float | None]] | None = None  # sum networks: by top digit, then by bottom digit


def evaluate(network: Network, weights: forward.Weights, data: mnist.Mnist) -> Evaluation:
    """Judge weights on the test images of `data`."""
    return judge(of_digits(network, weights, data.test_images), data)


def judge(answers: Answers, data: mnist.Mnist) -> Evaluation:
    """Judge a network by its answers to the test images of `data`."""
    labels, images = data.test_labels.astype(int), describe_test_images(data)
    if answers.network.reads_pairs:
        pairs = judged_pairs(len(labels))
        logits, truth = answers.logits(pairs[:, 0], pairs[:, 1]), labels[pairs].sum(axis=1)
        by_pair = _accuracy_by_pair(logits.argmax(axis=1) == truth, labels[pairs])
        independent = len(labels) // 2
        described = f"{images}, mean of {PAIRINGS} pairings into {independent:,} disjoint pairs"
    else:
        logits, truth, independent, by_pair = answers.top, labels, len(labels), None
        described = images
    accuracy = float((logits.argmax(axis=1) == truth).mean())
    loss = float(-np.log(np.maximum(operations.softmax(logits)[np.arange(len(truth)), truth], 1e-30)).mean())
    return Evaluation(accuracy, math.sqrt(accuracy * (1 - accuracy) / independent), loss, described, by_pair)


def describe_test_images(data: mnist.Mnist) -> str:
    """Describe the test images: of which set they are, and how many."""
    count = f"{len(data.test_labels):,}"
    return f"MNIST's {count} test digits" if data.name == "full" else f"the {count} embedded test digits"


def judged_pairs(digits: int) -> np.ndarray:
    """Return the pairings that sum networks are judged on, in turn: (PAIRINGS · (digits // 2), 2) indices."""
    return np.concatenate([mnist.disjoint_pairs(digits, seed=0, epoch=pairing) for pairing in range(PAIRINGS)])


def _accuracy_by_pair(right, digits):
    """(10, 10) as lists: the share of right answers for each top and bottom digit; None where there is no pair."""
    counts, rights = np.zeros((2, DIGITS, DIGITS))
    np.add.at(counts, (digits[:, 0], digits[:, 1]), 1)
    np.add.at(rights, (digits[:, 0], digits[:, 1]), right)
    shares = np.round(rights / np.maximum(counts, 1), 4)
    return np.where(counts > 0, shares, None).tolist()
