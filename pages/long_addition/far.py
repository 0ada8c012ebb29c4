"""Accuracy against the length of the numbers, beside what the digits' own errors foretell and what others reached."""

import streamlit as st

from core.images.mnist import Mnist
from core.insight import long_addition
from core.model import answers
from core.runs.store import Run
from pages.shared import charts
from pages.shared.cached import answers_of, cached, test_set
from pages.shared.curves import LEGEND, PALETTE

# Published accuracies of systems that were trained on sums of numbers of so many digits, as this project collected them
PUBLISHED = {2: 0.964, 4: 0.940, 15: 0.808, 100: 0.378}
TRAINED_ON_THEM = "published, trained on numbers so long"


def show(run: Run) -> None:
    """Draw the chart, and say what sets the tasks apart."""
    data = test_set()
    lines = _accuracies(run, data) | {TRAINED_ON_THEM: PUBLISHED}
    rows = [(length, value, name) for name, values in lines.items() for length, value in values.items()]
    table = charts.table(
        {name: [row[i] for row in rows] for i, name in enumerate(("digits of each number", "accuracy", "line"))}
    )
    told = [{"field": name, "type": "quantitative"} for name in ("digits of each number", "accuracy")]
    encoding = {
        "x": {"field": "digits of each number", "type": "quantitative", "scale": {"type": "log", "nice": False}},
        "y": {"field": "accuracy", "type": "quantitative", "scale": {"domain": [0, 1]}},
        "color": {
            "field": "line",
            "type": "nominal",
            "sort": None,
            "scale": {"domain": list(lines), "range": list(PALETTE)},
            "legend": LEGEND | {"columns": 1},
        },
        "strokeDash": {
            "condition": {"test": f"datum.line == '{long_addition.POWER}'", "value": [3, 7]},
            "value": [1, 0],
        },
        "tooltip": [{"field": "line", "type": "nominal"}, *told],
    }
    layers = [{"mark": {"type": "line", "strokeWidth": 2.5}}, {"mark": {"type": "point", "filled": True, "size": 70}}]
    summary = ", ".join(f"{length} digits {value:.3f}" for length, value in lines[long_addition.READ_FIRST].items())
    charts.draw(
        {"encoding": encoding, "layer": layers}, table, key="long_addition_far", height=420, alt=f"Accuracy: {summary}"
    )
    st.caption(
        f"Sums of numbers dealt from {len(data.test_labels):,} test digits, {long_addition.ADDED:,} of each length; as "
        f"distributions {long_addition.SEARCHED} of each, up to {long_addition.MOST_COLUMNS} columns. The published "
        "systems learned from sums of numbers as long as those they were judged on, and so from far fewer of them: "
        "30,000 pairs of digits make 300 pairs of numbers of 100 digits. This network learned from single digits or "
        "from sums of two, and adds by rule."
    )


@cached(max_entries=4)
def _accuracies(run: Run, data: Mnist):
    read = answers.as_pairs(answers_of(run))
    with st.spinner("Adding 1,000 sums of each length, for the first time with these weights."):
        return long_addition.accuracies(read.top, read.bottom, data.test_labels)
