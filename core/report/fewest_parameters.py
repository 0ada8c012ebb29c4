"""Accuracy by number of parameters: what others published, what `python -m benchmarks.fewest_parameters` measured."""

import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from core.report import experiments, measurements
from core.report.measurements import Measured

FILE = Path(__file__).with_name("fewest_parameters.json")  # written by the benchmark, a line for each training


@dataclass(frozen=True)
class Published:
    """A network that others published: its parameters, its accuracy on MNIST's test set, where, and what to know."""

    parameters: int
    accuracy: float
    source: str
    remark: str
    spread: float | None = None


# read in these repositories of GitHub, in their README.md, 997_saved_acc.txt and 1936/model.txt
PUBLISHED = (
    Published(575, 0.98, "hexhowells/NeuralGolfing", "pruned; the highest accuracy"),
    Published(697, 0.9903, "JoshWarn/Parameter-Efficient-MNIST", "the best of about 700 trainings"),
    Published(
        997,
        0.9876,
        "JoshWarn/Parameter-Efficient-MNIST",
        "the mean of 223 trainings, each stopped where it read the test images best; the best of them 0.9906",
        0.0010,
    ),
    Published(1936, 0.991, "ruslangrimov/mnist-minimal-model", "one training"),
    Published(4862, 0.9907, "ruslangrimov/mnist-minimal-model", "one training"),
)


@dataclass(frozen=True)
class Training:
    """What one training reached: the budget it keeps to, its network's parameters, seed, steps, accuracy, seconds."""

    budget: int
    parameters: int
    seed: int
    steps: int
    accuracy: float
    seconds: float


@dataclass(frozen=True)
class Point:
    """A network of the curve: its name, its parameters, and what its trainings reached."""

    name: str
    parameters: int
    measured: Measured


def trainings() -> list[Training]:
    """Return the trainings of the benchmark that have been done so far."""
    return [Training(**line) for line in json.loads(FILE.read_text())] if FILE.exists() else []


def keep(done: list[Training]) -> None:
    """Write the trainings, sorted by budget and seed."""
    measurements.keep(FILE, sorted(done, key=lambda training: (training.budget, training.seed)))


def curve() -> list[Point]:
    """Return the points measured here by their parameters: the benchmark's, and `minimal` by its own runs."""
    points = []
    for budget, group in groupby(trainings(), key=lambda training: training.budget):
        done = tuple(group)
        accuracies, seconds = (tuple(getattr(one, name) for one in done) for name in ("accuracy", "seconds"))
        names = tuple(f"seed {one.seed}" for one in done)
        points.append(Point(f"at most {budget:,}", done[0].parameters, Measured(accuracies, seconds, names)))
    minimal = experiments.ALL["minimal"]
    (variant,) = minimal.variants
    if found := measurements.measured(minimal, variant):
        points.append(Point("minimal", variant.recipe.architecture.parameters, found))
    return sorted(points, key=lambda point: point.parameters)
