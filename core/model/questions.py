"""What may be asked about two digits, each question an exact table from a pair of digits to its answer.

A reader that gives each digit a probability answers any of them: the probability of an answer is that of all pairs that
have it. A recipe's `labels` names the question whose answers a network is told while it trains.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.model.operations import DIGITS


@dataclass(frozen=True)
class Question:
    """A question about a top digit a and a bottom digit b, and the rule that answers it with a whole number."""

    id: str  # as in a recipe's `labels`
    text: str
    rule: Callable[[int, int], int]

    @cached_property
    def table(self) -> np.ndarray:
        """(10, 10): the answer for each top and bottom digit."""
        return np.array([[self.rule(a, b) for b in range(DIGITS)] for a in range(DIGITS)])

    @cached_property
    def answers(self) -> np.ndarray:
        """All answers there are, in rising order."""
        return np.unique(self.table)

    @cached_property
    def answer_indices(self) -> np.ndarray:
        """(10, 10): which of `answers` each top and bottom digit have."""
        return np.searchsorted(self.answers, self.table)

    @cached_property
    def answer_of_pair(self) -> np.ndarray:
        """(100, answers) float32: 1 where 10·a + b has that answer, so a product with it adds up over its pairs."""
        return np.equal.outer(self.answer_indices.ravel(), np.arange(len(self.answers))).astype(np.float32)


QUESTIONS = {
    question.id: question
    for question in (
        Question("sums", "What is a + b?", lambda a, b: a + b),
        Question("differences", "What is a − b?", lambda a, b: a - b),
        Question("distances", "How far apart are a and b?", lambda a, b: abs(a - b)),
        Question("products", "What is a × b?", lambda a, b: a * b),
        Question("maxima", "What is the larger of the two?", max),
        Question("larger", "Is a larger than b?", lambda a, b: int(a > b)),
        Question("parities", "Is a + b odd?", lambda a, b: (a + b) % 2),
    )
}
