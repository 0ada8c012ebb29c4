import threading
from typing import Any

import streamlit as st

from core.theory import timing
from core.theory.timing import Timing
from pages.shared import charts, curves

MEASURED = "gradient_timings"  # key of the session
PATIENCE_SECONDS = 5.0


@st.cache_resource(show_spinner=False)
def _alone() -> threading.Lock:
    """Two that measure at once would measure each other."""
    return threading.Lock()


@st.fragment
def show() -> None:
    """The time of one gradient against n, measured here and now, with the slope of each way."""
    st.markdown(
        "For a signal of $n$ numbers and a filter as long, the matrix and the direct sum take about $n^2$ "
        "multiplications, the FFT about $n\\log n$. On paper with logarithms $n^2$ is a line of slope 2."
    )
    if st.button("Measure", type="primary", help="Takes about a second."):
        _measure()
    timings = st.session_state.get(MEASURED)
    if timings is None:
        st.info("Press Measure: this machine computes the gradient by each way, for longer and longer signals.")
        return
    _chart(timings)
    for slow in timings[:-1]:
        crossing = timing.crossing(slow, timings[-1])
        if crossing is None:
            where = "at none of the lengths measured"
        else:
            where = f"from n ≈ {crossing:,.0f} on" if crossing > timing.LENGTHS[0] else "at every length measured"
        st.markdown(f"The FFT is quicker than the {slow.algorithm} **{where}**.")
    st.caption(
        "Each point is the quickest of three to nine repeats on the server that runs this app; slopes by least squares "
        "over the larger half of the lengths. The machine has other work too, so times and slopes vary: measure again."
    )


def _measure():
    bar = st.progress(0.0, "Waiting for another visitor's measurement")
    lock = _alone()
    if not lock.acquire(timeout=PATIENCE_SECONDS):
        bar.empty()
        st.warning("Others are measuring, and two at once would disturb each other. Press Measure again in a moment.")
        return
    try:
        st.session_state[MEASURED] = timing.measure(lambda done, text: bar.progress(done, text))
    finally:
        lock.release()
        bar.empty()


def _chart(timings: list[Timing]) -> None:
    columns: dict[str, list] = {name: [] for name in ("n", "milliseconds", "fitted", "way")}
    for each in timings:
        start = each.fitted.start
        fitted = [None if i < start else 1e3 * each.predicted(n) for i, n in enumerate(each.lengths)]
        columns["n"] += each.lengths
        columns["milliseconds"] += [1e3 * seconds for seconds in each.seconds]
        columns["fitted"] += fitted
        columns["way"] += [_legend(each)] * len(each.lengths)
    n: dict[str, Any] = {"field": "n", "type": "quantitative", "title": "n, numbers in the signal and in the filter"}
    n["scale"] = {"type": "log", "base": 2, "domain": [timing.LENGTHS[0], timing.LENGTHS[-1]]}
    n["axis"] = {"values": list(timing.LENGTHS[::2]), "format": ","}
    y: dict[str, Any] = {
        "type": "quantitative",
        "title": "milliseconds",
        "scale": {"type": "log", "domain": [5e-4, 100], "nice": False},
    }
    y["axis"] = {"values": [0.001, 0.01, 0.1, 1, 10, 100], "format": "~g"}
    colour: dict[str, Any] = {"field": "way", "type": "nominal", "sort": None, "legend": curves.LEGEND | {"columns": 1}}
    colour["scale"] = {"domain": [_legend(each) for each in timings], "range": list(curves.PALETTE[: len(timings)])}
    tooltip = [
        {"field": "way", "type": "nominal", "title": "way"},
        {"field": "n", "type": "quantitative", "format": ","},
        {"field": "milliseconds", "type": "quantitative", "format": ".3~g"},
    ]
    layers = [
        {
            "transform": [{"filter": "isValid(datum.fitted)"}],
            "mark": {"type": "line", "strokeWidth": 2.5, "clip": True},
            "encoding": {"y": {**y, "field": "fitted"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1, "clip": True},
            "encoding": {"y": {**y, "field": "milliseconds"}, "tooltip": tooltip},
        },
    ]
    summary = "; ".join(_legend(each) for each in timings)
    drawn = {"encoding": {"x": n, "color": colour}, "layer": layers}
    alt = f"Time of one gradient against n, both logarithmic: {summary}."
    charts.draw(drawn, charts.table(columns), key="timings", height=curves.HEIGHT_PIXELS + 80, alt=alt)


def _legend(each):
    return f"{each.algorithm}: slope {each.slope:.2f}"
