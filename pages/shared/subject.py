"""The two digits that an insight page looks at: those just drawn, or test digits where nothing is drawn."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.images import mnist
from pages.shared import pictures
from pages.shared.drawings import HALVES, drawings

CHOSEN = "subject"  # key of the session: places of test digits, and whether they take the drawn ones' place


@dataclass(frozen=True)
class Subject:
    """Two digits (28, 28) uint8; the labels are None where nobody knows them."""

    top: np.ndarray
    bottom: np.ndarray
    labels: tuple[int | None, int | None]

    def digit(self, half: str) -> np.ndarray:
        return self.top if half == "top" else self.bottom


def choose_subject() -> Subject:
    """Show the two digits, and let the visitor take others. A half where nothing is drawn gets a test digit."""
    chosen = st.session_state.setdefault(CHOSEN, {"places": _random_indices(), "instead": False})
    drawn = {half: drawing for half, drawing in drawings().items() if drawing.digit is not None}
    if chosen["instead"]:
        drawn = {}
    data, images = mnist.embedded(), []
    digits: dict[str, np.ndarray] = {}
    labels: dict[str, int | None] = {}
    for half, index in zip(HALVES, chosen["places"], strict=True):
        digit, labels[half], kind = data.test_images[index], int(data.test_labels[index]), "drawn"
        if half in drawn and (mine := drawn[half].digit) is not None:
            digit, labels[half] = mine, drawn[half].label
        else:
            kind = f"test digit, a {labels[half]}"
        digits[half] = digit
        images.append(pictures.digit_image(digit, f"{half}: {kind}", half))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<div class="digits small">{"".join(images)}</div>', width="content")
        st.button("Other test digits", on_click=_others, help="Two random digits of MNIST, never trained on.")
        if chosen["instead"] and any(drawing.digit is not None for drawing in drawings().values()):
            st.button("My drawing", on_click=_mine)
        st.page_link("draw/page.py", label="Draw")
    return Subject(digits["top"], digits["bottom"], (labels["top"], labels["bottom"]))


def _random_indices():
    return np.random.default_rng().integers(len(mnist.embedded().test_labels), size=2).tolist()


def _others():
    st.session_state[CHOSEN] = {"places": _random_indices(), "instead": True}


def _mine():
    st.session_state[CHOSEN]["instead"] = False
