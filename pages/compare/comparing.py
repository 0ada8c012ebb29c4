"""What the Compare page shows of runs: their curves, what sets them apart, and what they reach."""

import math
from pathlib import Path

import numpy as np
import streamlit as st

from core.recipe import RULES
from core.runs import comparison, control, exchange, metrics
from core.runs.comparison import Entry
from core.runs.curves import DRAWN, curve, mean_of
from pages.shared import charts, curves, run_view
from pages.shared.text import plain

CHOICES = {  # what the list of curves offers → the quantities that are drawn, and their axis
    **{q.title: ((q.name,), q.title) for q in sorted(DRAWN, key=lambda q: "train_" in q.name)},  # those of tests first
    "accuracy, test and training": (("test_accuracy", "train_accuracy"), "accuracy"),
    "loss, test and training": (("test_loss", "train_loss"), "loss"),
}
RANGES = {q.name: (q.low, q.high) for q in DRAWN if math.isfinite(q.high - q.low)}  # where an axis can show all of it
SAVE_FIGURE = (Path(__file__).parent / "save_figure.js").read_text()


def overlay(chosen: list[Entry]) -> None:
    """The curves of the chosen runs in one figure, and how to draw them; they grow while one of the runs does."""
    growing = any(entry.status in control.ACTIVE for entry in chosen)

    @st.fragment(run_every=run_view.LOOK_SECONDS if growing else None)
    def live():
        if growing and [control.status(entry.run) for entry in chosen] != [entry.status for entry in chosen]:
            st.rerun()  # the whole page, for the table says it too, and looking may stop
        _overlay(chosen)

    live()


def _overlay(chosen):
    repeated = comparison.repeats([entry.run for entry in chosen])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen_curve = st.selectbox("Curve", list(CHOICES), key="curve", bind="query-params", width=250)
        quantities, axis = CHOICES[chosen_curve]
        low, high = RANGES.get(quantities[0], (None, None))
        amount = st.slider("Smoothing", 0.0, 0.95, 0.0, 0.05, key="smoothing", bind="query-params", width=200)
        with st.container(width=200, gap=None):
            log_steps = st.toggle("Log iterations", key="log_iterations", bind="query-params")
            log_values = st.toggle("Log values", key="log_values", bind="query-params")
            close = high is not None and st.toggle(
                "Close up",
                key="close_up",
                bind="query-params",
                help="The axis that the later half of the curves needs.",
            )
    mean = repeated and st.toggle(
        "Draw runs that differ only in their seed as their mean",
        value=True,
        key="mean",
        bind="query-params",
        help="The band is one standard deviation of the runs each way.",
    )
    lines, empty = _lines(chosen, quantities, amount, repeated if mean else [])
    if lines:
        if close and high is not None:
            late = np.concatenate([line.values[len(line.values) // 2 :] for line in lines])
            low, high = float(late.min()) - 0.002, min(high, float(late.max()) + 0.002)
        with st.container(key="figure_to_save"):
            curves.chart(
                lines,
                key="overlay",
                title=axis,
                last_step=None if log_steps else max(int(line.steps.max()) for line in lines if len(line.steps)),
                low=low,
                high=high,
                log_steps=log_steps,
                log_values=log_values,
                alt=f"{chosen_curve.capitalize()} of {', '.join(dict.fromkeys(line.label for line in lines))}",
            )
    if empty:
        st.caption(f"No curve of this yet: {plain(', '.join(empty))}.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Curves as CSV",
            data=lambda: exchange.curves_csv([entry.run for entry in chosen]),
            file_name="curves.csv",
            mime="text/csv",
            on_click="ignore",
        )
        if lines:
            button = '<button class="save-figure" type="button">Figure as SVG</button>'
            st.html(f"{button}<script>{SAVE_FIGURE}</script>", width="content", unsafe_allow_javascript=True)


def _lines(chosen, quantities, amount, repeated):
    """The curves to draw, a group of repeats as one of them, and the names of runs that have none."""
    points = {entry.name: metrics.read(entry.run) for entry in chosen}
    shown = {entry.name: entry.shown for entry in chosen}
    drawn, empty = [], []
    for quantity in quantities:
        lines = {name: curve(shown[name], points[name], quantity, amount) for name in shown}
        empty += [shown[name] for name, line in lines.items() if not len(line.steps)]
        lines = {name: line for name, line in lines.items() if len(line.steps)}
        for group in repeated:
            parts = {run.name: lines.pop(run.name) for run in group if run.name in lines}
            if parts:
                lines[group[0].name] = mean_of(_called(list(parts), shown), list(parts.values()))
        drawn += lines.values()
    return drawn, list(dict.fromkeys(empty))


def _called(names, shown):
    """A mean's line in the legend: what repeats whose names end in their seeds are called, else all of them."""
    stems = {name.rpartition("-seed")[0] for name in names}
    if len(names) > 1 and len(stems) == 1 and (stem := stems.pop()):
        return f"{stem}, mean of {len(names)} seeds"
    return f"mean of {', '.join(shown[name] for name in names)}" if len(names) > 1 else shown[names[0]]


def recipes(chosen: list[Entry]) -> None:
    """The fields in which the recipes of the chosen runs differ."""
    differences = comparison.differences([entry.run for entry in chosen])
    if not differences:
        st.write("Their recipes are the same." if len(chosen) > 1 else "Choose a second run to see what differs.")
        return
    meanings = {name: rule.meaning for name, rule in RULES.items()}
    columns: dict[str, list] = {"field": [name.replace("_", " ") for name in differences]}
    for i, entry in enumerate(chosen):
        heading = entry.shown
        while heading in (*columns, "meaning"):  # a run may be called so
            heading += " (run)"
        columns[heading] = ["unknown" if values[i] is None else _word(values[i]) for values in differences.values()]
    columns["meaning"] = [meanings[name] for name in differences]
    st.dataframe(
        charts.table(columns),
        hide_index=True,
        height="content",
        key="differences",
        lazy=False,
        alt="Where the recipes differ.",
    )


def _word(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.6g}" if isinstance(value, int | float) else str(value) or "none"
