"""The report's theoretical part 4: parameters against constraints, for a layer, a network, an experiment.

A parameter is a number that training may choose. A constraint is a number that training data ask for: each image asks
for one value at each category. With more parameters than constraints a network could learn its images by heart.
"""

import statistics
from dataclasses import dataclass

from core.model.networks import NETWORKS, Network
from core.report import experiments
from core.report.experiment import Experiment, Variant
from core.report.measurements import runs_of
from core.report.past_the_report import PAST_THE_REPORT
from core.runs import metrics, results

PRINTED_CONVOLUTION = 1_728  # what the report has for 96 filters of 5×5 on RGB with biases
LINEAR_PARAMETERS = 28 * 28 * 10 + 10  # of the one matrix and bias that `linear` amounts to
RANGES = {  # of whole numbers in the calculator
    "filters": (1, 10_000),
    "size": (1, 100),
    "channels": (1, 10_000),
    "height": (1, 1_000),
    "width": (1, 1_000),
    "images": (1, 1_000_000_000),
    "categories": (1, 1_000_000),
}
TRAINING_IMAGES = {"full": 59_000, "embedded": 4_000}  # by the data that a run trained on
LAST_POINTS = 10  # of a training curve, whose mean is its end: one point is one batch


@dataclass(frozen=True)
class Count:
    """A number and the arithmetic that leads to it, as the report writes it: "96·(5·5·3) + 96"."""

    arithmetic: str
    total: int

    def __str__(self):
        return f"{self.arithmetic} = {self.total:,}"


def convolution_parameters(filters: int, size: int, channels: int, biases: bool) -> Count:
    """Count those of a convolution with filters of size×size on so many channels. Raises ValueError outside RANGES."""
    _check(filters=filters, size=size, channels=channels)
    kernel = f"{filters:,}·({size}·{size}·{channels:,})"
    total = filters * size * size * channels
    return Count(f"{kernel} + {filters:,}", total + filters) if biases else Count(kernel, total)


def dense_parameters(inputs: tuple[int, int, int], outputs: tuple[int, int, int], biases: bool) -> Count:
    """Count those of an FC layer between two shapes (height, width, channels). Raises ValueError outside RANGES."""
    for shape in (inputs, outputs):
        _check(**dict(zip(("height", "width", "channels"), shape, strict=True)))
    (a, b, c), (d, e, f) = inputs, outputs
    n, m = a * b * c, d * e * f
    product = f"{n:,}·{m:,}"
    return Count(f"{product} + {m:,}", n * m + m) if biases else Count(product, n * m)


def constraints(images: int, categories: int) -> Count:
    """Count those of training images that each ask for one value per category. Raises ValueError outside RANGES."""
    _check(images=images, categories=categories)
    return Count(f"{images:,} × {categories:,}", images * categories)


def pair_constraints(images: int) -> Count:
    """Count those of all ordered pairs of so many digits, each of which asks for one value at each of the 19 sums."""
    _check(images=images)
    return Count(f"{images:,}² × 19", images * images * 19)


@dataclass(frozen=True)
class Balance:
    """An experiment's parameters against the constraints of its own training set.

    A sum network is counted twice: by its independent images, as if each were told its digit, and `by_pairs`, by all
    pairs that they make. `train_accuracy`, `test_accuracy`: means over the finished runs, None where there is none.
    Train is the end of the training curve, so as training saw its batches: with dropout, and images moved about.
    """

    label: str
    network: Network
    images: int
    by_pairs: bool
    constraints: Count
    seeds: int
    train_accuracy: float | None
    test_accuracy: float | None

    @property
    def ratio(self) -> float:
        """Parameters for each constraint."""
        return self.network.parameters / self.constraints.total

    @property
    def gap(self) -> float | None:
        """Train less test accuracy."""
        if self.train_accuracy is None or self.test_accuracy is None:
            return None
        return self.train_accuracy - self.test_accuracy


def balances() -> list[Balance]:
    """Balance the report's experiments and, for networks past it, their own: every network of the app is in it."""
    of_report = {experiment.network for experiment in experiments.EXPERIMENTS}
    beyond: dict[str, Experiment] = {}
    for experiment in PAST_THE_REPORT:
        if experiment.network not in of_report:
            beyond.setdefault(experiment.network, experiment)
    return [
        balance
        for experiment in (*experiments.EXPERIMENTS, *beyond.values())
        for variant in experiment.variants
        for balance in _balances(experiment, variant)
    ]


def _balances(experiment: Experiment, variant: Variant) -> list[Balance]:
    finished = [(run, result) for run in runs_of(experiment, variant) if (result := results.read(run))]
    data = finished[0][0].data_name if finished else "full"
    images = variant.recipe.examples or TRAINING_IMAGES.get(data, TRAINING_IMAGES["full"])
    tested = [result["accuracy"] for _, result in finished]
    trained = [end for run, _ in finished if (end := _end(run)) is not None]
    train, test = (statistics.mean(trained), statistics.mean(tested)) if trained else (None, None)
    label = " ".join(filter(None, (experiment.id, variant.label)))
    network = NETWORKS[experiment.network]

    def balance(by_pairs, count):
        return Balance(label, network, images, by_pairs, count, len(trained), train, test)

    independent = balance(False, constraints(images, 10))
    return [independent, balance(True, pair_constraints(images))] if network.reads_pairs else [independent]


def _end(run):
    values = [point["train_accuracy"] for point in metrics.read(run)[-LAST_POINTS:]]
    return statistics.mean(values) if values else None


def _check(**values):
    for name, value in values.items():
        low, high = RANGES[name]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"{name} is {value!r}; allowed: a whole number from {low:,} to {high:,}")
