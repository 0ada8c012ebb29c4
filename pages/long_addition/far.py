"""Accuracy against the length of the numbers, beside what the digits' own errors foretell and what others reached."""

import streamlit as st

from core.images.mnist import Mnist
from core.insight import long_addition
from core.model import answers
from core.report.addition import PUBLISHED_BY_LENGTH
from core.runs.store import Run
from pages.shared import charts, reached, tables
from pages.shared.cached import answers_of, cached, test_set
from pages.shared.curves import LEGEND, PALETTE

PUBLISHED = "published"
# the two that nearly coincide are a broad line and a dashed one, so that each is seen where they do
DASHES = {long_addition.READ_FIRST: [1, 0], long_addition.SEARCH: [9, 6], long_addition.POWER: [2, 6]}


def show(run: Run) -> None:
    """Draw the chart, and say what sets the tasks apart."""
    data = test_set()
    lines = _accuracies(run, data)
    rows = [
        (length, value, max(1 - value, reached.FEWEST_MISTAKES), name)
        for name, values in [*lines.items(), (PUBLISHED, PUBLISHED_BY_LENGTH)]
        for length, value in values.items()
    ]
    names = ("digits of each number", "accuracy", "mistakes", "line")
    table = charts.table(dict(zip(names, zip(*rows, strict=True), strict=True)))
    x = {
        "field": "digits of each number",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False},
        "axis": {"values": list(long_addition.LENGTHS), "labelOverlap": True},
    }
    y = {"field": "mistakes", **reached.accuracy_axis(min(0.8 * mistakes for _, _, mistakes, _ in rows), 1.0)}
    line = {"field": "line", "type": "nominal", "sort": None, "legend": LEGEND | {"columns": 1}}
    colour = {**line, "scale": {"domain": list(DASHES), "range": list(PALETTE[: len(DASHES)])}}
    dash = {**line, "scale": {"domain": list(DASHES), "range": list(DASHES.values())}}
    told = [{"field": name, "type": "quantitative"} for name in ("digits of each number", "accuracy")]
    tooltip = [{"field": "line", "type": "nominal"}, *told]
    own, others = (f"datum.line {sign} '{PUBLISHED}'" for sign in ("!=", "=="))
    broad = {"condition": {"test": f"datum.line == '{long_addition.READ_FIRST}'", "value": 6}, "value": 2.5}
    layers = [
        {
            "transform": [{"filter": own}],
            "mark": {"type": "line"},
            "encoding": {"y": y, "color": colour, "strokeDash": dash, "strokeWidth": broad},
        },
        {
            "transform": [{"filter": own}],
            "mark": {"type": "point", "filled": True, "size": 40},
            "encoding": {"y": y, "color": colour, "tooltip": tooltip},
        },
        {
            "transform": [{"filter": others}],
            "mark": {"type": "point", "shape": "diamond", "size": 110, "strokeWidth": 2.5, "color": PALETTE[3]},
            "encoding": {"y": y, "tooltip": tooltip},
        },
        {
            "transform": [{"filter": f"{others} && datum['{names[0]}'] == {max(PUBLISHED_BY_LENGTH)}"}],
            "mark": {"type": "text", "align": "left", "dx": 8, "dy": -12, "aria": False},
            "encoding": {"y": y, "text": {"field": "line"}},
        },
    ]
    summary = ", ".join(f"{length} digits {value:.3f}" for length, value in lines[long_addition.READ_FIRST].items())
    charts.draw(
        {"encoding": {"x": x}, "layer": layers}, table, key="long_addition_far", height=420, alt=f"Accuracy: {summary}"
    )
    st.caption(
        f"Sums of numbers dealt from {len(data.test_labels):,} test digits, {long_addition.ADDED:,} of each length; as "
        f"distributions up to {long_addition.MOST_COLUMNS} columns. Half as many mistakes are the same step up "
        "everywhere. The diamonds are published accuracies as this project "
        "collected them; their systems are not recorded, so they may be of different ones. Those systems learned from "
        "sums of numbers as long as those they were judged on, and so from far fewer of them: 30,000 pairs of digits "
        "make 300 pairs of numbers of 100 digits. This network learned from single digits or from sums of two, and "
        "adds by rule."
    )
    _table(lines)


def _table(lines):
    """Show accuracies that the figure can hardly tell apart as numbers."""
    heads = ("Digits", "Each as read", "Distributions", "Power 2N")
    rows = [(str(length), *(f"{lines[name][length]:.3f}" for name in DASHES)) for length in lines[long_addition.SEARCH]]
    st.html(tables.facts(heads, rows, kind="figures"))


@cached(max_entries=4)
def _accuracies(run: Run, data: Mnist):
    read = answers.as_pairs(answers_of(run))
    with st.spinner("Adding 1,000 sums of each length, for the first time with these weights."):
        return long_addition.accuracies(read.top, read.bottom, data.test_labels)
