"""The report's conclusions, each with the rule by which it is judged here, on the runs that are there."""

import statistics
from dataclasses import dataclass

import numpy as np

from core.report.experiments import ALL
from core.report.measurements import measured, runs_of
from core.runs import metrics, store


@dataclass(frozen=True)
class Verdict:
    """A conclusion of the report, the rule by which it is judged here, and what the runs say. `holds` None: unknown."""

    conclusion: str
    rule: str
    found: str
    holds: bool | None


def verdicts() -> list[Verdict]:
    """The report's conclusions, judged on the runs that are there."""
    return [
        _compared("Without ReLU the network is worse.", "linear", "deep", "all seeds' mean", below=True),
        _rougher(),
        _over_fits(),
        _compared("Fewer parameters help against over-fitting.", "reduced", "few-images", "on 250 images"),
        _dropout_helps(),
        _sum_reached(),
    ]


def roughness(run: store.Run) -> float | None:
    """How much a training curve jumps: the mean absolute step of train accuracy between points in its second half.

    None with fewer than 20 points.
    """
    values = [point["train_accuracy"] for point in metrics.read(run)]
    if len(values) < 20:
        return None
    return float(np.abs(np.diff(values[len(values) // 2 :])).mean())


def _first(experiment_id):
    experiment = ALL[experiment_id]
    return measured(experiment, experiment.variants[0])


def _compared(conclusion, one, other, where, below=False):
    a, b = _first(one), _first(other)
    word = "below" if below else "above"
    rule = f"The mean of {one} lies {word} that of {other} by more than their two spreads together."
    if a is None or b is None:
        return Verdict(conclusion, rule, "Not measured yet.", None)
    gain = (b.mean - a.mean) if below else (a.mean - b.mean)
    found = f"{a.summary} against {b.summary}, {where}."
    return Verdict(conclusion, rule, found, gain > a.spread + b.spread)


def _rougher():
    rule = "Between two points of the second half of training, train accuracy moves more in linear than in deep."
    found = {}
    for name in ("linear", "deep"):
        each = [roughness(run) for run in runs_of(ALL[name], ALL[name].variants[0])]
        found[name] = [value for value in each if value is not None]
    conclusion = "Its training curve is rougher and moves in big jumps."
    if not all(found.values()):
        return Verdict(conclusion, rule, "Not measured yet.", None)
    linear, deep = (statistics.mean(found[name]) for name in ("linear", "deep"))
    return Verdict(conclusion, rule, f"{linear:.4f} against {deep:.4f} a point.", linear > deep)


def _over_fits():
    conclusion = "250 images over-fit."
    rule = "At the end train accuracy is more than 0.03 above test accuracy with 250 images, and less with all."
    gaps = {}
    for name in ("few-images", "all-images"):
        points = [metrics.read(run) for run in runs_of(ALL[name], ALL[name].variants[0])]
        last = [each[-5:] for each in points if len(each) >= 5]
        gaps[name] = [p["train_accuracy"] - p["test_accuracy"] for each in last for p in each]
    if not all(gaps.values()):
        return Verdict(conclusion, rule, "Not measured yet.", None)
    few, every = (statistics.mean(gaps[name]) for name in ("few-images", "all-images"))
    return Verdict(conclusion, rule, f"{few:.3f} with 250 images, {every:.3f} with all.", few > 0.03 > every)


def _dropout_helps():
    conclusion = "Dropout helps against over-fitting."
    rule = "The best keep_prob below 1 beats keep_prob 1 by more than their two spreads together."
    experiment = ALL["dropout"]
    each = {variant.recipe.keep_prob: measured(experiment, variant) for variant in experiment.variants}
    known = {keep_prob: m for keep_prob, m in each.items() if m}
    if 1.0 not in known or len(known) < 2:
        return Verdict(conclusion, rule, "Not measured yet.", None)
    without = known.pop(1.0)
    keep_prob, best = max(known.items(), key=lambda entry: entry[1].mean)
    found = f"{best.summary} at {keep_prob:g} against {without.summary}."
    return Verdict(conclusion, rule, found, best.mean - without.mean > best.spread + without.spread)


def _sum_reached():
    conclusion = "With shared weights the network learns to add, to 0.95."
    rule = "sum reaches 0.95 of test pairs."
    m = _first("sum")
    if m is None:
        return Verdict(conclusion, rule, "Not measured yet.", None)
    return Verdict(conclusion, rule, f"{m.mean:.4f}.", m.mean >= 0.95)
