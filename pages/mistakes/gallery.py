"""A gallery of test digits and pairs of them; a click on one takes it to the draw page."""

from collections.abc import Callable

import numpy as np
import streamlit as st
from PIL import Image, ImageColor

from core.insight.readings import Readings
from pages.shared.cached import test_set
from pages.shared.colours import COLOURS, SUM_COLOUR
from pages.shared.drawings import HALVES, show_digit
from pages.shared.one_of import one_of
from pages.shared.pictures import png_url

AT_A_TIME = 24


def gallery(readings: Readings, which: np.ndarray, caption: Callable[[int], str], key: str, of: tuple) -> None:
    """Show inputs, given by their indices, AT_A_TIME more with each press of a button.

    `caption` of an index is plain words. `of` is what is shown: when it changes, the gallery starts again.
    """
    shown = st.session_state.get(f"{key}_shown")
    if shown is None or shown["of"] != of:
        shown = st.session_state[f"{key}_shown"] = {"of": of, "count": AT_A_TIME}
    pairs = readings.indices.shape[1] == 2
    halves = HALVES if pairs else (_chosen_half(key),)
    if pairs:
        st.caption("A click takes both digits to the draw page; Undo there brings back what was drawn.")
    data = test_set()
    with st.container(key=f"{key}_gallery", horizontal=True, gap="small"):
        for number, index in enumerate(which[: shown["count"]]):
            digits = data.test_images[readings.indices[index]]
            # the key is the place in the gallery, so that a changed choice changes pictures and not buttons
            label = f"![]({png_url(_picture(digits))}) {caption(index)}"
            if st.button(label, key=f"{key}_{number}", width=132):
                for half, digit, true in zip(halves, digits, readings.digits[index], strict=True):
                    show_digit(half, digit, int(true))
                # an empty link, for Streamlit refuses to clear one that widgets are bound to; the run is in the session
                st.switch_page("draw/page.py", query_params={})
    if len(which) > shown["count"]:
        st.button(f"More ({shown['count']:,} of {len(which):,} shown)", key=f"{key}_more", on_click=_more, args=(key,))


def _chosen_half(key):
    return one_of(
        st.segmented_control,
        "A click takes the digit to the draw page, as the digit at the",
        HALVES,
        f"{key}_half",
        persist_state="session",
        help="Undo there brings back what was drawn.",
    )


def _more(key):
    st.session_state[f"{key}_shown"]["count"] += AT_A_TIME


def _picture(digits):
    """One digit in a grey frame, or two, one above the other, in the colours of their halves."""
    colours = [SUM_COLOUR] if len(digits) == 1 else [COLOURS[half] for half in HALVES]
    framed = []
    for digit, colour in zip(digits, colours, strict=True):
        frame = np.full((30, 30, 3), ImageColor.getrgb(colour), np.uint8)
        frame[1:-1, 1:-1] = digit[..., None]
        framed.append(frame)
    return Image.fromarray(np.concatenate(framed))
