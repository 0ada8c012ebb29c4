"""Two dice: the distribution of a sum is the convolution of two distributions, which is how sum_posterior adds."""

import numpy as np
import streamlit as st

from core.model import forward
from core.theory import convolution
from pages.shared import picker
from pages.shared.colours import COLOURS, SUM_COLOUR
from pages.shared.one_of import one_of
from pages.shared.readings import run_name
from pages.shared.subject import choose_subject
from pages.shared.text import small
from pages.theory.convolution.bar_rows import Row, bar_rows

# the first face, how many faces, and what one is called
DICE = {"Two dice, 1 … 6": (1, 6, "die"), "Two digits drawn by lot, 0 … 9": (0, 10, "digit")}
READ = "Two digits read by the network"
ROLLS = 10_000


def show() -> None:
    kind = one_of(st.pills, "Add", [*DICE, READ], "dice", bind="query-params", persist_state="session")
    if kind == READ:
        _digits()
    else:
        _thrown(*DICE[kind])


def _thrown(first_face, faces, name):
    """Two alike, every face as probable; and the same by experiment."""
    fair = np.full(faces, 1 / faces)
    sums = _slide(fair, fair, first_face, (f"first {name}", f"second {name}"), first_face * 2 + faces - 1)
    if st.button(f"Try it {ROLLS:,} times", key="throw"):
        thrown = np.random.default_rng().integers(faces, size=(ROLLS, 2)).sum(axis=1)
        seen = np.bincount(thrown, minlength=len(sums)) / ROLLS
        bar_rows(
            [
                Row("how often each sum came up", seen, SUM_COLOUR, 2 * first_face),
                Row("how often it should", sums, SUM_COLOUR, 2 * first_face),
            ],
            "Sums that came up, and their probabilities",
            write=_percent,
        )
        expected = np.sqrt(sums * (1 - sums) / ROLLS).max()
        st.markdown(
            f"max |difference| = **{np.abs(seen - sums).max():.4f}**; chance alone makes a share of {ROLLS:,} tries "
            f"stray by up to {expected:.4f} (one standard deviation)."
        )


def _digits():
    available = picker.loadable_or_stop()
    left, right = st.columns(2, gap="large")
    with left:
        run, _ = picker.choose_run(available)
    with right:
        subject = choose_subject()
    prediction = forward.predict(run.network, picker.weights_or_stop(run), subject.top, subject.bottom)
    if prediction.digit_probabilities is None:
        st.info(
            f"{run_name(run)} adds without ever naming a digit, so there are no two distributions to convolve. "
            "Choose sum_posterior, or a network that reads one digit."
        )
        return
    top, bottom = prediction.digit_probabilities
    sums = _slide(top, bottom, 0, ("top digit", "bottom digit"), prediction.sum)
    difference = small(np.abs(sums - prediction.sum_probabilities).max())
    label = "max |difference| from the network’s own sum probabilities"
    st.html(f'<p class="identity">{label} = <b>{difference}</b></p>')
    if run.network.names_digits:
        st.write(
            f"This is the head of {run.network.name}: its last layer is this convolution, without one weight to learn. "
            "Above it is computed by sliding dot products, in the network as a product with a table of 100 pairs; "
            "rounding of 32-bit numbers is all that differs."
        )
    else:
        st.write(f"{run.network.name} reads one digit at a time; the app adds its two answers by the same convolution.")


def _slide(p, q, first_face, names, start):
    """Show P(s) as a dot product at the sum that the visitor chooses; the distribution (m,) of the sum."""
    lowest, highest = 2 * first_face, 2 * first_face + len(p) + len(q) - 2
    # other dice and other digits have a slider of their own, which begins at their own sum
    key = f"sum_{first_face}_{len(p)}_{start}"
    s = st.slider("Sum s", lowest, highest, start, key=key)
    sums = convolution.convolve(p, q)
    here = convolution.overlap(p, q, s - lowest)
    at = here.positions + first_face
    st.html(f'<p class="identity">P({s}) = Σ P(d)·P({s}−d) = <b>{forward.percent(here.total, 1)}</b></p>')
    bar_rows(
        [
            Row(f"P(d), {names[0]}", p, COLOURS["top"], first_face),
            Row(f"P({s}−d), {names[1]}, flipped", here.filter, COLOURS["bottom"], at[0]),
            Row("their products", here.products, SUM_COLOUR, at[0]),
            Row("P(s), the sum", sums, SUM_COLOUR, lowest, range(s, s + 1)),
        ],
        f"Sum {s}: probability {forward.percent(here.total, 1)}",
        range(at[0], at[-1] + 1),
        _percent,
    )
    st.caption(
        f"For each {names[0]} d there is one {names[1]} that makes the sum {s}: {s} − d. All such pairs, added up, are "
        f"a dot product with the second distribution flipped. All sums together: {sums.sum():.6f}."
    )
    return sums


def _percent(probability):
    percent = 100 * probability
    return f"{percent:.0f}%" if percent >= 9.95 else f"{percent:.1f}%" if percent >= 0.05 else "0%"
