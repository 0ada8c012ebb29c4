"""The figures of the report page: curves of an experiment by either protocol, and accuracy against one quantity."""

import math

import streamlit as st

from core.jobs import sweep
from core.recipe import EVERY
from core.report import experiments
from core.report.experiment import Experiment
from core.report.measurements import measured, runs_of
from core.runs import metrics
from core.runs.curves import curve, mean_of
from pages.shared import charts, curves

HEADINGS = {"report": "By the report's protocol", "quick": "By the quick recipe"}


def of_experiment(experiment: Experiment) -> None:
    """Its curves by the report's own protocol, as the report drew them, then those of the quick recipe."""
    drawn = [_curves(experiment, protocol, heading) for protocol, heading in HEADINGS.items()]
    if not any(drawn):
        st.caption("Its figure is drawn from real curves, once it has run.")


def _curves(experiment, protocol, heading):
    """Train and test accuracy of its one recipe, or the test accuracies of its several; whether there were any."""
    lines, variants = [], experiment.variants_by(protocol)
    several = len(variants) > 1
    for variant in variants:
        points = [p for run in runs_of(experiment, variant) if (p := metrics.read(run))]
        if not points:
            continue
        for kind in ("test",) if several else ("test", "train"):
            label = variant.label.removesuffix("-report") if several else kind
            each = [curve(label, p, f"{kind}_accuracy") for p in points]
            lines.append(mean_of(label, each) if len(each) > 1 else each[0])
    if not lines:
        return False
    if experiment.question:
        st.markdown(f"**{heading}**")
    curves.chart(
        lines,
        key=f"figure of {experiment.id}, {protocol}",
        title="test accuracy" if several else "accuracy",
        last_step=int(max(line.steps[-1] for line in lines)),
        low=axis_start(lines),
        alt=f"{experiment.title}, {heading}: " + ", ".join(f"{e.label} ends at {e.values[-1]:.3f}" for e in lines),
    )
    return True


def axis_start(lines):
    """Return the tenth of accuracy that the vertical axis starts from: curves pass it in a tenth of their steps."""
    later = [line.values[line.steps >= line.steps[-1] / 10].min() for line in lines]
    return min(math.floor(10 * min(later)), 9) / 10


def keep_prob_chart() -> None:
    """Accuracy against keep_prob, by either protocol: a point for each seed, a line through the means."""
    experiment = experiments.ALL["dropout"]
    rows = [
        (variant.recipe.keep_prob, accuracy, heading)
        for protocol, heading in HEADINGS.items()
        for variant in experiment.variants_by(protocol)
        if (measurement := measured(experiment, variant))
        for accuracy in measurement.accuracies
    ]
    title = "Accuracy against keep_prob, 250 training images."
    if _scatter(rows, ("keep_prob", "accuracy", "trained"), "keep_prob_chart", title):
        st.caption(f"The quick runs are the sweep `{sweep.command(experiment)}`.")


def labels_chart() -> None:
    """Accuracy against the number of training images, learning from sums and from digits."""
    experiment = experiments.ALL["labels"]
    rows = [
        (variant.recipe.examples or EVERY, measurement.mean, f"from {variant.recipe.labels}")
        for variant in experiment.variants
        if (measurement := measured(experiment, variant))
    ]
    title = "Accuracy on pairs against the number of training images."
    if _scatter(rows, ("training images", "accuracy", "learns"), "labels_chart", title, log=True):
        st.caption(f"These runs are the sweep `{sweep.command(experiment)}`.")


def _scatter(rows, names, key, alt, log=False):
    """Draw rows of x, y and a colour, by these three names, and lines through the means; whether there were any.

    The horizontal axis is labelled at the values that there are.
    """
    if not rows:
        st.caption("Not measured yet: run the experiment.")
        return False
    x, y, colour = names
    encoding = {
        "x": {
            "field": x,
            "type": "quantitative",
            "scale": {"type": "log" if log else "linear", "zero": False},
            "axis": {"values": sorted({row[0] for row in rows}), "format": ",~r" if log else "~r"},
        },
        "y": {"field": y, "type": "quantitative", "title": y, "scale": {"zero": False}},
        "color": {
            "field": colour,
            "type": "nominal",
            "scale": {"range": list(curves.PALETTE)},
            "legend": curves.LEGEND | {"columns": 1},  # its two entries are wider than a phone
        },
    }
    mean = {**encoding, "y": {**encoding["y"], "aggregate": "mean"}}
    tooltip = [{"field": field, "type": "quantitative"} for field in (x, y)]
    layers = [
        {"mark": {"type": "line", "strokeWidth": 2.5}, "encoding": mean},
        {
            "mark": {"type": "point", "filled": True, "size": 70},
            "encoding": {**encoding, "tooltip": tooltip},
        },
    ]
    table = charts.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    charts.draw({"layer": layers}, table, key=key, height=curves.HEIGHT_PIXELS, alt=alt)
    return True
