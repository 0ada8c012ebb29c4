"""The charts of the last layer's sum: what each part adds, the nearest parabola, and the slope of one digit's part."""

import numpy as np

from core.insight.taken_apart import Parabola, Parts, centred
from pages.shared import charts, curves
from pages.shared.colours import COLOURS, SUM_COLOUR

PART_COLOURS = {"top digit": COLOURS["top"], "bottom digit": COLOURS["bottom"], "bias": curves.PALETTE[1]}
SUM_AXIS = {"field": "sum", "type": "ordinal", "axis": {"labelAngle": 0, "labelFontSize": 14}}


def added(parts: Parts) -> None:
    """What the parts add to each of the 19 logits, stacked, and their total; each less its mean over the sums."""
    each = dict(zip(PART_COLOURS, map(centred, (parts.top, parts.bottom, parts.bias)), strict=True))
    sums = list(range(len(parts.top)))
    rows = [(s, name, value) for name, values in each.items() for s, value in zip(sums, values, strict=True)]
    rows += [(s, "total", value) for s, value in zip(sums, centred(parts.total), strict=True)]
    table = charts.table(dict(zip(("sum", "part", "adds"), zip(*rows, strict=True), strict=True)))
    colours = {**PART_COLOURS, "total": SUM_COLOUR}
    colour = {
        "field": "part",
        "type": "nominal",
        "scale": {"domain": list(colours), "range": list(colours.values())},
        "legend": {**curves.LEGEND, "columns": 2, "symbolType": "square"},
    }
    y = {"field": "adds", "type": "quantitative", "title": "adds to the logit"}
    tooltip = [{"field": name, "type": "nominal"} for name in ("sum", "part")]
    tooltip.append({"field": "adds", "type": "quantitative", "format": ".1f"})
    total = {"type": "line", "point": {"size": 60}, "strokeWidth": 3.5}
    layers = [
        {"transform": [{"filter": "datum.part != 'total'"}], "mark": {"type": "bar"}, "encoding": {"y": y}},
        {"transform": [{"filter": "datum.part == 'total'"}], "mark": total, "encoding": {"y": y}},
    ]
    drawn = {"encoding": {"x": SUM_AXIS, "color": colour, "tooltip": tooltip}, "layer": layers}
    alt = "What the top digit, the bottom digit and the bias add to the logit of each sum, and their total."
    charts.draw(drawn, table, key="parts", height=curves.HEIGHT_PIXELS, alt=alt)


def parabola(total: np.ndarray, nearest: Parabola) -> None:
    """Logits (19,) and the parabola nearest to them, less the logits' mean."""
    sums, fine = np.arange(len(total)), np.linspace(0, len(total) - 1, 73)
    values, along = centred(total), nearest.at(fine) - total.mean()
    kinds = ["the network"] * len(sums) + ["nearest parabola"] * len(fine)
    table = charts.table({"sum": [*sums.astype(float), *fine], "logit": [*values, *along], "curve": kinds})
    colour = {
        "field": "curve",
        "type": "nominal",
        "scale": {"domain": ["the network", "nearest parabola"], "range": [SUM_COLOUR, curves.PALETTE[0]]},
        "legend": curves.LEGEND,
    }
    x = {"field": "sum", "type": "quantitative", "axis": {"values": sums.tolist(), "labelFontSize": 14, "grid": False}}
    x["scale"] = {"domain": [-0.5, 18.5], "nice": False}
    y = {"field": "logit", "type": "quantitative"}
    layers = [
        {"transform": [{"filter": "datum.curve != 'the network'"}], "mark": {"type": "line", "strokeWidth": 3}},
        {
            "transform": [{"filter": "datum.curve == 'the network'"}],
            "mark": {"type": "line", "point": {"size": 60}, "strokeWidth": 3.5},
        },
    ]
    drawn = {"encoding": {"x": x, "y": y, "color": colour}, "layer": layers}
    alt = f"The 19 logits and the parabola nearest to them, R² {nearest.fit:.3f}."
    charts.draw(drawn, table, key="parabola", height=curves.HEIGHT_PIXELS, alt=alt)


def slopes(of_digits: dict[str, np.ndarray], labels: np.ndarray) -> None:
    """The mean slope for each digit, of "top" and "bottom" (n,) each, with the straight line through the means."""
    rows: list[tuple] = []
    digits = np.arange(10)
    for half, each in of_digits.items():
        means, deviations = (np.array([of(each[labels == digit]) for digit in digits]) for of in (np.mean, np.std))
        straight = np.polyval(np.polyfit(digits, means, 1), digits)
        rows += zip(digits, [half] * 10, means, means - deviations, means + deviations, straight, strict=True)
    names = ("digit", "half", "slope", "low", "high", "straight")
    table = charts.table(dict(zip(names, zip(*rows, strict=True), strict=True)))
    colour = {
        "field": "half",
        "type": "nominal",
        "scale": {"domain": list(COLOURS), "range": list(COLOURS.values())},
        "legend": {**curves.LEGEND, "symbolType": "circle"},
    }
    scale = {"paddingInner": 0.7, "paddingOuter": 0.4}
    x = {"field": "digit", "type": "ordinal", "axis": {"labelAngle": 0, "labelFontSize": 14}, "scale": scale}
    y = {"field": "slope", "type": "quantitative", "title": "slope, logits per sum"}
    line = {
        "mark": {"type": "line", "strokeDash": [6, 4], "strokeWidth": 2.5, "color": SUM_COLOUR},
        "encoding": {"x": x, "y": {**y, "field": "straight"}, "detail": {"field": "half"}},
    }
    offset = {"xOffset": {"field": "half"}}
    bars = {"y": {**y, "field": "low"}, "y2": {"field": "high"}, "x": x, "color": colour, **offset}
    spots = {"x": x, "y": y, "color": colour, **offset}
    layers = [line, {"mark": {"type": "rule", "strokeWidth": 3}, "encoding": bars}]
    layers.append({"mark": {"type": "point", "filled": True, "size": 120, "opacity": 1}, "encoding": spots})
    alt = "Mean slope of what a test digit adds, for each digit, as top and as bottom digit."
    charts.draw({"layer": layers}, table, key="slopes", height=curves.HEIGHT_PIXELS, alt=alt)
