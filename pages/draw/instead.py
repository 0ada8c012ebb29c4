"""Digits chosen instead of drawn: a test digit of any class, or a picture of one's own. No pointer is needed."""

import numpy as np
import streamlit as st

from core.images import mnist
from core.images.picture import PictureError, digit_from_picture
from pages.draw import canvas
from pages.draw.from_paper import TYPES
from pages.shared import answer
from pages.shared.drawings import HALVES, show_digit

COMPLAINT = "complaint_of_picture"  # key of the session


def choose_digits() -> None:
    """Offer, for each half, the ten classes of test digits and a picture to upload."""
    with st.popover("Choose digits", key="choose"):
        if complaint := st.session_state.pop(COMPLAINT, None):
            st.error(complaint)
        for half in HALVES:
            st.html(f"<b>{answer.half_name(half)} digit</b>: a test digit, or a picture of your own")
            st.segmented_control(
                f"A test digit as the {half} one",
                range(10),
                key=f"{half}_class",
                on_change=_take_test_digit,
                args=(half,),
                label_visibility="collapsed",
            )
            st.file_uploader(
                f"A picture as the {half} digit",
                TYPES,
                key=f"{half}_picture",
                on_change=_take_picture,
                args=(half,),
                label_visibility="collapsed",
            )


def _take_test_digit(half):
    """Show a random test digit of the class that was chosen, and let the same class be chosen again."""
    canvas.take_in()
    label, data = st.session_state[f"{half}_class"], mnist.embedded()
    rows = np.flatnonzero(data.test_labels == label)
    if len(rows):  # of a forged class there are none
        index = np.random.default_rng().choice(rows)
        show_digit(half, data.test_images[index], int(label))
    st.session_state[f"{half}_class"] = None
    canvas.restart(half)


def _take_picture(half):
    canvas.take_in()
    if file := st.session_state[f"{half}_picture"]:
        try:
            show_digit(half, digit_from_picture(file), None)
        except PictureError as error:
            st.session_state[COMPLAINT] = f"{file.name} {error}. Choose another file."
    canvas.restart(half)
