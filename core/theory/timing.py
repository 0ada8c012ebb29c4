"""How long a convolution's gradient takes by each algorithm, against the length n of the signal, on this machine."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.theory import backpropagation

ALGORITHMS = {
    "Toeplitz matrix": backpropagation.gradient_by_toeplitz,
    "direct sum": backpropagation.gradient_by_correlation,
    "FFT": backpropagation.gradient_by_fft,
}
LENGTHS = tuple(2**k for k in range(5, 18))
SLOWEST_SECONDS = 0.015  # an algorithm that takes longer for one gradient is not tried on a longer signal
POINT_SECONDS = 0.02  # for all repeats of one point
REPEATS = (3, 9)  # at least, at most


@dataclass(frozen=True)
class Timing:
    """The seconds of one gradient by one algorithm, for each length n; the filter is as long as the signal.

    Of several repeats it is the quickest: other work on the machine can only add to it.
    """

    algorithm: str
    lengths: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def fitted(self) -> slice:
        """The larger half of the lengths, where the fixed cost of a call weighs little."""
        return slice(len(self.lengths) // 2, None)

    @property
    def line(self) -> tuple[float, float]:
        """Slope and intercept of log seconds against log n, by least squares over the larger half of the lengths."""
        return tuple(np.polyfit(np.log(self.lengths[self.fitted]), np.log(self.seconds[self.fitted]), 1).tolist())

    @property
    def slope(self) -> float:
        """The exponent p where time grows as n to the power p."""
        return self.line[0]

    def predicted(self, n: int) -> float:
        """Return seconds at length n by the fitted line."""
        slope, intercept = self.line
        return float(np.exp(intercept + slope * np.log(n)))


def measure(
    report: Callable[[float, str], None] = lambda done, what: None, clock: Callable[[], float] = time.perf_counter
) -> list[Timing]:
    """Time all algorithms on random signals, about a second in all. `report` hears the fraction done and what is timed.

    The first call of each point warms the caches up and is not counted.
    """
    generator, timings = np.random.default_rng(0), []
    for i, (algorithm, gradient) in enumerate(ALGORITHMS.items()):
        lengths, seconds = [], []
        for j, n in enumerate(LENGTHS):
            report((i + j / len(LENGTHS)) / len(ALGORITHMS), f"{algorithm}, n = {n:,}")
            signal, g = generator.standard_normal(n), generator.standard_normal(2 * n - 1)
            gradient(signal, g)
            each: list[float] = []
            until = clock() + POINT_SECONDS
            while len(each) < REPEATS[0] or (len(each) < REPEATS[1] and clock() < until):
                began = clock()
                gradient(signal, g)
                each.append(clock() - began)
            lengths.append(n)
            seconds.append(min(each))
            if seconds[-1] > SLOWEST_SECONDS:
                break
        timings.append(Timing(algorithm, tuple(lengths), tuple(seconds)))
    return timings


def crossing(slow: Timing, quick: Timing) -> float | None:
    """Return the length n from which on `quick` is quicker: the shortest measured one if always, None if never.

    Between two measured lengths it is where straight lines in logarithms cross.
    """
    shared = min(len(slow.lengths), len(quick.lengths))
    ahead = np.log(slow.seconds[:shared]) - np.log(quick.seconds[:shared])
    if ahead[-1] <= 0:
        return None
    behind = np.flatnonzero(ahead <= 0)
    if not len(behind):
        return float(slow.lengths[0])
    last = int(behind[-1])
    part = -ahead[last] / (ahead[last + 1] - ahead[last])
    return float(slow.lengths[last] * (slow.lengths[last + 1] / slow.lengths[last]) ** part)
