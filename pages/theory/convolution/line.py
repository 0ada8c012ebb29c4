"""A signal and a filter of the visitor's own: chosen, or written number by number."""

import contextlib

import numpy as np
import streamlit as st

from core.images import mnist
from core.theory import convolution
from pages.shared.curves import PALETTE
from pages.shared.drawings import drawings
from pages.shared.text import plain

SIGNAL_COLOUR, FILTER_COLOUR, RESULT_COLOUR = PALETTE[0], PALETTE[3], PALETTE[2]
MOST_VALUES = 28  # a row of a digit
SIGNALS = {
    "Step": "0 0 0 0 5 5 5 5 5",
    "Pulse": "0 0 0 0 1 0 0 0 0",
    "Wave": "0 3 5 3 0 -3 -5 -3 0 3 5 3",
    "Mixed": "1 2 3 0 -1 4 4 -2",
}
FILTERS = {"Edge": "1 -1", "Blur": "1 2 1", "Pulse": "1", "Delay": "0 0 1", "Slope": "3 2 1"}


def choose() -> tuple[np.ndarray, np.ndarray] | None:
    """The signal and the filter (whole numbers), or None where what is written cannot be read, which is then said."""
    st.session_state.setdefault("f", SIGNALS["Mixed"])
    st.session_state.setdefault("g", FILTERS["Edge"])
    left, right = st.columns(2, gap="large")
    with left:
        signal = _field("signal", "f")
        with st.container(horizontal=True):
            for name, text in SIGNALS.items():
                st.button(name, key=f"f_{name}", on_click=_put, args=("f", text))
            text, whose = row_of_digit()
            st.button(f"A row of {whose}", key="f_row", on_click=_put, args=("f", text))
    with right:
        filter = _field("filter", "g")
        with st.container(horizontal=True):
            for name, text in FILTERS.items():
                st.button(name, key=f"g_{name}", on_click=_put, args=("g", text))
            st.button(
                "The signal, flipped",
                key="g_flipped",
                on_click=_flip,
                disabled=signal is None,
                help="A filter as long as the signal: under “valid” only one number is left.",
            )
    if signal is None or filter is None:
        return None
    if len(filter) > len(signal):
        st.error(
            f"The filter has {len(filter)} values and the signal {len(signal)}. The filter must not be longer than the "
            "signal: shorten it, or write the two the other way round, for f ∗ g = g ∗ f."
        )
        return None
    return signal, filter


def row_of_digit() -> tuple[str, str]:
    """The row of the top digit with the most ink, in ten steps of grey as numbers 0 … 9, and whose digit it is."""
    drawn = drawings()["top"].digit
    digit = mnist.embedded().test_images[0] if drawn is None else drawn
    row = digit[digit.sum(axis=1, dtype=int).argmax()]
    levels = np.rint(row / 255 * 9).astype(int)
    return convolution.write_numbers(levels), "a test digit" if drawn is None else "my digit"


def _field(name, key):
    label = f"{name.capitalize()} {key}, in whole numbers"
    text = st.text_input(label, key=key, bind="query-params", persist_state="session")
    try:
        return convolution.read_numbers(text, MOST_VALUES)
    except ValueError as error:
        # what somebody wrote, or put into a link, is no Markdown
        st.error(plain(f"The {name} cannot be read: {error}."))
        return None


def _put(key, text):
    st.session_state[key] = text


def _flip():
    """Write the signal backwards as the filter: the signal as it is written at the press, which may be unreadable."""
    with contextlib.suppress(ValueError):
        signal = convolution.read_numbers(st.session_state["f"], MOST_VALUES)
        st.session_state["g"] = convolution.write_numbers(signal[::-1])
