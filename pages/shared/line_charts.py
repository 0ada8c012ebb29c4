"""Digits on the first two components of their features, each drawn as the numeral that it is."""

import numpy as np
import streamlit as st

from core.insight.number_line import Line
from pages.shared import lean, parts

HEIGHT_PIXELS = 440
ORDERED = {"name": "viridis", "extent": [0.2, 0.9]}  # its ends are lost on black or on white


def scatter(line: Line, own: np.ndarray | None, key: str, frame: np.ndarray | None = None) -> None:
    """The digits of a line on its axes 1 and 2, and if given two digits of the visitor's, `own` (2, 2), top and bottom.

    `frame` (2, 2) fixes the axes, low and high of each, so that pictures one after the other can be compared.
    """
    x, y = line.scores[:, 0], line.scores[:, 1]
    whose = ["test"] * len(x)
    if own is not None:
        x, y, whose = np.append(x, own[:, 0]), np.append(y, own[:, 1]), whose + ["top", "bottom"]
    digits = [*line.labels.tolist(), *[None] * (len(x) - len(line.labels))]
    table = lean.table({"x": x, "y": y, "digit": digits, "whose": whose})
    scales = [{"zero": False}] * 2 if frame is None else [{"domain": ends.tolist()} for ends in frame]
    axes = {
        name: {
            "field": name,
            "type": "quantitative",
            "title": f"axis {i + 1} ({line.shares[i]:.0%} of the variance)",
            "scale": scales[i],
            "axis": {"labels": False, "ticks": False, "grid": False},
        }
        for i, name in enumerate(("x", "y"))
    }
    numerals = {
        "transform": [{"filter": "datum.whose == 'test'"}],
        "mark": {"type": "text", "fontSize": 15, "fontWeight": 700, "clip": True},
        "encoding": {
            "text": {"field": "digit", "type": "nominal"},
            "color": {
                "field": "digit",
                "type": "ordinal",
                "scale": {"scheme": ORDERED, "domain": list(range(10))},
                "legend": {"orient": "top", "title": None, "columns": 5, "symbolType": "square", "labelFontSize": 15},
            },
        },
    }
    layers = [numerals]
    if own is not None:
        layers += [_mark(half) for half in ("top", "bottom")]
    said = f"Test digits on axes 1 and 2; the means on axis 1 lie in the order {' '.join(map(str, line.order()))}."
    st.vega_lite_chart(table, {"encoding": axes, "layer": layers}, key=key, height=HEIGHT_PIXELS, alt=said)


def _mark(half):
    ring = {"type": "point", "shape": "circle", "size": 700, "strokeWidth": 5, "filled": False, "opacity": 1}
    return {
        "transform": [{"filter": f"datum.whose == '{half}'"}],
        "mark": {**ring, "color": parts.COLOURS[half], "tooltip": f"your {half} digit"},
    }
