"""A blend's distributions as a map: how much of one digit is blended into the other, against the sum."""

import numpy as np

from core.insight.ambiguity import SHARES
from pages.shared import charts, curves
from pages.shared.colours import COLOURS

HEIGHT_PIXELS = 300


def heat_map(probabilities: np.ndarray, here: int, key: str) -> None:
    """P(sum), (21, 19), along the blend, the stronger the more probable; row `here` is the one that is shown."""
    sums = np.arange(probabilities.shape[1])
    percents = np.rint(100 * SHARES).astype(int)
    table = charts.table(
        {
            "blend": np.repeat(percents, len(sums)),
            "sum": np.tile(sums, len(percents)),
            "probability": probabilities.astype(float).ravel(),
            "here": np.repeat(np.arange(len(percents)) == here, len(sums)),
        }
    )
    axis = {"labelAngle": 0, "labelOverlap": True}
    x = {"field": "blend", "type": "ordinal", "title": "blend, %", "axis": axis}
    y = {"field": "sum", "type": "ordinal", "sort": "descending", "axis": axis}
    shade = {
        "field": "probability",
        "type": "quantitative",
        "scale": {"domain": [0, 1], "range": [0, 1]},
        "legend": None,
    }
    tooltip = [{"field": name, "type": "ordinal"} for name in ("blend", "sum")]
    tooltip.append({"field": "probability", "type": "quantitative", "format": ".1%"})
    layers = [
        {
            "mark": {"type": "rect", "color": curves.PALETTE[3]},
            "encoding": {"x": x, "y": y, "opacity": shade, "tooltip": tooltip},
        },
        {
            "transform": [{"filter": "datum.here && datum.sum == 0"}],
            "mark": {"type": "rect", "filled": False, "stroke": COLOURS["top"], "strokeWidth": 3, "aria": False},
            "encoding": {"x": x},  # without a y it spans all sums
        },
    ]
    answers = " ".join(str(answer) for answer in dict.fromkeys(probabilities.argmax(axis=1).tolist()))
    alt = f"Probability of each sum along the blend; the most probable sums on the way are {answers}."
    charts.draw({"layer": layers}, table, key=key, height=HEIGHT_PIXELS, alt=alt)
