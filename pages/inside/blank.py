"""A blank half: no digit was ever blank in training. What does the network take a blank for?"""

import numpy as np
import streamlit as st

from core.images.mnist import Mnist
from core.insight.blind_spots import beside_blank, shares
from core.model import forward
from core.model.networks import SIDE
from core.model.operations import DIGITS, SUMS
from core.runs.store import Run
from pages.shared import answer, pictures, tables
from pages.shared.cached import answers_of, cached, test_set, weights_of
from pages.shared.colours import SUM_COLOUR
from pages.shared.drawings import HALVES
from pages.shared.one_of import one_of
from pages.shared.tables import Cell
from pages.shared.text import counted, number


def show(run, weights, subject) -> None:
    blank = np.zeros((SIDE, SIDE), np.uint8)
    both = forward.predict(run.network, weights, blank, blank)
    half = one_of(st.segmented_control, "Blank half", HALVES, "blank", default="bottom", bind="query-params")
    labels = test_set().test_labels.astype(int)
    sums = _beside_blank(run, half, test_set())
    worth, counts = np.unique(sums - labels, return_counts=True)
    often, most = int(worth[counts.argmax()]), counts.max()
    st.html(
        f'<p class="fact">A blank {half} half is most often worth <b>{number(often, ".0f")}</b> here: so much '
        f"more than the digit is the sum for {most:,} of {len(labels):,} test digits, {most / len(labels):.0%}.</p>"
    )
    st.write(
        "No example had a blank half, so nothing said that it is worth 0. It is for "
        f"{counted(int((sums == labels).sum()), 'digit')} of {len(labels):,}. "
        f"Two blanks make {both.sum}, {forward.percent(both.sum_probabilities.max())} sure."
    )
    st.html(_table(shares(labels, sums)))
    st.caption(
        f"Of the test digits of each row, the share answered with each sum, the {half} half being blank. "
        "In the framed cells the blank is worth 0."
    )
    other = "top" if half == "bottom" else "bottom"
    pair = {half: blank, other: subject.digit(other)}
    mine = forward.predict(run.network, weights, **pair)
    st.html(pictures.row([pictures.digit_image(pair[h], h if h == other else "blank", h) for h in HALVES]))
    answer.bars(f"Your {other} digit and a blank: {mine.sum}", mine.sum_probabilities, SUM_COLOUR, low=True)


@cached(max_entries=8)
def _beside_blank(run: Run, half: str, data: Mnist) -> np.ndarray:
    """The sums (n,) of each of the data's test digits, `half` being blank."""
    return beside_blank(answers_of(run), weights_of(run), half)


def _table(of_digits: np.ndarray) -> str:
    """A row for each digit, a column for each sum."""

    def cell(digit, s):
        share = of_digits[digit, s]
        title, framed = f"{digit} and a blank: {s} for {share:.1%}", "framed" if s == digit else ""
        return Cell(_percent(share), title, np.sqrt(share), kind=framed)

    rows = [(digit, [cell(digit, s) for s in range(SUMS)]) for digit in range(DIGITS)]
    return f'<div class="wide" tabindex="0">{tables.grid(range(SUMS), rows, corner="%", kind="products broad")}</div>'


def _percent(share):
    return f"{100 * share:.0f}" if share >= 0.005 else ""
