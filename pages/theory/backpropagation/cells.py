"""Numbers as coloured cells: negative ones magenta, positive ones green, zeros nearly clear, on white as on black."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageColor

from pages.shared import charts, pictures
from pages.shared.colours import NEGATIVE, POSITIVE

ZERO = "rgba(138,143,152,0.18)"
MARK = "#d43d51"
PADDING = "padding"
HEIGHT_PIXELS = 460


@dataclass(frozen=True)
class Block:
    """A matrix to draw, (rows, columns), under a heading. `names` (rows, columns) say what each entry is.

    Entries with one name are framed together when the pointer is on one of them. Those named PADDING stay empty.
    """

    heading: str
    values: np.ndarray
    names: np.ndarray


def draw_blocks(blocks: list[Block], key: str, width: int, alt: str, frame: tuple[int, int] | None = None) -> None:
    """Draw blocks side by side, their rows aligned. `frame` (rows, columns) outlines that part of the first one."""
    columns: dict[str, list] = {name: [] for name in ("left", "right", "above", "below", "value", "name")}
    headings: dict[str, list] = {"centre": [], "heading": []}
    left = 0.0
    for block in blocks:
        rows, count = block.values.shape
        down, across = np.indices((rows, count)).reshape(2, -1)
        columns["left"] += (left + across).tolist()
        columns["right"] += (left + across + 1).tolist()
        columns["above"] += down.astype(float).tolist()
        columns["below"] += (down + 1.0).tolist()
        columns["value"] += block.values.ravel().tolist()
        columns["name"] += block.names.ravel().tolist()
        headings["centre"].append(left + count / 2)
        headings["heading"].append(block.heading)
        left += count + 1.2
    height = max(len(block.values) for block in blocks)
    largest = max(float(np.abs(block.values).max()) for block in blocks) or 1.0
    x = {"field": "left", "type": "quantitative", "axis": None, "scale": {"domain": [0, left - 1.2], "nice": False}}
    y = {
        "field": "above",
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [height, -0.09 * height], "nice": False},
    }
    colour = {
        "field": "value",
        "type": "quantitative",
        "scale": {"domain": [-largest, 0, largest], "range": [NEGATIVE, ZERO, POSITIVE], "interpolate": "rgb"},
        "legend": None,
    }
    hovered = {
        "name": "hovered",
        "select": {"type": "point", "fields": ["name"], "on": "pointermove", "clear": "pointerout"},
    }
    marked = {"condition": {"param": "hovered", "empty": False, "value": MARK}, "value": "rgba(138,143,152,0.35)"}
    thick = {"condition": {"param": "hovered", "empty": False, "value": 2.5}, "value": 0.5}
    layers = [
        {
            "params": [hovered],
            "mark": {"type": "rect"},
            "encoding": {
                "x": x,
                "x2": {"field": "right"},
                "y": y,
                "y2": {"field": "below"},
                "color": colour,
                "fillOpacity": {"condition": {"test": f"datum.name === '{PADDING}'", "value": 0}, "value": 1},
                "stroke": marked,
                "strokeWidth": thick,
                "tooltip": [
                    {"field": "name", "type": "nominal", "title": "entry"},
                    {"field": "value", "type": "quantitative", "format": ".4~g"},
                ],
            },
        },
        {
            "data": {
                "values": [dict(zip(headings, pair, strict=True)) for pair in zip(*headings.values(), strict=True)]
            },
            "mark": {"type": "text", "fontSize": 17, "fontWeight": "bold", "color": "#8a8f98"},
            "encoding": {"x": {**x, "field": "centre"}, "y": {"datum": -0.045 * height}, "text": {"field": "heading"}},
        },
    ]
    if frame:
        layers.append(
            {
                "data": {"values": [{}]},
                "mark": {"type": "rect", "fillOpacity": 0, "stroke": MARK, "strokeWidth": 3, "aria": False},
                "encoding": {
                    "x": {"datum": 0},
                    "x2": {"datum": frame[1]},
                    "y": {"datum": 0},
                    "y2": {"datum": frame[0]},
                },
            }
        )
    drawn = {"layer": layers, "config": {"view": {"stroke": None}}}
    charts.draw(drawn, charts.table(columns), key=key, width=width, height=HEIGHT_PIXELS, alt=alt)


def picture(values: np.ndarray, largest: float) -> str:
    """A data URL of numbers (h, w) as pixels, full colour at ± `largest`."""
    strength = np.clip(np.abs(values) / (largest or 1.0), 0, 1)
    colours = np.array([ImageColor.getrgb(colour) for colour in (NEGATIVE, POSITIVE)], np.uint8)
    pixels = np.dstack([colours[(values > 0).astype(int)], np.round(255 * strength).astype(np.uint8)])
    return pictures.png_url(Image.fromarray(pixels, "RGBA"))
