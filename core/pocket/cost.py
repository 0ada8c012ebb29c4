"""What rounding a network's weights costs in accuracy, measured on test images."""

from collections.abc import Callable
from dataclasses import dataclass

from core import evaluation
from core.evaluation import Evaluation
from core.images.mnist import Mnist
from core.model import answers
from core.model.forward import Weights
from core.pocket.rounding import is_exact, rounded
from core.runs import checkpoints, store


@dataclass(frozen=True)
class Cost:
    """The evaluations of a run's weights before and after they were rounded to a kind of number."""

    kind: str
    before: Evaluation
    after: Evaluation

    @property
    def summary(self) -> str:
        """What the rounding costs, in a sentence."""
        if self.before is self.after:
            return f"Its weights were {self.kind} numbers before, so rounding them cost nothing."
        before, after = (f"{each.accuracy:.4f}" for each in (self.before, self.after))
        if before == after:
            return f"Rounding its weights to {self.kind} cost nothing: it was {before} before."
        return f"Before its weights were rounded to {self.kind} it was {before}."


def measure(run: store.Run, weights: Weights, kind: str, data: Mnist, on_progress: Callable[[float], object]) -> Cost:
    """Judge a run's weights on the test images of `data` before and after rounding.

    `on_progress` hears the fraction done.
    """
    before = evaluation.judge(_kept_answers(run, data) or _answers(run, weights, data, on_progress), data)
    if is_exact(weights, kind):
        return Cost(kind, before, before)
    return Cost(kind, before, evaluation.judge(_answers(run, rounded(weights, kind), data, on_progress), data))


def _answers(run, weights, data, on_progress):
    return answers.of_digits(run.network, weights, data.test_images, on_progress)


def _kept_answers(run, data):
    """The run's answers to these images as its trainer kept them, or None if they are not those of its weights."""
    try:
        kept = answers.from_tensors(run.network, checkpoints.load_answers(run, data.name) or {})
    except ValueError:
        return None
    return kept if len(kept.top) == len(data.test_labels) else None
