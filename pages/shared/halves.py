"""Which of the two digits a page looks at."""

import streamlit as st

from pages.shared.drawings import HALVES


def choose_half(label: str = "Digit") -> str:
    """The visitor's choice, "top" or "bottom"; it is in the link too."""
    return st.segmented_control(label, HALVES, default="top", required=True, key="half", bind="query-params")
