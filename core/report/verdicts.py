"""The report's conclusions, each with the rule by which it is judged here, on the runs that are there.

Two recipes are compared seed by seed: the same seed draws the same images and the same pairs of them, so what differs
is the recipe. Of the differences a paired t-test asks whether their mean is above 0, or below.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.report.experiment import Variant
from core.report.experiments import ALL
from core.report.measurements import measured, runs_of
from core.runs import metrics, results, store

# of Student's t, what 95 % lie below, by how many seeds there are: one-sided, one degree of freedom fewer than seeds
CRITICAL_T = {2: 6.314, 3: 2.920, 4: 2.353, 5: 2.132}
HOLDS, FAILS, OPEN, UNKNOWN = "holds", "does not hold", "cannot be told from this", "not measured yet"


@dataclass(frozen=True)
class Verdict:
    """A conclusion of the report, the rule by which it is judged here, what the runs say, and one of the four words."""

    conclusion: str
    rule: str
    numbers: str
    word: str


def verdicts(protocol: str = "quick") -> list[Verdict]:
    """Return the report's conclusions, judged on the runs by one of experiment.PROTOCOLS that are there."""
    return [
        _compared("Without ReLU the network is worse.", "deep", "linear", protocol, "deep lies above linear"),
        _rougher(protocol),
        _over_fits(protocol),
        _compared(
            "Fewer parameters help against over-fitting.", "reduced", "few-images", protocol, "reduced lies above deep"
        ),
        _dropout_helps(protocol),
        _sum_reached(protocol),
    ]


def paired_t_test(above: dict[int, float], below: dict[int, float]) -> tuple[str, str]:
    """Judge whether the first accuracies, by seed, lie above the second: a word and the numbers it comes from.

    "holds" if the mean difference over the common seeds is more than CRITICAL_T of its standard errors above 0, "does
    not hold" if it is as much below, else "cannot be told from this". Student (1908), one-sided at 5 %.
    """
    seeds = sorted(set(above) & set(below))
    if not seeds:
        return UNKNOWN, ""
    differences = [above[seed] - below[seed] for seed in seeds]
    mean = statistics.mean(differences)
    numbers = f"difference {mean:+.4f} over {len(seeds)} seed{'s' * (len(seeds) > 1)}"
    if len(seeds) not in CRITICAL_T:
        return OPEN, numbers
    error = statistics.stdev(differences) / len(seeds) ** 0.5
    numbers += f" ± {error:.4f} standard error"
    if abs(mean) <= CRITICAL_T[len(seeds)] * error:
        return OPEN, numbers
    return (HOLDS if mean > 0 else FAILS), numbers


def roughness(run: store.Run) -> float | None:
    """Return how much a training curve jumps: train accuracy's mean absolute step between points in its second half.

    None with fewer than 20 points.
    """
    values = [point["train_accuracy"] for point in metrics.read(run)]
    if len(values) < 20:
        return None
    return float(np.abs(np.diff(values[len(values) // 2 :])).mean())


def gap(run: store.Run) -> float | None:
    """Return train accuracy less test accuracy at the end, in the mean of five points; None with fewer."""
    last = metrics.read(run)[-5:]
    if len(last) < 5:
        return None
    return statistics.mean(point["train_accuracy"] - point["test_accuracy"] for point in last)


def _first(experiment_id: str, protocol: str) -> Variant:
    return ALL[experiment_id].variants_by(protocol)[0]


def _accuracies(experiment_id: str, variant: Variant) -> dict[int, float]:
    """Accuracy by seed, of the finished runs of a variant."""
    runs = runs_of(ALL[experiment_id], variant)
    return {run.recipe.seed: result["accuracy"] for run in runs if (result := results.read(run))}


def _compared(conclusion, above, below, protocol, claim):
    rule = f"Seed by seed {claim}: a paired t-test, one-sided at 5 %."
    one, other = (_accuracies(name, _first(name, protocol)) for name in (above, below))
    word, numbers = paired_t_test(one, other)
    return Verdict(conclusion, rule, numbers, word)


def _by_seed(experiment_id: str, protocol: str, value: Callable[[store.Run], float | None]) -> list[float]:
    runs = runs_of(ALL[experiment_id], _first(experiment_id, protocol))
    return [number for run in runs if (number := value(run)) is not None]


def _rougher(protocol):
    conclusion = "Its training curve is rougher and moves in big jumps."
    rule = "Between two points of the second half of training, train accuracy moves more in linear than in deep."
    linear, deep = (_by_seed(name, protocol, roughness) for name in ("linear", "deep"))
    if not linear or not deep:
        return Verdict(conclusion, rule, "", UNKNOWN)
    numbers = f"{statistics.mean(linear):.4f} against {statistics.mean(deep):.4f} a point"
    return Verdict(conclusion, rule, numbers, _apart(linear, deep))


def _apart(above, below):
    """Whether all of the first lie above all of the second, or the other way round."""
    return HOLDS if min(above) > max(below) else FAILS if max(above) < min(below) else OPEN


def _over_fits(protocol):
    conclusion = "250 images over-fit."
    rule = "At the end train accuracy is more than 0.03 above test accuracy with 250 images, and less with all."
    few, every = (_by_seed(name, protocol, gap) for name in ("few-images", "all-images"))
    if not few or not every:
        return Verdict(conclusion, rule, "", UNKNOWN)
    few, every = statistics.mean(few), statistics.mean(every)
    numbers = f"{few:.3f} with 250 images, {every:.3f} with all"
    return Verdict(conclusion, rule, numbers, HOLDS if few > 0.03 > every else FAILS)


def _dropout_helps(protocol):
    conclusion = "Dropout helps against over-fitting."
    rule = "Seed by seed keep_prob 0.5 lies above keep_prob 1: a paired t-test, one-sided at 5 %."
    of = {variant.recipe.keep_prob: _accuracies("dropout", variant) for variant in ALL["dropout"].variants_by(protocol)}
    word, numbers = paired_t_test(of[0.5], of[1.0])
    others = {
        keep_prob: statistics.mean(accuracies[seed] - of[1.0][seed] for seed in seeds)
        for keep_prob, accuracies in of.items()
        if keep_prob not in (0.5, 1.0) and (seeds := set(accuracies) & set(of[1.0]))
    }
    if others:
        listed = ", ".join(f"{difference:+.4f} with {keep_prob:g}" for keep_prob, difference in others.items())
        numbers += f"; beside it {listed}"
    return Verdict(conclusion, rule, numbers, word)


def _sum_reached(protocol):
    conclusion = "With shared weights the network learns to add, to 0.95."
    rule = "sum, which has a ReLU on its shared layer, reaches 0.95 of test pairs. (sum_linear has none.)"
    reached = measured(ALL["sum"], _first("sum", protocol))
    if reached is None:
        return Verdict(conclusion, rule, "", UNKNOWN)
    return Verdict(conclusion, rule, reached.summary, HOLDS if reached.mean >= 0.95 else FAILS)
