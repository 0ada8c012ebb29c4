import math
from typing import Any

import streamlit as st

from core.theory.counting import Balance
from pages.shared import charts, curves

MORE, FEWER = "more parameters", "more constraints"
COLOURS = {MORE: "#d43d51", FEWER: "#009e73"}
CONSTRAINTS, PARAMETERS = (300, 1e13), (300, 1e9)  # of the axes, with room for names
NOTABLE_POINTS = 2  # a gap this far from 0 is named in the figure


NAME = {"type": "text"}
LINE = 0.32  # powers of ten between two names, one above the other


def against(balances: list[Balance]) -> None:
    """Parameters against constraints on logarithmic axes, with the line where they are equal."""
    spots: dict[tuple, list[Balance]] = {}
    for balance in balances:  # what stands in one place is named in one label
        position = balance.constraints.total, round(math.log10(balance.network.parameters), 1)
        spots.setdefault(position, []).append(balance)
    columns: dict[str, list] = {
        name: [] for name in ("constraints", "parameters", "height", "side", "name", "crowded", "experiments")
    }
    for spot in spots.values():
        first, names = spot[0], list(dict.fromkeys(short(balance) for balance in spot))
        for line, name in enumerate(names):
            columns["constraints"].append(first.constraints.total)
            columns["parameters"].append(first.network.parameters)
            columns["height"].append(first.network.parameters * 10 ** (0.35 + LINE * line))
            columns["side"].append(side(first))
            columns["name"].append(name)
            columns["crowded"].append(len(names) > 1)
            columns["experiments"].append(", ".join(names))
    x = {"field": "constraints", "type": "quantitative", "scale": {"type": "log", "domain": list(CONSTRAINTS)}}
    y = {"field": "parameters", "type": "quantitative", "scale": {"type": "log", "domain": list(PARAMETERS)}}
    x["axis"], y["axis"] = _powers(3, 12, 3), _powers(3, 9, 2)
    layers = [
        {
            "data": {"values": [{"n": PARAMETERS[0]}, {"n": PARAMETERS[1]}]},
            "mark": {"type": "line", "strokeDash": [6, 5], "strokeWidth": 2, "color": "#8a8f98"},
            "encoding": {"x": {**x, "field": "n", "title": "constraints"}, "y": {**y, "field": "n"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 170, "opacity": 1},
            "encoding": {
                "x": x,
                "y": {**y, "title": "parameters"},
                "color": _colour(),
                "tooltip": [
                    {"field": "experiments", "type": "nominal"},
                    {"field": "parameters", "type": "quantitative", "format": ","},
                    {"field": "constraints", "type": "quantitative", "format": ","},
                ],
            },
        },
        {  # several names stand above their point, one beside it
            "transform": [{"filter": "datum.crowded"}],
            "mark": NAME,
            "encoding": {"x": x, "y": {**y, "field": "height"}, "text": {"field": "name"}},
        },
        {
            "transform": [{"filter": "!datum.crowded"}],
            "mark": {**NAME, "dx": 12, "align": "left"},
            "encoding": {"x": x, "y": y, "text": {"field": "name"}},
        },
    ]
    alt = "Parameters against constraints, both logarithmic; above the line of equality there are more parameters."
    charts.draw({"layer": layers}, charts.table(columns), key="against", height=420, alt=alt)


def gaps(balances: list[Balance]) -> None:
    """The measured gap between train and test against parameters per constraint, for independent images."""
    measured = [balance for balance in balances if balance.gap is not None and not balance.by_pairs]
    gap_points = [100 * balance.gap for balance in measured if balance.gap is not None]
    if not measured:
        st.info("No experiment has been measured yet. Run them on the Report page.")
        return
    columns = {
        "ratio": [balance.ratio for balance in measured],
        "gap": gap_points,
        "side": [side(balance) for balance in measured],
        "experiment": [balance.label for balance in measured],
        "name": _names(measured),
    }
    x: dict[str, Any] = {"field": "ratio", "type": "quantitative", "title": "parameters for each constraint"}
    x |= {"scale": {"type": "log", "domain": [1e-3, 1e4]}, "axis": {"values": [0.001, 0.01, 0.1, 1, 10, 100, 1000]}}
    x["axis"]["format"] = "~g"
    y = {"field": "gap", "type": "quantitative", "title": "gap, percentage points", "scale": {"zero": True}}
    layers = [
        {
            "data": {"values": [{}]},
            "mark": {"type": "rule", "strokeDash": [6, 5], "strokeWidth": 2, "color": "#8a8f98", "aria": False},
            "encoding": {"x": {"datum": 1}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 130, "opacity": 0.85},
            "encoding": {
                "x": x,
                "y": y,
                "color": _colour(),
                "tooltip": [
                    {"field": "experiment", "type": "nominal"},
                    {"field": "ratio", "type": "quantitative", "format": ".3~g", "title": "parameters per constraint"},
                    {"field": "gap", "type": "quantitative", "format": ".2f", "title": "gap, points"},
                ],
            },
        },
        {"mark": {**NAME, "dx": -10, "align": "right"}, "encoding": {"x": x, "y": y, "text": {"field": "name"}}},
    ]
    alt = "Measured gap between train and test accuracy against parameters per constraint."
    charts.draw({"layer": layers}, charts.table(columns), key="gaps", height=420, alt=alt)


def _names(measured):
    """A name for each notable gap; of those that stand in nearly one place the first one carries all."""
    spots: dict[tuple, list[str]] = {}
    positions = [(round(math.log10(balance.ratio), 1), round(100 * balance.gap)) for balance in measured]
    for position, balance in zip(positions, measured, strict=True):
        spots.setdefault(position, []).append(balance.label)
    return [", ".join(spots.pop(position, [])) if abs(position[1]) >= NOTABLE_POINTS else "" for position in positions]


def short(balance: Balance, variants: bool = False) -> str:
    """The experiment, by its variant where asked, and whether pairs were counted."""
    name = balance.label if variants else balance.label.split()[0]
    return f"{name}, by pairs" if balance.by_pairs else name


def side(balance: Balance) -> str:
    """Which of the two is larger."""
    return MORE if balance.ratio > 1 else FEWER


def _colour():
    scale = {"domain": list(COLOURS), "range": list(COLOURS.values())}
    legend = curves.LEGEND | {"symbolType": "circle", "symbolStrokeWidth": 0}
    return {"field": "side", "type": "nominal", "scale": scale, "legend": legend}


def _powers(low, high, step):
    return {
        "values": [10**k for k in range(low, high + 1, step)],
        "labelExpr": "replace(format(datum.value, '~s'), 'G', 'B')",
    }
