"""The report's conclusions, each with the rule by which it is judged here, on the runs that are there.

Two recipes are compared seed by seed: the same seed draws the same images and the same pairs of them, so what differs
is the recipe. Of the differences a paired t-test asks whether their mean is above 0, or below.
"""

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.report.experiment import Variant
from core.report.experiments import ALL
from core.report.measurements import runs_of, summary
from core.runs import metrics, results, store

# of Student's t, what 95 % lie below, by how many seeds there are: one-sided, one degree of freedom fewer than seeds
CRITICAL_T = {2: 6.314, 3: 2.920, 4: 2.353, 5: 2.132}
HOLDS, FAILS, OPEN, UNKNOWN = "holds", "does not hold", "cannot be told from this", "not measured yet"
T_TEST = (
    "It holds where a t-test over the seeds finds it, and does not hold where it finds the opposite, either at 5 %."
)
GAP = 0.03  # of train accuracy over test accuracy: what is more is over-fitting
REACHED = 0.95  # of sums, as the report printed
Z_95 = 1.645  # of a normal distribution, what 95 % lie below


Finished = tuple[store.Run, dict[str, Any]]  # a run and its result


@dataclass(frozen=True)
class Verdict:
    """A conclusion of the report, the rule by which it is judged here, what the runs say, and one of the four words.

    `experiment` is the id of the one in experiments.py that it was drawn from.
    """

    experiment: str
    conclusion: str
    rule: str
    numbers: str
    word: str


def verdicts(protocol: str = "quick") -> list[Verdict]:
    """Return the report's conclusions, judged on the runs by one of experiment.PROTOCOLS that are there."""
    dropout = {
        variant.recipe.keep_prob: _finished("dropout", variant) for variant in ALL["dropout"].variants_by(protocol)
    }
    return [
        _compared(
            *("linear", "Without ReLU the network is worse.", protocol),
            *(
                "deep lies above linear, both without dropout",
                _first("all-images", protocol),
                _first("linear", protocol),
            ),
        ),
        _rougher(protocol),
        _over_fits(protocol),
        _compared(
            *("reduced", "Fewer parameters help against over-fitting.", protocol),
            *("reduced lies above deep", _first("reduced", protocol), _first("few-images", protocol)),
        ),
        _dropout_helps(protocol, dropout),
        _more_dropout(dropout),
        _sum_reached(protocol),
    ]


def paired_t_test(above: dict[int, float], below: dict[int, float]) -> tuple[str, str]:
    """Judge whether the first accuracies, by seed, lie above the second: a word and the numbers it comes from.

    The common seeds are compared, each with itself.
    """
    return t_test([above[seed] - below[seed] for seed in sorted(set(above) & set(below))], "difference")


def t_test(values: list[float], name: str) -> tuple[str, str]:
    """Judge whether the mean of values, one of each seed, lies above 0: a word and the numbers it comes from.

    "holds" if it is more than CRITICAL_T of its standard errors above, "does not hold" if it is as much below, else
    "cannot be told from this". Student (1908), one-sided at 5 %. `name` says what the values are.
    """
    if not values:
        return UNKNOWN, ""
    mean, seeds = statistics.mean(values), len(values)
    numbers = f"{name} {_signed(mean)} over {seeds} seed{'s' * (seeds > 1)}"
    if seeds not in CRITICAL_T:
        return OPEN, numbers
    error = statistics.stdev(values) / seeds**0.5
    numbers += f" ± {error:.4f} standard error"
    if abs(mean) <= CRITICAL_T[seeds] * error:
        return OPEN, numbers
    return (HOLDS if mean > 0 else FAILS), numbers


def roughness(run: store.Run) -> tuple[float, float] | None:
    """Return how much a training curve jumps, and how much of that the batches alone would make it jump.

    The first is train accuracy's mean absolute step between points in its second half; the second is the same of two
    batches of so many images, each right with the same probability. None with fewer than 20 points.
    """
    values = np.array([point["train_accuracy"] for point in metrics.read(run)])
    if len(values) < 20:
        return None
    later = values[len(values) // 2 :]
    return float(np.abs(np.diff(later)).mean()), jump_by_chance(float(later.mean()), run.recipe.batch)


def jump_by_chance(accuracy: float, images: int) -> float:
    """Return the mean absolute difference of two batches' accuracies, each image right with the same probability.

    Of two independent counts it is twice the sum of F(1 − F), F their binomial distribution function.
    """
    if not 0 < accuracy < 1:
        return 0.0
    whole, right, wrong = math.lgamma(images + 1), math.log(accuracy), math.log1p(-accuracy)
    log_shares = [
        whole - math.lgamma(k + 1) - math.lgamma(images - k + 1) + k * right + (images - k) * wrong
        for k in range(images + 1)
    ]
    below = np.minimum(np.exp(log_shares).cumsum(), 1)
    return float(2 * (below * (1 - below)).sum() / images)


def gap(run: store.Run) -> float | None:
    """Return train accuracy less test accuracy at the end, in the mean of five points; None with fewer."""
    last = metrics.read(run)[-5:]
    if len(last) < 5:
        return None
    return statistics.mean(point["train_accuracy"] - point["test_accuracy"] for point in last)


def halfway(run: store.Run) -> float | None:
    """Return test accuracy after half of the steps, in the mean of the five nearest points; None with fewer."""
    points = metrics.read(run)
    if len(points) < 5:
        return None
    nearest = sorted(points, key=lambda point: abs(point["step"] - points[-1]["step"] / 2))[:5]
    return statistics.mean(point["test_accuracy"] for point in nearest)


def _first(experiment_id: str, protocol: str) -> list[Finished]:
    """The finished runs of an experiment's first variant."""
    return _finished(experiment_id, ALL[experiment_id].variants_by(protocol)[0])


def _finished(experiment_id: str, variant: Variant) -> list[Finished]:
    return [(run, result) for run in runs_of(ALL[experiment_id], variant) if (result := results.read(run))]


def _accuracies(runs: list[Finished]) -> dict[int, float]:
    return {run.recipe.seed: result["accuracy"] for run, result in runs}


def _by_seed(runs: list[Finished], value: Callable[[store.Run], Any]) -> dict[int, Any]:
    """What a run's curve comes to, by seed, of those whose curve is long enough."""
    return {run.recipe.seed: number for run, _ in runs if (number := value(run)) is not None}


def _compared(experiment, conclusion, protocol, claim, above, below):
    rule = f"Seed by seed {claim}. {T_TEST}"
    word, numbers = paired_t_test(_accuracies(above), _accuracies(below))
    if protocol == "report" and word != UNKNOWN:
        # the rate stays as it is, so any iteration could be the last one
        earlier, difference = paired_t_test(_by_seed(above, halfway), _by_seed(below, halfway))
        numbers += f". After half of the iterations it {earlier}: {difference}"
    return Verdict(experiment, conclusion, rule, numbers, word)


def _rougher(protocol):
    conclusion = "Its training curve is rougher and moves in big jumps."
    rule = (
        "Between two points of the second half of training, train accuracy moves more in every run of linear than in "
        "any of deep, two seeds of each at least. Batches make it move by chance, the more the less accurate a network "
        "is: that is beside it."
    )
    jumps = {name: list(_by_seed(_first(name, protocol), roughness).values()) for name in ("linear", "deep")}
    if not all(jumps.values()):
        return Verdict("linear", conclusion, rule, "", UNKNOWN)
    seen, told = [], []
    for name, runs in jumps.items():
        moves, by_chance = zip(*runs, strict=True)
        seen.append(moves)
        told.append(
            f"{name} moves by {statistics.mean(moves):.4f} a point, by chance alone {statistics.mean(by_chance):.4f}"
        )
    linear, deep = seen
    word = OPEN
    if min(len(linear), len(deep)) > 1:
        word = HOLDS if min(linear) > max(deep) else FAILS if max(linear) < min(deep) else OPEN
    return Verdict("linear", conclusion, rule, "; ".join(told), word)


def _over_fits(protocol):
    conclusion = "250 images over-fit."
    rule = (
        f"In the mean of the last five points, train accuracy is more than {GAP} above test accuracy in every run with "
        "250 images, and in none with all. It does not hold where no run with 250 images has such a gap."
    )
    few, every = (list(_by_seed(_first(name, protocol), gap).values()) for name in ("few-images", "all-images"))
    if not few or not every:
        return Verdict("few-images", conclusion, rule, "", UNKNOWN)
    numbers = f"a gap of {statistics.mean(few):.3f} with 250 images, of {statistics.mean(every):.3f} with all"
    word = HOLDS if min(few) > GAP > max(every) else FAILS if max(few) <= GAP else OPEN
    return Verdict("few-images", conclusion, rule, numbers, word)


def _dropout_helps(protocol, of):
    """Judge from the finished runs `of` each keep_prob."""
    verdict = _compared(
        *("dropout", "Dropout helps against over-fitting.", protocol),
        *("keep_prob 0.5 lies above keep_prob 1", of[0.5], of[1.0]),
    )
    accuracies, whole = {keep_prob: _accuracies(runs) for keep_prob, runs in of.items()}, _accuracies(of[1.0])
    others = {
        keep_prob: statistics.mean(each[seed] - whole[seed] for seed in seeds)
        for keep_prob, each in accuracies.items()
        if keep_prob not in (0.5, 1.0) and (seeds := set(each) & set(whole))
    }
    if not others:
        return verdict
    listed = ", ".join(f"{_signed(difference)} with {keep_prob:g}" for keep_prob, difference in others.items())
    return replace(verdict, numbers=". ".join(filter(None, (verdict.numbers, f"Of the others {listed}"))))


def _more_dropout(runs_by_keep_prob):
    conclusion = "More dropout raises accuracy."
    of = {keep_prob: _accuracies(runs) for keep_prob, runs in runs_by_keep_prob.items()}
    rule = (
        f"Of each seed, the straight line through its accuracies with keep_prob {', '.join(f'{p:g}' for p in of)} "
        f"rises with the share that is dropped. {T_TEST}"
    )
    dropped, seeds = [1 - keep_prob for keep_prob in of], sorted(set.intersection(*map(set, of.values())))
    slopes = [float(np.polyfit(dropped, [each[seed] for each in of.values()], 1)[0]) for seed in seeds]
    word, numbers = t_test(slopes, "slope")
    return Verdict("dropout", conclusion, rule, numbers, word)


def _sum_reached(protocol):
    conclusion = "With shared weights the network learns to add, to 0.95."
    rule = (
        f"sum, which has a ReLU on its shared layer, reads more than {REACHED} of test pairs in every run, by {Z_95} "
        "standard errors of the test images at least. It does not hold where every run lies as far below. (sum_linear "
        "has no such ReLU.)"
    )
    reached = [(result["accuracy"], Z_95 * result["standard_error"]) for _, result in _first("sum", protocol)]
    if not reached:
        return Verdict("sum", conclusion, rule, "", UNKNOWN)
    lowest, highest = min(value - error for value, error in reached), max(value + error for value, error in reached)
    word = HOLDS if lowest > REACHED else FAILS if highest < REACHED else OPEN
    numbers = f"{summary([value for value, _ in reached])} in {len(reached)} run{'s' * (len(reached) > 1)}"
    return Verdict("sum", conclusion, rule, numbers, word)


def _signed(number):
    return f"{number:+.4f}".replace("-", "−")
