"""What sharing the halves' weights was worth: the same recipe trained tied and untied, in accuracy and in images."""

import math
from dataclasses import dataclass

from core.runs import metrics, results, store

LEVELS = (0.5, 0.8, 0.9)  # of test accuracy, for the images it took to get there


@dataclass(frozen=True)
class Trained:
    """A finished run: accuracy and its standard error, parameters, seconds, training images seen.

    `reached`: for each of LEVELS, the images seen at the first point of the curve that is there, or None.
    """

    name: str
    accuracy: float
    standard_error: float
    parameters: int
    seconds: float
    images: int
    reached: tuple[int | None, ...]


def trained(run: store.Run) -> Trained | None:
    """Return what a run reached and what it took, or None if it has not finished."""
    result, points = results.read(run), metrics.read(run)
    if result is None:
        return None
    steps = [next((p["step"] for p in points if p["test_accuracy"] >= level), None) for level in LEVELS]
    return Trained(
        run.name,
        result["accuracy"],
        result["standard_error"],
        run.network.parameters,
        result.get("seconds", math.nan),
        run.recipe.step_digits * result["steps"],
        tuple(None if step is None else run.recipe.step_digits * step for step in steps),
    )


def difference(one: Trained, other: Trained) -> tuple[float, float]:
    """Return by how much `one` is more accurate, and the standard error of that if the two erred independently."""
    return one.accuracy - other.accuracy, math.hypot(one.standard_error, other.standard_error)
