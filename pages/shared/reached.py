"""Accuracy against parameters: a point for each finished run, and the best one of each network named beside it."""

import math

import numpy as np
import streamlit as st

from core.model.networks import NETWORKS
from core.runs.comparison import Entry
from pages.shared import charts, curves

HEIGHT_PIXELS = 460
PLOT_PIXELS = 370  # of the height, what the axis, its title and Streamlit's margin leave
LINE_PIXELS = 20  # from one name to the next below it
LETTER_PIXELS = 8
COLUMN = 0.1  # powers of ten: networks whose parameters are nearer than this to the next stand in one column
FEWEST_MISTAKES = 5e-4  # of all, that a logarithm still shows; a run that makes fewer stands there
MISTAKES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
# Each kind of network has a colour and a shape that no other one has together: every ninth kind takes the next shape.
KINDS = [*NETWORKS, *(f"{name}, untied" for name, network in NETWORKS.items() if network.reads_pairs)]
SHAPES = {True: ("square", "diamond", "cross"), False: ("circle", "triangle-up", "triangle-down")}


def reached(entries: list[Entry], chosen: list[Entry]) -> None:
    """Draw accuracy with its standard error against the parameters, for every run that has been measured."""
    known = [entry for entry in entries if entry.result]
    measured = [entry.result for entry in entries if entry.result]
    if not known:
        st.write("No run has finished yet, so no accuracy is measured.")
        return
    accuracy, error = (np.array([result[name] for result in measured]) for name in ("accuracy", "standard_error"))
    mistakes = np.maximum(1 - accuracy, FEWEST_MISTAKES)
    least, most = min(0.005, 0.8 * float(mistakes.min())), max(0.5, 1.1 * float(mistakes.max()))
    parameters = [entry.run.network.parameters for entry in known]
    names = _names(known, {entry.name for entry in chosen})
    crowded = _crowded(parameters, names)
    beside = [i for i in sorted(names, key=lambda i: mistakes[i]) if crowded[i]]
    step = (most / least) ** (LINE_PIXELS / PLOT_PIXELS)
    heights = dict(zip(beside, spread([float(mistakes[i]) for i in beside], step, most), strict=True))
    table = charts.table(
        {
            "run": [entry.shown for entry in known],
            "network": [entry.kind for entry in known],
            "parameters": parameters,
            "mistakes": mistakes,
            "low": np.clip(1 - accuracy + error, least, most),
            "high": np.clip(1 - accuracy - error, least, most),
            "measured": [entry.measured for entry in known],
            "chosen": [entry in chosen for entry in known],
            "above": ["" if crowded[i] else names.get(i, "") for i in range(len(known))],
            "beside": [names.get(i, "") if crowded[i] else "" for i in range(len(known))],
            "height": [heights.get(i, float(mistakes[i])) for i in range(len(known))],
        }
    )
    letters = max((len(names[i]) for i in beside), default=0)
    charts.draw(
        _figure({entry.kind for entry in known}, min(parameters), max(parameters), least, most, letters),
        table,
        key="reached",
        height=HEIGHT_PIXELS,
        alt="Accuracy against the number of parameters, a point for each finished run.",
    )
    st.caption(
        "Half as many mistakes are the same step up everywhere, so that good networks can be told apart. "
        "Squares, diamonds and crosses read the sum of two digits, circles and triangles one digit: different tasks. "
        "Each bar is one standard error each way. The best run of each network is named; chosen runs are larger, and "
        "named too."
    )


def spread(positions: list[float], step: float, most: float) -> list[float]:
    """Return ascending positive positions moved as little as needed, so that each is `step` times the one before it.

    None gets beyond `most` as long as there is room below it.
    """
    moved: list[float] = []
    for position in positions:
        moved.append(max(position, moved[-1] * step) if moved else position)
    for i in reversed(range(len(moved))):
        moved[i] = min(moved[i], most if i + 1 == len(moved) else moved[i + 1] / step)
    return moved


def accuracy_axis(least: float, most: float) -> dict:
    """Return the vertical axis of accuracy for shares of mistakes from `least` to `most`, by their logarithms."""
    return {
        "type": "quantitative",
        "title": "accuracy",
        "scale": {"type": "log", "domain": [least, most], "reverse": True, "nice": False},
        "axis": {
            "values": [share for share in MISTAKES if least <= share <= most],
            "labelExpr": "format(1 - datum.value, '.3~f')",
        },
    }


def mark(kind: str) -> tuple[str, str]:
    """Return the colour and the shape of a kind of network, which no other one has together."""
    index, pairs = KINDS.index(kind), NETWORKS[kind.split(",")[0]].reads_pairs
    shapes = SHAPES[pairs]
    return curves.PALETTE[index % len(curves.PALETTE)], shapes[index // len(curves.PALETTE) % len(shapes)]


def _names(known, chosen):
    """The indices of runs that are named: the best one of each kind by its kind, and chosen ones by their own name."""
    best = {}
    for i, entry in enumerate(known):
        if entry.kind not in best or entry.result["accuracy"] > known[best[entry.kind]].result["accuracy"]:
            best[entry.kind] = i
    names = {i: kind for kind, i in best.items()}
    names |= {i: entry.label.title or entry.name for i, entry in enumerate(known) if entry.name in chosen}
    return dict(list(names.items())[: PLOT_PIXELS // LINE_PIXELS])


def _crowded(parameters, names):
    """Whether each run's column has more names than one, or is the rightmost, so that names stand at its right."""
    order = sorted(range(len(parameters)), key=lambda i: parameters[i])
    columns, last = [], -math.inf
    for i in order:
        here = math.log10(parameters[i])
        if here - last > COLUMN:
            columns.append([])
        columns[-1].append(i)
        last = here
    crowded = {i: len(names.keys() & column) > 1 or column is columns[-1] for column in columns for i in column}
    return [crowded[i] for i in range(len(parameters))]


def _figure(kinds, fewest, largest, least, most, letters):
    kinds = [kind for kind in KINDS if kind in kinds]
    colours, shapes = zip(*map(mark, kinds), strict=True)
    # the names need pixels of the width, and the axis is logarithmic: so many powers of ten are left free for them
    room = f"min({LETTER_PIXELS * letters + 30}, width * 0.62)"
    span = math.log10(largest) - math.log10(fewest / 3)
    right = {"expr": f"pow(10, {math.log10(largest)} + {span} * {room} / (width - {room}))"}
    powers = range(math.ceil(math.log10(fewest / 3)), math.floor(math.log10(largest)) + 2)
    x = {"field": "parameters", "type": "quantitative"}
    x["axis"] = {"format": "~s", "labelOverlap": True, "values": [10**power for power in powers]}
    x["scale"] = {"type": "log", "domainMin": fewest / 3, "domainMax": right, "nice": False}
    y = accuracy_axis(least, most)
    network = {"field": "network", "type": "nominal", "legend": None}
    colour = {**network, "scale": {"domain": kinds, "range": list(colours)}}
    tooltip = [{"field": name, "type": "nominal"} for name in ("run", "network", "measured")]
    tooltip.append({"field": "parameters", "type": "quantitative", "format": ","})
    text = {"type": "text", "aria": False}
    beside = {"transform": [{"filter": "datum.beside"}]}
    return {
        "encoding": {"x": x},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 2, "aria": False},
                "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": colour},
            },
            {
                "mark": {"type": "point", "filled": True, "opacity": 0.9},
                "encoding": {
                    "y": {**y, "field": "mistakes"},
                    "color": colour,
                    "shape": {**network, "scale": {"domain": kinds, "range": list(shapes)}},
                    "size": {"condition": {"test": "datum.chosen", "value": 260}, "value": 80},
                    "tooltip": tooltip,
                },
            },
            {
                "transform": [{"filter": "datum.above"}],
                "mark": {**text, "dy": -14, "align": "right", "dx": 6},
                "encoding": {"y": {**y, "field": "mistakes"}, "text": {"field": "above"}},
            },
            {
                **beside,
                "mark": {"type": "rule", "color": "#8a8f98", "xOffset": 6, "x2Offset": 24, "aria": False},
                "encoding": {
                    "x2": {"field": "parameters"},
                    "y": {**y, "field": "mistakes"},
                    "y2": {"field": "height"},
                },
            },
            {
                **beside,
                "mark": {**text, "align": "left", "dx": 28, "limit": {"expr": f"{room} - 28"}},
                "encoding": {"y": {**y, "field": "height"}, "text": {"field": "beside"}},
            },
        ],
    }
