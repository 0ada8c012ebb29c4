"""Which of the two digits a page looks at."""

import streamlit as st

from pages.shared.drawings import HALVES
from pages.shared.one_of import one_of


def choose_half(label: str = "Digit") -> str:
    """The visitor's choice, "top" or "bottom"; it is in the link too."""
    return one_of(st.segmented_control, label, HALVES, "half", default="top", bind="query-params")
