"""Where a network is wrong: what it takes for what, the mistakes it is surest of, and accuracy with its interval."""

import math

import numpy as np

from core.insight.readings import Readings

Z_95 = 1.959964  # a normal variable is within ± so many standard deviations in 95 % of cases


def confusion(readings: Readings) -> np.ndarray:
    """Count answers by class, (classes, classes): rows are true, columns answered."""
    return count_pairs(readings.truth, readings.answered, readings.classes)


def count_pairs(truth: np.ndarray, answered: np.ndarray, classes: int) -> np.ndarray:
    """Return how often each true class (rows) was answered as each class (columns), (classes, classes)."""
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (truth, answered), 1)
    return counts


def most_confused(counts: np.ndarray, most: int = 3) -> list[tuple[int, int, int]]:
    """Return (true, answered, count) of the most frequent mistakes in a confusion matrix, the most frequent first."""
    mistaken = counts * (1 - np.eye(len(counts), dtype=int))
    indices = np.argsort(-mistaken, axis=None, kind="stable")[:most]
    pairs = [divmod(int(index), len(counts)) for index in indices]
    return [(true, answered, count) for true, answered in pairs if (count := int(mistaken[true, answered]))]


def mistakes(readings: Readings, true: int | None = None, answered: int | None = None) -> np.ndarray:
    """Return the indices of the wrong answers, the most confident first; of one true class, or one answer, if given."""
    wrong = ~readings.right
    if true is not None:
        wrong &= readings.truth == true
    if answered is not None:
        wrong &= readings.answered == answered
    return most_confident_first(readings, wrong)


def most_confident_first(readings: Readings, which: np.ndarray) -> np.ndarray:
    """Sort the indices of the inputs that (n,) truth values choose, by confidence."""
    indices = np.flatnonzero(which)
    return indices[np.argsort(-readings.confidence[indices], kind="stable")]


def wilson_interval(share: float, count: float, z: float = Z_95) -> tuple[float, float]:
    """Return the interval, 95 % by default, of a probability of which `share` of `count` independent trials came true.

    All p with |share − p| ≤ z·√(p(1 − p)/count), as E. B. Wilson solved it (Probable inference, the law of succession,
    and statistical inference, 1927). It stays within 0…1 and has a width even where all trials came true. (0, 1) for
    no trials.
    """
    if count == 0:
        return 0.0, 1.0
    middle = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)
