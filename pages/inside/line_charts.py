"""Digits along one line, a row for each digit, so that no digit is drawn over another one."""

from typing import Any

import numpy as np

from core.insight.number_line import Line
from core.model.networks import DIGITS
from pages.shared import charts, curves
from pages.shared.colours import COLOURS
from pages.shared.drawings import HALVES

HEIGHT_PIXELS = 440
MOST_TICKS = 1000  # digits drawn of those that were read; the figures beside are of all


def strip(
    line: Line, title: str, key: str, own: tuple[float, float] | None = None, frame: tuple[float, float] | None = None
) -> None:
    """Draw where digits lie on a line's first axis: a row for each digit, a tick for each image, a dot for their mean.

    `own` are the places of the visitor's top and bottom digit, drawn through all rows. `frame` fixes the axis, so that
    pictures one after the other can be compared.
    """
    stride = -(-len(line.labels) // MOST_TICKS)
    position, digit, whose = line.scores[::stride, 0], line.labels[::stride], ["test"] * len(line.labels[::stride])
    position, digit = np.append(position, line.means()), np.append(digit, np.arange(DIGITS))
    whose += ["mean"] * DIGITS
    if own is not None:
        position, digit, whose = np.append(position, own), np.append(digit, [0, 0]), [*whose, "top", "bottom"]
    table = charts.table({"place": position.astype(float), "digit": digit.astype(int), "whose": whose})
    x: dict[str, Any] = {"field": "place", "type": "quantitative", "title": title}
    x["axis"] = {"labels": False, "ticks": False}
    x["scale"] = {"zero": False} if frame is None else {"domain": list(frame), "nice": False}
    y: dict[str, Any] = {"field": "digit", "type": "ordinal", "sort": "descending", "title": "digit"}
    y["axis"] = {"labelAngle": 0, "grid": True}
    rows = [
        _layer("test", {"type": "tick", "thickness": 2, "opacity": 0.35, "color": curves.PALETTE[0], "clip": True}, y),
        _layer("mean", {"type": "point", "filled": True, "size": 150, "opacity": 1, "color": curves.PALETTE[1]}, y),
    ]
    if own is not None:
        rows += [_layer(half, {"type": "rule", "strokeWidth": 4, "color": COLOURS[half]}) for half in HALVES]
    alt = f"Test digits along a line; their means lie in the order {' '.join(map(str, line.order()))}."
    charts.draw({"encoding": {"x": x}, "layer": rows}, table, key=key, height=HEIGHT_PIXELS, alt=alt)


def _layer(whose, mark, y=None):
    told = f"your {whose} digit" if y is None else None
    encoding = {"tooltip": {"value": told}} if y is None else {"y": y, "tooltip": {"field": "digit"}}
    return {"transform": [{"filter": f"datum.whose == '{whose}'"}], "mark": mark, "encoding": encoding}
