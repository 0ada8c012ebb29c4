"""Curves as the pages draw them: Vega-Lite with fixed axes, so that a growing curve does not flicker."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.runs.curves import Curve
from pages.shared import charts

# told apart by colour-blind eyes (Okabe and Ito, 2008), and none of them the colours of top and bottom
PALETTE = ("#009e73", "#cc79a7", "#b8860b", "#7a5cc7", "#56b4e9", "#8a8f98", "#d43d51", "#3a7d44")
HEIGHT_PIXELS = 320
LEGEND_LINE_PIXELS, LETTER_PIXELS = 22, 8
LEGEND: dict[str, Any] = {
    "title": None,
    "orient": "top",
    "columns": 3,
    "labelLimit": 400,
    "labelFontSize": 14,
    "symbolType": "stroke",
    "symbolOpacity": 1,
    "symbolStrokeWidth": 4,
}


def chart(
    curves: list[Curve],
    *,
    key: str,
    title: str,
    last_step: int | None = None,
    shade_rest: bool = False,
    low: float | None = 0.0,
    high: float | None = 1.0,
    log_steps: bool = False,
    log_values: bool = False,
    marks: Sequence[tuple[int, str]] = (),
    alt: str | None = None,
    height: int = HEIGHT_PIXELS,
) -> None:
    """Draw curves against the step in one figure, with the values under the pointer.

    Each curve's label is its line in the legend; train and test of one label are told apart by the dash. `last_step`
    fixes the horizontal axis and `low`, `high` the vertical one (None: as the values need). `shade_rest` shades what is
    left up to `last_step`. `marks` are steps with a label, drawn as vertical lines. `height` is in pixels, without
    further lines of the legend.
    """
    if log_values:
        curves = [_positive(curve) for curve in curves]
    drawn = specification(curves, title, last_step, low, high, log_steps, log_values, marks, shade_rest)
    columns = _columns(curves)
    lines = len(set(columns["curve"])) - LEGEND["columns"]  # so much more may the legend take on a phone
    height += LEGEND_LINE_PIXELS * max(0, lines)
    charts.draw(drawn, charts.table(columns), key=key, height=height, alt=alt or title)


def specification(
    curves, title, last_step, low, high, log_steps=False, log_values=False, marks=(), shade_rest=False
) -> dict:
    """Return the figure in Vega-Lite, without its data: columns step, value, low, high, curve, kind."""
    steps: dict[str, Any] = {"type": "symlog" if log_steps else "linear", "nice": False}
    if last_step is not None:
        steps["domain"] = [0, last_step]
    # a logarithm cannot show 0 and is clamped; elsewhere what is outside the axis leaves the frame
    values: dict[str, Any] = {"type": "log" if log_values else "linear", "zero": False, "clamp": log_values}
    if not log_values and low is not None and high is not None:
        values |= {"domain": [low, high], "nice": False}
    labels = list(dict.fromkeys(curve.label for curve in curves))
    both, longest = len(labels) < len(curves), max(map(len, labels), default=0)
    # two short labels stand side by side at any width; more are as many in a row as have room
    fitting = {"expr": f"max(1, floor(width / {LETTER_PIXELS * longest + 40}))"}
    in_a_row = len(labels) if LETTER_PIXELS * sum(map(len, labels)) < 100 else fitting
    colour: dict[str, Any] = {
        "field": "curve",
        "type": "nominal",
        "sort": None,
        "scale": {"domain": labels, "range": [PALETTE[i % len(PALETTE)] for i in range(len(labels))]},
        "legend": LEGEND | {"columns": in_a_row},
    }
    # a run's train and test have one label and so one colour, and train is dashed
    kinds = {"field": "kind", "type": "nominal", "scale": {"domain": ["test", "train"], "range": [[1, 0], [7, 5]]}}
    dash: dict[str, Any] = {"strokeDash": {**kinds, "legend": {**LEGEND, "orient": "bottom"}}} if both else {}
    told = [{"field": "kind", "type": "nominal"}] if both else []
    x: dict[str, Any] = {"field": "step", "type": "quantitative", "title": "iteration", "scale": steps}
    if log_steps:
        x["axis"] = {
            "values": [0, *(lead * 10**power for power in range(7) for lead in (1, 2, 5))],
            "labelOverlap": True,
        }
    y = {"field": "value", "type": "quantitative", "title": title, "scale": values}
    band: dict[str, Any] = {
        "transform": [{"filter": "isValid(datum.low)"}],
        "mark": {"type": "area", "opacity": 0.2, "clip": True},
        "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": colour, "detail": {"field": "kind"}},
    }
    layers = [band] if any(curve.low is not None for curve in curves) else []
    layers += [
        {
            "mark": {"type": "line", "strokeWidth": 2.5, "clip": True},
            "encoding": {"y": y, "color": colour, **dash},
        },
        {
            "params": [
                {
                    "name": "near",
                    "select": {
                        "type": "point",
                        "nearest": True,
                        "on": "pointermove",
                        "clear": "pointerout",
                        "fields": ["step"],
                    },
                }
            ],
            "mark": {"type": "point", "filled": True, "size": 70, "clip": True},
            "encoding": {
                "y": y,
                "color": colour,
                "opacity": {"condition": {"param": "near", "empty": False, "value": 1}, "value": 0},
                "tooltip": [
                    {"field": "curve", "type": "nominal", "title": "curve"},
                    *told,
                    {"field": "step", "type": "quantitative", "title": "iteration", "format": ","},
                    {"field": "value", "type": "quantitative", "title": title, "format": ".4~g"},
                ],
            },
        },
    ]
    layers += [
        {
            "data": {"values": [{"step": step, "word": word}]},
            "mark": {"type": "rule", "strokeDash": [4, 4], "opacity": 0.7, "color": "#8a8f98", "aria": False},
            "encoding": {"x": {"datum": step}, "tooltip": {"value": f"{word} at iteration {step:,}"}},
        }
        for step, word in marks
    ]
    if shade_rest:  # from the data, so that the figure itself stays the same while the curve grows
        rest = {
            "transform": [{"aggregate": [{"op": "max", "field": "step", "as": "done"}]}],
            "mark": {"type": "rect", "opacity": 0.18, "color": "#8a8f98"},
            "encoding": {
                "x": {**x, "field": "done"},
                "x2": {"datum": last_step},
                "tooltip": {"value": "still to come"},
            },
        }
        layers.insert(0, rest)
    return charts.readable({"encoding": {"x": x}, "layer": layers})


def _positive(curve):
    """The part of a curve that a logarithm can show; a band that reaches below stays within a tenth of its lowest."""
    shown = curve.values > 0
    steps, values = curve.steps[shown], curve.values[shown]
    if curve.low is None or not shown.any():
        return replace(curve, steps=steps, values=values, low=None, high=None)
    low = np.maximum(curve.low[shown], values.min() / 10)
    return replace(curve, steps=steps, values=values, low=low, high=curve.high[shown])


def _columns(curves):
    none = [[None] * len(curve.steps) for curve in curves]
    parts = {
        "step": [curve.steps for curve in curves],
        "value": [curve.values for curve in curves],
        "low": [blank if curve.low is None else curve.low for curve, blank in zip(curves, none, strict=True)],
        "high": [blank if curve.high is None else curve.high for curve, blank in zip(curves, none, strict=True)],
        "curve": [[curve.label] * len(curve.steps) for curve in curves],
        "kind": [[curve.quantity.split("_")[0]] * len(curve.steps) for curve in curves],
    }
    return {name: [_plain(value) for each in every for value in each] for name, every in parts.items()}


def _plain(value):
    """A value of Python's own types for one of NumPy's."""
    return value.item() if hasattr(value, "item") else value
