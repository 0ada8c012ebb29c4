"""The answer of the draw page and its like: the large number, the bars behind it, and the products behind those."""

import html

import numpy as np
import streamlit as st

from core.model import forward
from pages.shared import tables
from pages.shared.tables import Cell

LIVE_ANSWER = """<script>
document.querySelectorAll(".st-key-answer").forEach((answer) => {
  answer.setAttribute("role", "status");
  answer.setAttribute("aria-atomic", "true");
});
</script>"""


def show(text: str, note: str, number: int | None = None) -> None:
    """Show the largest thing on the page, which a screen reader speaks at each change.

    It does so if the region is the same and what is in it changes, so the region is Streamlit's container.
    """
    large = "" if number is None else f" <b>{number:,}</b>"
    with st.container(key="answer"):
        paragraphs = f'<p class="answer">{text}{large}</p><p class="answer-note">{html.escape(note)}</p>'
        st.html(paragraphs + LIVE_ANSWER, unsafe_allow_javascript=True)


def bars(title: str, probabilities: np.ndarray, colour: str, low: bool = False) -> None:
    """Show a bar for each class, 0 to 100 %, the most probable one in bold. The title is HTML."""
    best = int(probabilities.argmax())
    most = forward.percent(probabilities[best])
    columns = "".join(
        f'<div class="{"best" if i == best else ""}" title="{i}: {forward.percent(p, 1)}">'
        f"{f'<em>{most}</em>' if i == best else ''}"
        f'<i style="height:{70 * p:.1f}%;background:{colour}"></i><span>{i}</span></div>'
        for i, p in enumerate(probabilities)
    )
    label = f"most probable {best}, {html.escape(most)}"
    st.html(f'<p>{title}</p><div class="bars{" low" if low else ""}" role="img" aria-label="{label}">{columns}</div>')


def products(top: np.ndarray, bottom: np.ndarray) -> None:
    """Show the 10×10 products of two digit distributions: each antidiagonal adds up to the probability of one sum."""

    def cell(d, e):
        both = top[d] * bottom[e]
        return Cell(d + e, f"{d} + {e} = {d + e}: {forward.percent(both, 1)}", np.sqrt(both))

    st.html(tables.of_digits(cell, coloured=True))
    st.caption(
        "Each cell shows a sum, the stronger the larger the product of its row's and its column's probability. "
        "Those of one sum lie on one diagonal; added up they give its bar: P(s) = Σ P(d)·P(s−d), a convolution."
    )


def half_name(half: str) -> str:
    """Return HTML that calls a half of the draw page Top or Bottom, or Left or Right where its frames are abreast."""
    beside = "Left" if half == "top" else "Right"
    return f'<span class="stacked">{half.capitalize()}</span><span class="beside">{beside}</span>'
