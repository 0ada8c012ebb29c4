"""Slide the flipped filter over the signal, a dot product at every place."""

import numpy as np
import streamlit as st

from core.theory import convolution
from pages.shared.curves import PALETTE
from pages.shared.one_of import one_of
from pages.shared.text import number, small
from pages.theory.convolution import line
from pages.theory.convolution.bar_rows import Row, bar_rows

UNFLIPPED = "The networks' convolutions do not flip the filter: they compute the correlation."


def show() -> None:
    chosen = line.choose()
    if chosen is None:
        return
    signal, filter = chosen
    controls = st.container(horizontal=True, vertical_alignment="bottom")
    with controls:
        mode = one_of(
            st.segmented_control,
            "Keep",
            convolution.MODES,
            "mode",
            default="full",
            bind="query-params",
            persist_state="session",
        )
        flip = not st.toggle("Do not flip", key="unflipped", persist_state="session", help=UNFLIPPED)
        kept = convolution.output_positions(len(signal), len(filter), mode)
        n = _choose_position(kept)

    result = convolution.convolve(signal, filter, flip)
    here = convolution.overlap(signal, filter, n, flip)
    under = range(here.positions[0], n + 1)
    lying = "g(n−k), flipped and moved to n" if flip else "g as it is, moved to n"
    name, total = "(f ∗ g)" if flip else "correlation ", number(here.total, "g")
    st.html(f'<p class="identity">{name}({n}) = {_products(here)} = <b>{total}</b></p>')
    rows = [
        Row("f(k), the signal", signal, line.SIGNAL_COLOUR),
        Row(lying, here.filter, line.FILTER_COLOUR, under.start),
        Row("their products", here.products, PALETTE[5], under.start),
        Row(f"the result: {len(kept)} values ({mode})", result[kept], line.RESULT_COLOUR, kept.start, range(n, n + 1)),
    ]
    bar_rows(rows, f"Filter at n = {n}: the dot product is {total}", under)
    _lengths(len(signal), len(filter), mode)
    _check(signal, filter, flip, result)


def _choose_position(kept):
    """The place n, by a slider and a step at a time. A valid filter as long as the signal leaves one place alone."""
    n = min(max(st.session_state.get("place", kept.start), kept.start), kept.stop - 1)
    if len(kept) == 1:
        st.markdown(f"One place is left, n = {n}.")
        return n
    st.session_state.place = n
    st.button("Back", on_click=_step, args=(-1,), disabled=n == kept.start)
    st.button("Next", on_click=_step, args=(1,), disabled=n == kept.stop - 1, type="primary")
    return st.slider("Place n", kept.start, kept.stop - 1, key="place", persist_state="session", width=420)


def _step(by):
    st.session_state.place += by


def _products(here):
    pieces = [
        f"{_signed(value)}·{_signed(weight)}" for value, weight in zip(here.signal, here.filter, strict=True) if weight
    ]
    if not pieces:
        return "0"
    return " + ".join(pieces) if len(pieces) <= 8 else " + ".join([*pieces[:4], "…", *pieces[-3:]])


def _signed(value):
    return f"(−{-value})" if value < 0 else f"{value}"


def _lengths(n, k, mode):
    formulas = {"full": f"{n} + {k} − 1", "same": f"{n}", "valid": f"{n} − {k} + 1"}
    meanings = {
        "full": "wherever the two overlap",
        "same": "as many as the signal has",
        "valid": "only where all of the filter lies on the signal",
    }
    lines = "".join(
        f'<p class="{"chosen" if name == mode else ""}">{name}: '
        f"<b>{count}</b> {'value' if count == 1 else 'values'} ({formula}), {meanings[name]}</p>"
        for name, formula in formulas.items()
        for count in [len(convolution.output_positions(n, k, name))]
    )
    st.html(f'<div class="told">{lines}</div>')
    single = " Here the filter is as long as the signal, so one number is left." if n == k else ""
    st.caption(
        "With a signal of n values and a filter of k ≤ n values the report keeps full overlaps only: n − k + 1 values."
        f"{single}"
    )


def _check(signal, filter, flip, result):
    st.subheader("Check", anchor=False)
    other = convolution.by_fourier(signal, filter if flip else filter[::-1])
    st.markdown(
        f"The same by another way, the Fourier transform of both, multiplied and transformed back"
        f"{'' if flip else ', with the filter turned round beforehand'}: "
        f"max |difference| = **{small(np.abs(result - other).max())}**."
    )
    st.markdown(
        "What the field calls a convolution layer computes the correlation: it does not flip. As the weights are "
        "learned, a network learns the flipped filter instead, and nothing else changes. With the filter turned round "
        "by hand the two differ by **"
        f"{np.abs(convolution.convolve(signal, filter[::-1], not flip) - result).max()}**."
    )
