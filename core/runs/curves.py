"""What a run's curve shows: a quantity against the step, smoothed, averaged over seeds, and described.

Points are the lines of metrics.jsonl: a step, and what QUANTITIES lists.
"""

import math
from dataclasses import dataclass

import numpy as np

from core.recipe import Recipe


@dataclass(frozen=True)
class Quantity:
    """A number that a curve's points have beside their step, from `low` to `high`: the metric, or how it was reached.

    `title` is that of its axis on the compare page; without one it is kept and not drawn. A point without a quantity
    that is `required` is no point, so one that older runs have not is not required.
    """

    name: str
    title: str = ""
    low: float = 0.0
    high: float = math.inf
    required: bool = False


QUANTITIES = (
    Quantity("train_accuracy", "training accuracy", high=1.0, required=True),
    Quantity("test_accuracy", "test accuracy", high=1.0, required=True),
    Quantity("train_loss", "training loss", required=True),
    Quantity("test_loss", "test loss", required=True),
    Quantity("learning_rate", "learning rate", required=True),
    Quantity("rate_factor"),  # by which the learning rate was turned by hand
    Quantity("seconds"),  # of training so far
)
DRAWN = tuple(quantity for quantity in QUANTITIES if quantity.title)
CURVE_IMAGES = 2000  # test images behind a curve's point; the result at the end takes all of them
FIRST_IMAGES = 500  # test images behind its first point; few, because the visitor is waiting for it
ENOUGH_POINTS = 12  # for a hint: fewer say nothing yet


AXIS_ENDS = (1, 1.5, 2, 3, 4, 5, 6, 8)  # of an axis that grows, times a power of ten


@dataclass(frozen=True)
class Curve:
    """Values (n,) of a quantity at steps (n,); low and high (n,) bound the band where it is a mean over seeds."""

    label: str
    quantity: str
    steps: np.ndarray
    values: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None


def curve(label: str, points: list[dict], quantity: str, smoothing: float = 0.0) -> Curve:
    """Return a run's curve of one quantity, smoothed by an exponential average that keeps `smoothing` of itself."""
    known = [(point["step"], point[quantity]) for point in points if _is_number(point.get(quantity))]
    steps, values = (np.array(column, float) for column in zip(*known, strict=True)) if known else (np.zeros(0),) * 2
    return Curve(label, quantity, steps, smoothed(values, smoothing))


def smoothed(values: np.ndarray, amount: float) -> np.ndarray:
    """Smooth (n,) by an exponential moving average, `amount` of it (0, nothing, to 1) the past; unbiased at its start.

    The correction of the start is that of Adam's moments (Kingma and Ba, 2015).
    """
    average, result = 0.0, np.empty(len(values))
    for i, value in enumerate(values):
        average = amount * average + (1 - amount) * value
        result[i] = average / (1 - amount ** (i + 1))
    return result


def mean_of(label: str, curves: list[Curve]) -> Curve:
    """Average repeats at the steps of the longest, in a band of one standard deviation either side.

    Each step's mean and band are over the repeats that have come so far; over a single one the band has no width.
    """
    longest = max(curves, key=lambda curve: curve.steps[-1])
    columns = [np.interp(longest.steps, c.steps, c.values, right=np.nan) for c in curves]
    values = np.ma.masked_invalid(columns)
    mean = values.mean(axis=0).data
    spread = np.sqrt(((values - mean) ** 2).sum(axis=0).data / np.maximum(1, values.count(axis=0) - 1))
    return Curve(label, longest.quantity, longest.steps, mean, mean - spread, mean + spread)


def rate_changes(points: list[dict]) -> list[tuple[int, float]]:
    """Return (step, factor) where the learning rate was turned by hand: the first point trained with the factor."""
    changes, factor = [], 1.0
    for point in points:
        now = point.get("rate_factor", 1.0)
        if now != factor:
            changes.append((point["step"], now))
        factor = now
    return changes


def hints(recipe: Recipe, points: list[dict]) -> list[str]:
    """Describe what the curve shows and what to try, each from the rule that it states. Empty for a few points."""
    if len(points) < ENOUGH_POINTS:
        return []
    losses = np.array([point["train_loss"] for point in points])
    accuracies = np.array([point["test_accuracy"] for point in points])
    test_losses = np.array([point["test_loss"] for point in points])
    late = points[-1]["step"] > recipe.steps / 4
    recent = slice(-max(4, len(points) // 5), None)
    train, test = (np.mean([point[name] for point in points[recent]]) for name in ("train_accuracy", "test_accuracy"))
    chance = 0.1
    sentences = []
    if losses[recent].mean() > 2 * losses[: len(losses) // 2].min() and losses[recent].mean() > losses[0]:
        sentences.append(
            "Divergence: the training loss is above where it began, and more than twice its best. Try a learning rate "
            "ten times lower."
        )
    elif train - test > 0.03:
        sentences.append(
            f"Over-fitting: over the last points training accuracy is {train - test:.3f} above test accuracy, over "
            "0.03. Try more training images, dropout (keep_prob 0.5), augmentation or a smaller network."
        )
    elif late and test_losses[recent].mean() > 1.25 * test_losses[: recent.start].min():
        sentences.append(
            "Over-fitting: the test loss has risen to more than 1.25 times its lowest. More steps will not help; try "
            "augmentation or dropout."
        )
    if test < 0.6 and accuracies[recent].max() - accuracies[recent].min() < 0.02 and train - test <= 0.03:
        learns = "It does not learn yet" if test < chance + 0.05 else "Plateau"
        sentences.append(
            f"{learns}: test accuracy has moved by less than 0.02 over the last fifth of its points, below 0.6. A sum "
            "network stays there while its number line forms. Try patience, all pairs of a batch, a higher rate."
        )
    return sentences


def axis_end(step: int, steps: int) -> int:
    """Return where an axis of a run at `step` of `steps` ends: rounded up, so that it seldom moves, at most `steps`."""
    ends = (round(lead * 10**power) for power in range(1, 7) for lead in AXIS_ENDS)
    return min(steps, next((end for end in ends if end >= step), steps))


def curve_images(test_images: int) -> int:
    """Return how many of so many test images a curve's points are measured on: every second, third, … of them."""
    return len(range(0, test_images, max(1, test_images // CURVE_IMAGES)))


def _is_number(value):
    return isinstance(value, int | float) and np.isfinite(value)
