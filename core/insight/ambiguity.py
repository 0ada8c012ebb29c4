"""A digit blended into another: does a network answer something in between, or doubt between the two?"""

import numpy as np

from core.images import mnist
from core.model import forward, operations
from core.model.networks import Network, paired

SHARES = np.linspace(0, 1, 21)


def blend(one: np.ndarray, other: np.ndarray, share: float | np.ndarray) -> np.ndarray:
    """Blend a share of 0…1 of one digit into another: grey values (…, 28, 28), uint8."""
    share = np.asarray(share, np.float32)[..., None, None]
    return np.rint((1 - share) * one + share * other).astype(np.uint8)


def sum_probabilities(network: Network, weights: forward.Weights, tops: np.ndarray, bottoms: np.ndarray) -> np.ndarray:
    """Return P(sum), (n, 19), of top digits (n, 28, 28) each with its bottom digit, or all with one (1, 28, 28)."""
    network = paired(network)
    top, bottom = forward.tower(network, weights, tops), forward.tower(network, weights, bottoms, "bottom")
    return operations.softmax(forward.head(network, weights, top, np.broadcast_to(bottom, top.shape)))


def elsewhere(probabilities: np.ndarray, ends: tuple[np.ndarray | int, np.ndarray | int]) -> np.ndarray:
    """Return the probability (n,) that distributions (n, 19) give to all sums but the two of the blend's ends.

    Each end is one sum, or one for each distribution.
    """
    one, other = (np.broadcast_to(end, len(probabilities)) for end in ends)
    rows = np.arange(len(probabilities))
    twice = np.where(one == other, 0, probabilities[rows, other])
    return 1 - probabilities[rows, one] - twice


def expectation(probabilities: np.ndarray) -> np.ndarray:
    """Return Σ s·P(s), (n,), the mean of distributions (n, 19)."""
    return probabilities @ np.arange(probabilities.shape[-1])


def middles(
    network: Network, weights: forward.Weights, data: mnist.Mnist, pairs: int, digits: tuple[int, int] = (4, 9)
) -> np.ndarray:
    """Return `elsewhere`, (pairs,), where random test digits of two classes are blended half and half.

    Each is above a random third test digit; the two ends are the true sums. Always the same digits.
    """
    generator = np.random.default_rng(0)
    one, other = (generator.choice(np.flatnonzero(data.test_labels == digit), pairs) for digit in digits)
    bottom = generator.integers(len(data.test_labels), size=pairs)
    images = data.test_images
    probabilities = sum_probabilities(network, weights, blend(images[one], images[other], 0.5), images[bottom])
    below = data.test_labels[bottom].astype(int)
    return elsewhere(probabilities, (digits[0] + below, digits[1] + below))
