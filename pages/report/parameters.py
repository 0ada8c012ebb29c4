"""Accuracy by number of parameters, where few are allowed: measured here, and published by others."""

import statistics

import streamlit as st

from core.report.fewest_parameters import PUBLISHED, Point, Published, curve
from core.report.measurements import with_spread
from core.runs import pace
from pages.shared import charts, curves, reached, tables

HEIGHT_PIXELS = 420
HERE, OTHERS = "measured here", "published"


def fewest_parameters() -> None:
    """Draw the curve and the published points, and list them."""
    points = curve()
    if not points:
        st.caption("Not measured yet.")
        return
    _chart(points)
    rows = [(point.parameters, _cells(point)) for point in points]
    rows += [(one.parameters, _published_cells(one)) for one in PUBLISHED]
    rows.sort(key=lambda row: row[0])
    st.html(tables.facts(("parameters", "accuracy", "of whom", "how"), [cells for _, cells in rows]))


def _cells(point: Point) -> tuple[str, ...]:
    measured = point.measured
    each = pace.duration(statistics.median(measured.seconds))  # some were trained beside other work
    low, high = min(measured.accuracies), max(measured.accuracies)
    how = f"{len(measured.accuracies)} seeds, {low:.4f} to {high:.4f}; {each} each"
    return f"<b>{point.parameters:,}</b>", f"<b>{measured.summary}</b>", f"<b>here, {point.name}</b>", how


def _published_cells(one: Published) -> tuple[str, ...]:
    return f"{one.parameters:,}", with_spread(one.accuracy, one.spread), f"github.com/{one.source}", one.remark


def _chart(points):
    """Draw the share of mistakes against the parameters, both by logarithms, as `reached` does."""
    named = [(point.name, point.parameters, point.measured.mean, point.measured.spread, HERE) for point in points]
    named += [(one.source, one.parameters, one.accuracy, one.spread or 0.0, OTHERS) for one in PUBLISHED]
    names, parameters, accuracies, spreads, whose = map(list, zip(*named, strict=True))
    mistakes = [1 - accuracy for accuracy in accuracies]
    columns = {
        "network": names,
        "parameters": parameters,
        "mistakes": mistakes,
        "low": [share + spread for share, spread in zip(mistakes, spreads, strict=True)],
        "high": [max(share - spread, share / 2) for share, spread in zip(mistakes, spreads, strict=True)],
        "accuracy": [f"{accuracy:.4f}" for accuracy in accuracies],
        "whose": whose,
    }
    least, most = 0.8 * min(columns["high"]), 1.2 * max(columns["low"])
    y = reached.accuracy_axis(least, most)
    kinds = {"domain": [HERE, OTHERS], "range": [curves.PALETTE[0], curves.PALETTE[1]]}
    colour = {"field": "whose", "type": "nominal", "scale": kinds, "legend": curves.LEGEND}
    tooltip = [{"field": name, "type": "nominal"} for name in ("network", "accuracy")]
    tooltip.append({"field": "parameters", "type": "quantitative", "format": ","})
    x = {"field": "parameters", "type": "quantitative", "scale": {"type": "log", "nice": False, "padding": 20}}
    x["axis"] = {"format": "~s", "labelOverlap": True, "values": [100, 200, 500, 1000, 2000, 5000, 10_000]}
    figure = {
        "encoding": {"x": x, "color": colour},
        "layer": [
            {
                "transform": [{"filter": f"datum.whose == '{HERE}'"}],
                "mark": {"type": "line", "strokeWidth": 2.5},
                "encoding": {"y": {**y, "field": "mistakes"}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2, "aria": False},
                "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
                "encoding": {"y": {**y, "field": "mistakes"}, "tooltip": tooltip},
            },
        ],
    }
    ours = ", ".join(f"{point.parameters:,}: {point.measured.mean:.4f}" for point in points)
    charts.draw(
        figure,
        charts.table(columns),
        key="fewest parameters",
        height=HEIGHT_PIXELS,
        alt=f"Accuracy against the number of parameters. Measured here, {ours}.",
    )
