"""Two networks on the same images: whether chance alone explains that one is right more often."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Paired:
    """How often two networks are right and wrong on the same inputs."""

    both_right: int
    only_first: int  # right, where the second is wrong
    only_second: int
    both_wrong: int

    @property
    def count(self) -> int:
        return self.both_right + self.only_first + self.only_second + self.both_wrong

    @property
    def difference(self) -> float:
        """The first network's accuracy less the second's, in −1…1."""
        return (self.only_first - self.only_second) / self.count

    @property
    def standard_error(self) -> float:
        """Of the difference: inputs on which both are right, or both wrong, add nothing to it."""
        differ = self.only_first + self.only_second
        return math.sqrt(differ / self.count - self.difference**2) / math.sqrt(self.count)

    @property
    def p_value(self) -> float:
        """Two-sided, exact: how likely so uneven a split is, or a more uneven one, if both networks are equally good.

        Then each input on which just one of them is right is as the toss of a fair coin, and the others say nothing
        (Q. McNemar, Note on the sampling error of the difference between correlated proportions or percentages,
        1947). 2·P(X ≤ the smaller) for X binomial with probability ½, at most 1; in whole numbers until the last
        division, which gives 0 where the result is too small for a float.
        """
        tosses, smaller = self.only_first + self.only_second, min(self.only_first, self.only_second)
        outcomes = combinations = 1  # of tossing 0 heads, and then up to `smaller`
        for heads in range(1, smaller + 1):
            combinations = combinations * (tosses - heads + 1) // heads
            outcomes += combinations
        return min(1.0, 2 * outcomes / 2**tosses)


def paired(first_right: np.ndarray, second_right: np.ndarray) -> Paired:
    """Count two networks' right answers (n,) to the same inputs. Raises ValueError if they differ in number."""
    if first_right.shape != second_right.shape:
        raise ValueError(f"{len(first_right)} answers cannot be paired with {len(second_right)}")
    return Paired(
        int((first_right & second_right).sum()),
        int((first_right & ~second_right).sum()),
        int((~first_right & second_right).sum()),
        int((~first_right & ~second_right).sum()),
    )
