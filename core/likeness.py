"""Does a drawing look like one digit? A softmax is sure of anything; the logits before it tell more.

Their free energy, −log Σ exp(logit), is low for what a network was trained on, and higher for what no digit brings
about: a scribble, a letter, two digits in one frame (Liu et al. 2020, "Energy-based out-of-distribution detection").
What lies above `threshold` is said not to look like one digit. `python -m benchmarks.not_digits` measures how many
digits are doubted, of which 1 % at most may be, and how much else is recognised.
"""

from functools import cache

import numpy as np

from core.images import ink, mnist, pen
from core.model import forward
from core.model.forward import Weights
from core.model.networks import Network

KEPT = 0.993  # of the digits that the threshold is taken from; a margin to 0.99, as these are no more than 1,000
PEN_DIGITS = 500  # of the training writers
DIFFERENT = "does not look like one digit"


def threshold(network: Network, weights: Weights) -> float | None:
    """Return the energy that KEPT of real digits stay below; None for a network that names no digits.

    Of the embedded test digits of MNIST and of the training writers' pen digits, whichever takes the higher one.
    """
    if network.reads_pairs and not network.names_digits:
        return None
    populations = mnist.embedded().test_images, _pen_digits()
    return float(max(np.quantile(energies(network, weights, digits), KEPT) for digits in populations))


def energies(network: Network, weights: Weights, digits: np.ndarray, half: str = "top") -> np.ndarray:
    """Return the free energy (n,) of digits (n, 28, 28) uint8, read by a network that names digits."""
    logits = forward.digit_logits(network, weights, digits, half).astype(np.float64)
    largest = logits.max(axis=1)
    return -largest - np.log(np.exp(logits - largest[:, None]).sum(axis=1))


def doubted(network: Network, weights: Weights, result: dict | None, digits: dict[str, np.ndarray | None]) -> list[str]:
    """Return those halves ("top", "bottom") whose digit (28, 28) does not look like one, by a run's result.

    None is doubted where there is no digit, or where no threshold was kept when the run was measured.
    """
    limit = (result or {}).get("energy_threshold")
    if limit is None:
        return []
    return [
        half
        for half, digit in digits.items()
        if digit is not None and energies(network, weights, digit[None], half)[0] > limit
    ]


def result(network: Network, weights: Weights) -> dict[str, float]:
    """Return what `result.json` says of it: `energy_threshold`, of a network that names digits."""
    limit = threshold(network, weights)
    return {} if limit is None else {"energy_threshold": round(limit, 4)}


@cache
def _pen_digits():
    digits = pen.to_train()
    chosen = np.random.default_rng(0).permutation(len(digits))[:PEN_DIGITS]
    return np.stack([ink.drawn_digit(pen.draw(digits[i].strokes)) for i in chosen])
