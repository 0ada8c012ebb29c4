"""The figures of the mistakes page, in Vega-Lite: the confusion matrix, accuracy by class, the reliability diagram."""

from collections.abc import Callable

import numpy as np

from core.insight.calibration import Bins
from core.insight.mistakes import wilson_interval
from pages.shared import charts
from pages.shared.curves import PALETTE

GREY = "#737b86"
RARE, FREQUENT = "#dba7ac", "#c8102e"  # opaque, so that black and white numbers can be read on them in both themes
AXIS = {"labelAngle": 0, "labelFontSize": 15, "titleFontSize": 15, "labelFlush": False}
ON_DIAGONAL = "datum.true == datum.answered"


def matrix(counts: np.ndarray, chosen: np.ndarray, what: str, key: str, on_select: Callable[[], None]) -> None:
    """A confusion matrix (classes, classes) of counts; `chosen`, of the same shape, says which cells are framed.

    A click tells its cell in the session's `key`, as the selection "cell" with "true" and "answered".
    """
    true, answered = np.indices(counts.shape)
    most = max(1, int((counts * (true != answered)).max()))
    columns: dict[str, np.ndarray | list] = {
        "true": true.ravel(),
        "answered": answered.ravel(),
        "count": counts.ravel(),
        "words": ["once" if count == 1 else f"{count:,} times" for count in counts.ravel()],
        "chosen": chosen.ravel(),
    }
    axis = AXIS | {"ticks": False, "domain": False, "labelOverlap": True}
    specification = {
        "encoding": {
            "x": {"field": "answered", "type": "ordinal", "title": "answered", "axis": axis | {"orient": "top"}},
            "y": {"field": "true", "type": "ordinal", "title": f"true {what}", "axis": axis},
            "tooltip": [
                {"field": "true", "title": f"true {what}"},
                {"field": "answered", "title": "answered"},
                {"field": "words", "title": "seen"},
            ],
        },
        "layer": [
            {
                "params": [{"name": "cell", "select": {"type": "point", "fields": ["true", "answered"]}}],
                "mark": {"type": "rect", "cursor": "pointer", "strokeWidth": 3, "stroke": GREY},
                "encoding": {
                    "fill": {
                        "condition": {"test": f"{ON_DIAGONAL} || datum.count == 0", "value": GREY},
                        "field": "count",
                        "type": "quantitative",
                        "scale": {"type": "sqrt", "domain": [0, most], "range": [RARE, FREQUENT], "clamp": True},
                        "legend": None,
                    },
                    "fillOpacity": {
                        "condition": [{"test": ON_DIAGONAL, "value": 0.2}, {"test": "datum.count == 0", "value": 0.05}],
                        "value": 1,
                    },
                    "strokeOpacity": {"condition": {"test": "datum.chosen", "value": 1}, "value": 0},
                },
            },
            {
                "transform": [{"filter": "datum.count > 0"}],
                "mark": {"type": "text", "fontSize": 16 if len(counts) == 10 else 14, "cursor": "pointer"},
                "encoding": {
                    "text": {"field": "count"},
                    # on a phone, where cells are narrower than three digits, the mistakes alone have numbers
                    "opacity": {"condition": {"test": f"width < 480 && {ON_DIAGONAL}", "value": 0}, "value": 1},
                    "color": {
                        "condition": [
                            {"test": ON_DIAGONAL, "value": GREY},
                            {"test": f"datum.count > {0.3 * most}", "value": "white"},
                        ],
                        "value": "black",
                    },
                },
            },
        ],
    }
    alt = f"Confusion matrix: {np.trace(counts):,} of {counts.sum():,} right."
    figure = charts.with_values(specification, columns)
    charts.draw(figure, key=key, on_select=on_select, height=620, alt=alt)


def accuracy_by_class(what: str, classes: np.ndarray, shares: np.ndarray, intervals: np.ndarray, counts) -> None:
    """The share of right answers of each class, with `intervals` (classes, 2), on an axis that ends at 100 %."""
    x = {"field": "class", "type": "ordinal", "title": f"true {what}", "axis": AXIS}
    low = max(0.0, float(intervals.min()) - 0.005)
    y = {"title": "accuracy", "scale": {"domain": [low, 1], "nice": False}, "axis": AXIS | {"format": "~%"}}
    layers = _points(x, y, PALETTE[0], {"value": 140}, [{"field": "class", "title": f"true {what}"}])
    columns = {"class": classes, "share": shares, "low": intervals[:, 0], "high": intervals[:, 1], "count": counts}
    alt = f"Accuracy for each true {what}, from {shares.min():.1%} to {shares.max():.1%}."
    figure = charts.with_values({"layer": layers}, columns)
    charts.draw(figure, key="by_class", height=320, alt=alt)


def reliability(bins: Bins, colour: str) -> None:
    """The share of right answers against confidence, a dot for each bin that is not empty, with 95 % intervals."""
    filled = np.flatnonzero(bins.counts)
    counts, confidence, shares = bins.counts[filled], bins.confidence[filled], bins.accuracy[filled]
    low, high = np.transpose([wilson_interval(p, n) for p, n in zip(shares, counts, strict=True)])
    axis = {"scale": {"domain": [0, 1], "nice": False}, "axis": AXIS | {"format": ".0%", "tickCount": 5}}
    x = {"field": "confidence", "type": "quantitative", "title": "how sure it is", **axis}
    y = {"title": "share of right answers", **axis}
    size = {
        "field": "count",
        "type": "quantitative",
        "scale": {"type": "sqrt", "domain": [0, int(counts.sum())], "range": [60, 700]},
        "legend": None,
    }
    diagonal = {
        "data": {"values": [{"at": 0}, {"at": 1}]},
        "mark": {"type": "line", "strokeDash": [6, 5], "color": GREY, "strokeWidth": 2},
        "encoding": {"x": {**x, "field": "at"}, "y": {**y, "field": "at", "type": "quantitative"}},
    }
    told = [{"field": "confidence", "title": "mean confidence", "format": ".2%"}]
    columns = {"confidence": confidence, "share": shares, "low": low, "high": high, "count": counts}
    figure = charts.with_values({"layer": [diagonal, *_points(x, y, colour, size, told)]}, columns)
    alt = "Reliability diagram: the share of right answers against the network's confidence, bin by bin."
    charts.draw(figure, key="reliability", height=460, alt=alt)


def _points(x, y, colour, size, told):
    """Layers of dots at `share` with lines from `low` to `high`; `told` comes first under the pointer."""
    y = {**y, "type": "quantitative"}
    tooltip = [
        *told,
        {"field": "share", "title": "right", "format": ".2%"},
        {"field": "low", "title": "interval from", "format": ".2%"},
        {"field": "high", "title": "to", "format": ".2%"},
        {"field": "count", "title": "of", "format": ","},
    ]
    common = {"x": x, "color": {"value": colour}, "tooltip": tooltip}
    return [
        {
            "mark": {"type": "rule", "strokeWidth": 3},
            "encoding": {**common, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "point", "filled": True, "opacity": 1},
            "encoding": {**common, "y": {**y, "field": "share"}, "size": size},
        },
    ]
