"""The smallest change of one digit that moves the sum, found with the network's own gradient.

After Moosavi-Dezfooli, Fawzi and Frossard, "DeepFool" (CVPR 2016): take each other answer to catch up linearly with the
pixels, go to where the nearest one does, and look again. Then, as in Croce and Hein, "FAB" (ICML 2020), go along the
edge of the answer's region to where it is nearest to the digit. Pixels stay in 0…1 all the way.
"""

from dataclasses import dataclass, replace

import numpy as np

from core.insight.beside import logits_beside
from core.insight.gradient import leading_gradients
from core.model.forward import Weights
from core.model.networks import SIDE, Network, paired, pool_first
from core.model.operations import unit_range

STEPS = 15  # DeepFool's, of which it mostly needs two to four
POLISHING_STEPS = 2
RIVALS = 4  # how many other sums, the most probable first, each step looks at
TINY = 1e-30
LONGEST = 1.5  # how far along a direction the edge is looked for
OVERSHOOT = 1.05  # a step goes a little beyond where two answers are thought to be equal


@dataclass(frozen=True)
class Attack:
    """`change` (28, 28), in parts of white, added to one digit moves the sum from `before` to `after`.

    At 100 % of its strength it just does, at less not. `half` is "top" or "bottom".
    """

    half: str
    change: np.ndarray
    before: int
    after: int

    @property
    def size(self) -> float:
        """L2 norm, in units of one pixel from black to white."""
        return float(np.linalg.norm(self.change))

    @property
    def largest(self) -> float:
        """The largest change of a pixel, in parts of white."""
        return float(np.abs(self.change).max())

    def applied(self, digit: np.ndarray, strength: float) -> np.ndarray:
        """Return the digit (28, 28) with so much of the change (1 is all of it), float in 0…1."""
        return np.clip(unit_range(digit) + np.float32(strength) * self.change, 0, 1)


def attack(network: Network, weights: Weights, top: np.ndarray, bottom: np.ndarray, half: str = "top") -> Attack | None:
    """Find the smallest change of one of two digits (28, 28) uint8 that moves the sum, or None if none is found.

    It is an upper bound of the smallest there is: a search along gradients can miss a smaller one.
    """
    network = paired(network)
    network = replace(network, layers=pool_first(network.layers))
    digits = {"top": unit_range(top), "bottom": unit_range(bottom)}
    other = "bottom" if half == "top" else "top"

    def sums_of(changed):
        """The sums answered to n changed digits (n, 784) in this half."""
        versions = changed.reshape(-1, SIDE, SIDE)
        return logits_beside(network, weights, versions, digits[other], half).argmax(axis=1)

    def leading(digit, count):
        digits[half] = digit.reshape(SIDE, SIDE)
        sums, logits, gradients = leading_gradients(network, weights, **digits, half=half, count=count)
        return sums, logits, gradients.reshape(count, -1)

    def first_moved(direction):
        """The weakest of some strengths at which start + strength·direction moves the sum, and the sum; or None."""
        weak, strong = 0.0, LONGEST
        for _ in range(2):  # to 1 part in 96
            strengths = np.linspace(weak, strong, 13, dtype=np.float32)[1:]
            sums = sums_of(np.clip(start + strengths[:, None] * direction, 0, 1))
            if not (sums != before).any():
                return None
            first = int((sums != before).argmax())
            weak, strong = strengths[first] - (strong - weak) / 12, strengths[first]
        return strong, int(sums[first])

    start = digit = digits[half].ravel()
    before = int(sums_of(start)[0])
    for _ in range(STEPS):  # DeepFool
        sums, logits, gradients = leading(digit, RIVALS + 1)
        if sums[0] != before:
            break
        leads, slopes = logits[0] - logits[1:], gradients[1:] - gradients[0]
        steps = [smallest_step(slope, lead, -digit, 1 - digit) for slope, lead in zip(slopes, leads, strict=True)]
        changes = [change for change in steps if change is not None]
        if not changes:  # too sure for a straight line to lead out: a step of size 1 uphill, and look again
            uphill = slopes[0] * np.where(slopes[0] > 0, digit < 1, digit > 0)
            changes = [uphill / max(np.linalg.norm(uphill), TINY)]
        digit = np.clip(digit + OVERSHOOT * min(changes, key=lambda change: float(np.linalg.norm(change))), 0, 1)
    if (edge := first_moved(digit - start)) is None:
        return None
    best, after = edge[0] * (digit - start), edge[1]
    for _ in range(POLISHING_STEPS):  # from the edge of the answer's region, towards its point nearest to the start
        sums, logits, gradients = leading(start + best, 2)
        if set(sums.tolist()) != {before, after}:
            break
        sign = 1 if sums[0] == before else -1
        slope, lead = sign * (gradients[1] - gradients[0]), sign * (logits[0] - logits[1])
        nearest = smallest_step(slope, lead + slope @ best, -start, 1 - start)
        direction = best if nearest is None else (best + nearest) / 2
        edge = first_moved(direction)
        if edge is None or np.linalg.norm(edge[0] * direction) >= np.linalg.norm(best):
            break
        best, after = edge[0] * direction, edge[1]
    best = np.clip(start + best, 0, 1) - start
    return Attack(half, best.reshape(SIDE, SIDE), before, after)


def smallest_step(slope: np.ndarray, rise: float, low: np.ndarray, high: np.ndarray) -> np.ndarray | None:
    """Return the step d (n,) of smallest L2 norm with slope·d = rise and low ≤ d ≤ high, or None if there is none.

    It is λ·slope held within its bounds; slope·d grows with λ, which is found by halving an interval.
    """
    if rise <= 0:
        return np.zeros_like(slope)
    if slope @ np.where(slope > 0, high, low) <= rise or not slope.any():
        return None
    under, over = 0.0, rise / float(slope @ slope)
    while slope @ np.clip(over * slope, low, high) < rise:
        under, over = over, 2 * over
    for _ in range(30):
        middle = (under + over) / 2
        under, over = (middle, over) if slope @ np.clip(middle * slope, low, high) < rise else (under, middle)
    return np.clip(over * slope, low, high)


def noisy(digit: np.ndarray, size: float, count: int, seed: int) -> np.ndarray:
    """Return `count` copies of a digit, (count, 28, 28) in 0…1, with random noise whose clipped L2 norm is `size`.

    Normal noise in every pixel, stronger or weaker until what clipping leaves of it is as large as asked.
    """
    noise = np.random.default_rng(seed).normal(size=(count, SIDE, SIDE)).astype(np.float32)
    start, low, high = unit_range(digit), np.zeros((count, 1, 1), np.float32), np.full((count, 1, 1), 1.0, np.float32)

    def sizes(strength):
        return np.linalg.norm(np.clip(start + strength * noise, 0, 1) - start, axis=(1, 2), keepdims=True)

    for _ in range(20):
        middle = (low + high) / 2
        smaller = sizes(middle) < size
        low, high = np.where(smaller, middle, low), np.where(smaller, high, middle)
    return np.clip(start + high * noise, 0, 1)
