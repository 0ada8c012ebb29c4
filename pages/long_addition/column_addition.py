"""The two numbers as they are written at school, with what is carried as a probability, and the digits of the sum."""

import html
from dataclasses import dataclass, field

import numpy as np
import streamlit as st
from PIL import Image

from core.insight import long_addition
from core.model import forward
from core.model.answers import Answers
from core.model.forward import percent
from core.runs.store import Run
from pages.shared import cached, picker, pictures
from pages.shared.colours import COLOURS
from pages.shared.drawings import HALVES, drawings

DEALT = "long_addition_dealt"  # key of the session: the seed by which the digits were dealt
COLUMNS = 4  # at first
DOUBT = 0.01  # of a digit's second reading, which is then told below the first


@dataclass(frozen=True)
class Numbers:
    """Two numbers of N digits, the ones first: what is read of each digit (N, 10), and its image (N, 28, 28).

    `truth` is their sum, or None where one of the digits is drawn, so that nobody knows.
    """

    top: np.ndarray = field(repr=False)
    bottom: np.ndarray = field(repr=False)
    images: tuple[np.ndarray, np.ndarray] = field(repr=False)
    truth: int | None


def choose(run: Run, read: Answers) -> Numbers:
    """Let the visitor choose how many columns there are; deal test digits, and let two that are drawn be the ones."""
    data = cached.test_set()
    st.session_state.setdefault(DEALT, 0)
    drawn = {half: digit for half in HALVES if (digit := drawings()[half].digit) is not None}
    both = len(drawn) == len(HALVES)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        length = st.slider(
            "Columns",
            1,
            long_addition.MOST_COLUMNS,
            COLUMNS,
            key="columns",
            bind="query-params",
            width=300,
        )
        st.button("Other digits", on_click=_deal, help="Random test digits of MNIST, never trained on.")
        mine = both and st.toggle("My two digits as the ones", True, key="long_addition_mine")
        if not both:
            with st.container(key="draw_two_digits", width="content"):
                st.page_link("draw/page.py", label="Draw two digits")
    upper, lower = long_addition.deal(len(data.test_labels), length, 1, st.session_state[DEALT])[0]
    top, bottom = read.top[upper].copy(), read.bottom[lower].copy()
    images = data.test_images[upper].copy(), data.test_images[lower].copy()
    labels = [data.test_labels[upper].tolist(), data.test_labels[lower].tolist()]
    if mine:
        weights = picker.weights_or_stop(run)
        for half, of, image, known in zip(HALVES, (top, bottom), images, labels, strict=True):
            of[0] = forward.predict_digit(run.network, weights, drawn[half], half)
            image[0], known[0] = drawn[half], drawings()[half].label
    truth = None if None in (labels[0][0], labels[1][0]) else sum(map(long_addition.value, labels))
    return Numbers(top, bottom, images, truth)


def _deal():
    st.session_state[DEALT] += 1


def show(numbers: Numbers, columns: np.ndarray, total: int) -> None:
    """Draw the sum column by column, the ones on the right, with the carry into each and the sum's digits below."""
    carried, digits = long_addition.carries(columns), long_addition.digits(columns)
    indices = range(len(columns) - 1, -1, -1)
    rows = [_row("carried", ["", *(_carry(carried, index) for index in indices)], first=carried[-1])]
    for half, images, of in zip(HALVES, numbers.images, (numbers.top, numbers.bottom), strict=True):
        cells = [_digit(images[index], of[index], half) for index in indices]
        rows.append(_row("+" if half == "bottom" else "", ["", *cells]))
    answer = [total // 10**index % 10 for index in range(len(columns) + 1)]
    cells = [_of_the_sum(answer[index], digits[index], index == len(columns)) for index in (len(columns), *indices)]
    rows.append(_row("", cells, "sum"))
    label = "Written addition: above each column what is carried into it, then the two digits, then the sum's digit."
    st.html(f'<div class="long-addition" tabindex="0"><table aria-label="{label}">{"".join(rows)}</table></div>')
    st.caption(
        "Above a column: the probability that 1 is carried into it. Below a digit: what it is read as, and what else "
        f"with {DOUBT:.0%} or more. Below a digit of the sum: its own probability, "
        "over all that could be read and carried to its right."
    )


def _row(name, cells, kind="", first=None):
    if first is not None:  # the carry out of the last column is the leading digit
        cells = [_share(first), *cells[1:]]
    return f'<tr class="{kind}"><th>{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _carry(carried, index):
    return _share(carried[index]) if index else ""


def _share(probability):
    text = html.escape(percent(probability))
    return f'<small>{text}<span class="share"><i style="width:{100 * probability:.0f}%"></i></span></small>'


def _digit(image, probabilities, half):
    best, second = (int(digit) for digit in np.argsort(-probabilities, kind="stable")[:2])
    told = ", ".join(f"{d}: {percent(p, 1)}" for d, p in enumerate(probabilities) if p >= 0.001)
    doubt = f"{second}: {percent(probabilities[second])}" if probabilities[second] >= DOUBT else ""
    return (
        f'<div style="color:{COLOURS[half]}"><img alt="read as {best}" title="{html.escape(told)}" '
        f'src="{pictures.png_url(Image.fromarray(image))}"></div>'
        f"<small>{best}: {html.escape(percent(probabilities[best]))}</small><small>{html.escape(doubt)}</small>"
    )


def _of_the_sum(digit, probabilities, leading):
    if leading and digit == 0:
        return ""
    return f"{digit}<small>{html.escape(percent(probabilities[digit]))}</small>"
