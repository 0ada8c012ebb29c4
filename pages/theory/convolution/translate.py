"""Translate signal or filter, and see the result translate with it."""

import numpy as np
import streamlit as st

from core.theory import convolution
from pages.shared.text import number
from pages.theory.convolution import line
from pages.theory.convolution.bar_rows import Row, bar_rows

MOST = 3  # places that each can be moved, either way


def show() -> None:
    chosen = line.choose()
    if chosen is None:
        return
    left, right = st.columns(2, gap="large")
    with left:
        s = st.slider("Move f by t: f(k+t)", -MOST, MOST, 2, key="move_f", bind="query-params", persist_state="session")
    with right:
        t = st.slider("Move g by t: g(k+t)", -MOST, MOST, 0, key="move_g", bind="query-params", persist_state="session")
    st.caption("A positive t moves to the left, as in the formula. The line goes on with zeros on both sides.")

    # room on both lines for their own move, and so on the result's line for both moves
    f, g = (np.pad(values, MOST) for values in chosen)
    moved_f, moved_g = convolution.translated(f, s), convolution.translated(g, t)
    result = convolution.convolve(f, g)
    first = convolution.convolve(moved_f, moved_g)
    last = convolution.translated(result, s + t)
    error = np.abs(first - last).max()
    st.html(f'<p class="identity">max |difference| of the two ways = <b>{error}</b></p>')
    bar_rows(
        [
            Row("f(k), where it was", f, line.SIGNAL_COLOUR, -MOST, range(0)),
            Row(f"f(k{_plus(s)})", moved_f, line.SIGNAL_COLOUR, -MOST),
            Row(f"g(k{_plus(t)})", moved_g, line.FILTER_COLOUR, -MOST),
            Row("f ∗ g, where it was", result, line.RESULT_COLOUR, -2 * MOST, range(0)),
            Row("first moved, then convolved", first, line.RESULT_COLOUR, -2 * MOST),
            Row(f"first convolved, then moved: (f ∗ g)(n{_plus(s + t)})", last, line.RESULT_COLOUR, -2 * MOST),
        ],
        f"Moved by {s} and {t}, the result moves by {s + t}; the two ways differ by {error}",
    )
    st.caption("Whole numbers leave nothing to rounding: the two ways must agree to the last digit.")
    _slip(f, g, result, s or t or 1)


def _slip(f, g, result, t):
    """What the report's middle lines would give if they were meant as they are printed."""
    st.subheader("The report's slip", anchor=False)
    right = convolution.translated(result, t)
    lost_sign = convolution.convolve(convolution.translated(f, -t), g)
    twice = convolution.convolve(g, g)
    longer = np.pad(twice, (0, len(result) - len(twice)))
    meant = convolution.convolve(convolution.translated(f, t), g)
    st.write(
        "The report's theorem is right; on the way to it, its middle lines lose a sign of the shift and write g twice. "
        f"Taken by the letter, with t = {number(t)}, they would differ from (f ∗ g)(n+t):"
    )
    lines = (("as the theorem says", meant), ("with the sign lost, f(k−t)", lost_sign), ("with g twice, g ∗ g", longer))
    items = "".join(f"<p><b>{np.abs(values - right).max()}</b> max |difference| {label}</p>" for label, values in lines)
    st.html(f'<div class="told">{items}</div>')


def _plus(t):
    return "" if t == 0 else f"{'+' if t > 0 else '−'}{abs(t)}"
