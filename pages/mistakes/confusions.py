"""The confusion matrix, and the mistakes of a cell in pictures, the most confident first."""

import numpy as np
import streamlit as st

from core.insight.mistakes import confusion, mistakes, most_confused
from core.model import forward
from pages.mistakes import mistake_figures
from pages.mistakes.gallery import gallery

CHART, TRUE, ANSWERED = "confusions", "true", "answered"  # keys of the session; the last two are in the link


def show(run, readings, available) -> None:
    counts = confusion(readings)
    pairs = run.network.reads_pairs
    what = "sum" if pairs else "digit"
    st.write(
        f"Each row is a true {what}, each column what the network answers. Right answers lie on the diagonal, in "
        "grey; the redder a cell beside it, the more often that mistake is made (the shade goes with the square "
        "root of the count, so that rare ones show)."
    )
    if sentence := _in_words(readings, counts):
        st.write(sentence)
    left, right = st.columns([3, 2], gap="large")
    with right:
        true, answered = _choice(readings.classes, what)
        chosen_mistakes = mistakes(readings, true, answered)
        st.write(_chosen_sentence(len(chosen_mistakes), true, answered, pairs))
        gallery(
            readings, chosen_mistakes, lambda index: _caption(readings, index), "mistake", (run.name, true, answered)
        )
    with left, st.container(key="confusion_matrix"):
        mistake_figures.matrix(counts, _framed(counts, true, answered), what, CHART, _take_cell)
        st.caption("Click a cell to see its mistakes; one on the diagonal, for all mistakes of its row.")


def _in_words(readings, counts):
    wrong = ~readings.right
    if not wrong.any():
        return "It makes no mistake on these images."
    often = [(true, answered, count) for true, answered, count in most_confused(counts) if count > 1]
    named = ", ".join(f"{true} read as {answered} ({count:,})" for true, answered, count in often)
    text = f"Most often: {named}." if often else ""
    if readings.digits.shape[1] == 2:
        off_by_one = (np.abs(readings.truth - readings.answered)[wrong] == 1).mean()
        text += f" {off_by_one:.0%} of the mistakes miss the sum by just 1."
    return text


def _choice(classes, what):
    """The true class and the answer whose mistakes are shown; None where any will do."""
    for name in (TRUE, ANSWERED):  # a network of sums may have been left for one of digits; a forged choice is a word
        if st.session_state.get(name) not in range(classes):
            st.session_state[name] = None
    with st.container(horizontal=True):
        return tuple(
            st.selectbox(
                label,
                range(classes),
                index=None,
                placeholder="any",
                key=name,
                bind="query-params",
                persist_state="session",
                width=150,
            )
            for name, label in ((TRUE, f"True {what}"), (ANSWERED, "Answered"))
        )


def _chosen_sentence(count, true, answered, pairs):
    if true is not None and true == answered:
        return f"{true} read as {answered} is right. Choose an answer that is not, or any."
    of = "" if true is None else f" of a true {true}"
    read = "" if answered is None else f" answered as {answered}"
    if not count:
        return f"No mistake{of}{read}. Choose another cell."
    what = f"**{count:,} {'mistake' if count == 1 else 'mistakes'}**{of}{read}"
    return f"{what}, the most confident first." if count > 1 else f"{what}."


def _caption(readings, index):
    top, *bottom = readings.digits[index]
    true = f"{top} + {bottom[0]} = {top + bottom[0]}" if bottom else f"{top}"
    return f"{true}, read as **{readings.answered[index]}**, {forward.percent(readings.confidence[index])} sure"


def _take_cell():
    """A click on a cell is the same choice as in the two lists."""
    cells = st.session_state[CHART]["selection"]["cell"]
    true, answered = (int(cells[0][name]) for name in ("true", "answered")) if cells else (None, None)
    st.session_state[TRUE] = true
    st.session_state[ANSWERED] = None if true == answered else answered


def _framed(counts, true, answered):
    """The cells that the choice is of; none where there is no choice."""
    rows, columns = np.indices(counts.shape)
    chosen = np.full(counts.shape, true is not None or answered is not None)
    return chosen & ((rows == true) | (true is None)) & ((columns == answered) | (answered is None))
