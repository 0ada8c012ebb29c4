"""Whether a network is right as often as it says: its confidence against its accuracy, and what would mend it."""

from dataclasses import dataclass

import numpy as np

from core.insight.readings import Readings
from core.model.operations import softmax

BINS = 15  # of equal width, as in C. Guo and others, On calibration of modern neural networks, 2017
DRAWS = 300
LEAST_TEMPERATURE, MOST_TEMPERATURE = 0.05, 20.0


@dataclass(frozen=True)
class Bins:
    """Inputs gathered by confidence into bins of equal width in 0…1; (bins,) each, NaN for means of empty ones."""

    counts: np.ndarray
    confidence: np.ndarray  # the mean of those in the bin
    accuracy: np.ndarray


@dataclass(frozen=True)
class Calibration:
    """Expected calibration error: |accuracy − confidence| of each bin, averaged over the inputs.

    `by_chance` is the error, with its spread, that a perfectly calibrated network of the same confidences would show:
    a finite number of inputs never gives 0. `excess` is mean confidence less accuracy: above 0, the network is surer
    than it is right.
    """

    error: float
    standard_error: float
    by_chance: float
    by_chance_deviation: float
    excess: float
    excess_standard_error: float


def bins(confidence: np.ndarray, right: np.ndarray) -> Bins:
    """Gather n inputs by their confidence in 0…1."""
    index = _bin(confidence)
    counts = np.bincount(index, minlength=BINS)
    with np.errstate(invalid="ignore"):
        means = [np.bincount(index, of, minlength=BINS) / counts for of in (confidence, right)]
    return Bins(counts, *means)


def expected_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Return the expected calibration error of n inputs, in 0…1."""
    return _error(_bin(confidence), confidence - right)


def calibration(confidence: np.ndarray, right: np.ndarray, seed: int = 0) -> Calibration:
    """Measure n independent inputs: their confidence in 0…1, and whether they are right.

    The standard error is a bootstrap's, of DRAWS resamples of the inputs; `by_chance` is drawn as often. Both
    are the same each time for the same seed.
    """
    generator = np.random.default_rng(seed)
    n, index, surplus = len(right), _bin(confidence), confidence - right
    resampled, chance = np.empty((2, DRAWS))
    for draw in range(DRAWS):
        again = generator.integers(n, size=n)
        resampled[draw] = _error(index[again], surplus[again])
        chance[draw] = _error(index, confidence - (generator.random(n) < confidence))
    return Calibration(
        _error(index, surplus),
        float(resampled.std(ddof=1)),
        float(chance.mean()),
        float(chance.std(ddof=1)),
        float(surplus.mean()),
        float(surplus.std(ddof=1) / np.sqrt(n)),
    )


def fit_temperature(readings: Readings) -> float:
    """Return the T by which to divide logits for the greatest likelihood of the truth; it changes no answer.

    The mean negative log-likelihood is convex in 1/T, and its slope is the mean logit by the softmax less the true
    one's; halving the interval in which that changes sign finds its zero. Where it has none within
    LEAST_TEMPERATURE…MOST_TEMPERATURE, as when all answers are right, the nearer end.
    """
    true_logits = readings.logits[np.arange(len(readings.truth)), readings.truth]

    def slope(temperature):
        expected = (softmax(readings.logits / temperature) * readings.logits).sum(axis=1)
        return (expected - true_logits).mean()

    low, high = np.log(LEAST_TEMPERATURE), np.log(MOST_TEMPERATURE)
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(np.exp(middle)) > 0 else (low, middle)
    return float(np.exp((low + high) / 2))


def tempered(readings: Readings, temperature: float) -> Readings:
    """Return the same answers with the confidence that logits divided by a temperature give."""
    return Readings(readings.indices, readings.digits, readings.logits / temperature)


def log_losses(readings: Readings) -> np.ndarray:
    """Return the negative log-likelihood (n,) of each truth, in nats."""
    shifted = readings.logits - readings.logits.max(axis=1, keepdims=True)
    truth = shifted[np.arange(len(readings.truth)), readings.truth]
    return np.log(np.exp(shifted).sum(axis=1)) - truth


def halves(readings: Readings) -> tuple[Readings, Readings]:
    """Split into every other input to fit on, and the others to judge: MNIST's first half of test images is easier."""
    even = np.arange(len(readings.truth)) % 2 == 0
    return readings.take(even), readings.take(~even)


def _bin(confidence):
    return np.minimum((confidence * BINS).astype(int), BINS - 1)


def _error(index, surplus):
    return float(np.abs(np.bincount(index, surplus, minlength=BINS)).sum() / len(surplus))
