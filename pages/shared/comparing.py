"""What the Compare page shows of runs: their curves, what sets them apart, and what they reach."""

from dataclasses import fields

import numpy as np
import streamlit as st

from core import comparison, exchange, runs
from core.comparison import Entry
from core.curves import Curve, curve, mean_of
from core.model.networks import NETWORKS
from core.recipe import Recipe
from pages.shared import curves, lean, run_view

QUANTITIES = {
    "test_accuracy": "test accuracy",
    "train_accuracy": "training accuracy",
    "test_loss": "test loss",
    "train_loss": "training loss",
    "learning_rate": "learning rate",
}


def overlay(chosen: list[Entry]) -> None:
    """The curves of the chosen runs in one figure, and how to draw them; they grow while one of the runs does."""
    growing = any(entry.status in run_view.ACTIVE for entry in chosen)

    @st.fragment(run_every=run_view.LOOK_SECONDS if growing else None)
    def live():
        if growing and [runs.status(entry.run) for entry in chosen] != [entry.status for entry in chosen]:
            st.rerun()  # the whole page, for the table says it too, and looking may stop
        _overlay(chosen)

    live()


def _overlay(chosen):
    repeated = comparison.repeats([entry.run for entry in chosen])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        quantity = st.selectbox(
            "Curve", list(QUANTITIES), format_func=QUANTITIES.get, key="curve", bind="query-params", width=200
        )
        amount = st.slider("Smoothing", 0.0, 0.95, 0.0, 0.05, key="smoothing", bind="query-params", width=200)
        with st.container(width=200, gap=None):
            log_steps = st.toggle("Log iterations", key="log_iterations", bind="query-params")
            log_values = st.toggle("Log values", key="log_values", bind="query-params")
            close = quantity.endswith("accuracy") and st.toggle(
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
    lines, empty = _lines(chosen, quantity, amount, repeated if mean else [])
    if lines:
        low, high = (0.0, 1.0) if quantity.endswith("accuracy") else (None, None)
        if close:
            late = np.concatenate([line.values[len(line.values) // 2 :] for line in lines])
            low, high = float(late.min()) - 0.002, min(1.0, float(late.max()) + 0.002)
        drawn = curves.chart(
            lines,
            key="overlay",
            title=QUANTITIES[quantity],
            last_step=None if log_steps else max(int(line.steps.max()) for line in lines if len(line.steps)),
            low=low,
            high=high,
            log_steps=log_steps,
            log_values=log_values,
            alt=f"{QUANTITIES[quantity].capitalize()} of {', '.join(line.label for line in lines)}",
        )
    if empty:
        st.caption(f"No curve of this yet: {', '.join(empty)}.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Curves as CSV",
            data=lambda: exchange.curves_csv([entry.run for entry in chosen]),
            file_name="curves.csv",
            mime="text/csv",
            on_click="ignore",
        )
        for kind in ("svg", "png") if lines else ():
            st.download_button(
                f"Figure as {kind.upper()}",
                data=lambda kind=kind: drawn(kind),
                file_name=f"curves.{kind}",
                mime=f"image/{kind}{'+xml' if kind == 'svg' else ''}",
                on_click="ignore",
            )


def _lines(chosen, quantity, amount, repeated):
    """The curves to draw, a group of repeats as one of them, and the names of runs that have none."""
    lines: dict[str, Curve] = {e.name: curve(e.shown, runs.read_metrics(e.run), quantity, amount) for e in chosen}
    empty = [entry.name for entry in chosen if not len(lines[entry.name].steps)]
    lines = {name: line for name, line in lines.items() if len(line.steps)}
    for group in repeated:
        parts = {run.name: lines.pop(run.name) for run in group if run.name in lines}
        if parts:
            lines[group[0].name] = mean_of(_called(list(parts)), list(parts.values()))
    return list(lines.values()), empty


def _called(names):
    """A mean's line in the legend: what repeats whose names end in their seeds are called, else all their names."""
    stems = {name.rpartition("-seed")[0] for name in names}
    if len(names) > 1 and len(stems) == 1 and (stem := stems.pop()):
        return f"{stem}, mean of {len(names)} seeds"
    return f"mean of {', '.join(names)}" if len(names) > 1 else names[0]


def recipes(chosen: list[Entry]) -> None:
    """The fields in which the recipes of the chosen runs differ."""
    found = comparison.differences([entry.run for entry in chosen])
    if not found:
        st.write("Their recipes are the same." if len(chosen) > 1 else "Choose a second run to see what differs.")
        return
    meanings = {f.name: f.metadata["meaning"] for f in fields(Recipe)}
    columns = {"field": [name.replace("_", " ") for name in found]}
    for i, entry in enumerate(chosen):
        columns[entry.name] = ["unknown" if values[i] is None else _word(values[i]) for values in found.values()]
    columns["meaning"] = [meanings[name] for name in found]
    st.dataframe(
        lean.table(columns),
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


def reached(entries: list[Entry], chosen: list[Entry]) -> None:
    """Accuracy with its standard error against the parameters, for every run that has been measured."""
    known = [entry for entry in entries if entry.result]
    if not known:
        st.write("No run has finished yet, so no accuracy is measured.")
        return
    accuracy, error = (np.array([e.result[name] for e in known]) for name in ("accuracy", "standard_error"))
    table = lean.table(
        {
            "run": [entry.shown for entry in known],
            "network": [entry.run.recipe.network for entry in known],
            "parameters": [entry.run.network.parameters for entry in known],
            "accuracy": accuracy,
            "low": accuracy - error,
            "high": accuracy + error,
            "measured": [entry.measured for entry in known],
            "reads": ["two digits" if entry.run.network.reads_pairs else "one digit" for entry in known],
            "chosen": [entry.name in {e.name for e in chosen} for entry in known],
        }
    )
    st.vega_lite_chart(
        table,
        _scatter([name for name in NETWORKS if name in {entry.run.recipe.network for entry in known}]),
        key="reached",
        height=curves.HEIGHT_PIXELS,
        alt="Accuracy against the number of parameters, a point for each finished run.",
    )
    st.caption(
        "Squares read the sum of two digits, circles one digit: different tasks. Each bar is one standard error each "
        "way. Chosen runs are larger."
    )


def _scatter(networks):
    colours = [curves.PALETTE[list(NETWORKS).index(name) % len(curves.PALETTE)] for name in networks]
    x = {"field": "parameters", "type": "quantitative", "axis": {"format": "~s"}}
    x["scale"] = {"type": "log", "domain": [500, 10_000_000], "nice": False}  # from tiny's 915 to untied halves
    y = {"type": "quantitative", "scale": {"zero": False}, "title": "accuracy"}
    colour = {"field": "network", "type": "nominal", "scale": {"domain": networks, "range": colours}}
    legend = {"orient": "top", "title": None, "columns": 3, "symbolType": "circle"}
    tooltip = [{"field": name, "type": "nominal"} for name in ("run", "network", "measured")]
    tooltip.append({"field": "parameters", "type": "quantitative", "format": ","})
    return {
        "encoding": {"x": x, "color": {**colour, "legend": legend}},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "filled": True, "opacity": 0.9},
                "encoding": {
                    "y": {**y, "field": "accuracy"},
                    "shape": {
                        "field": "reads",
                        "type": "nominal",
                        "legend": None,
                        "scale": {"domain": ["one digit", "two digits"], "range": ["circle", "square"]},
                    },
                    "size": {"condition": {"test": "datum.chosen", "value": 220}, "value": 70},
                    "tooltip": tooltip,
                },
            },
        ],
    }
