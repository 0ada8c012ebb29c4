"""Convolution: a filter slides over a signal, a dot product at every step, and what is moved before is moved after."""

import streamlit as st

from pages.shared import parts
from pages.shared.sections import choose_section, show_section

SECTIONS = {  # heading → module of pages.theory.sections with a function `show()`
    "Slide": "slide",
    "Translate": "translate",
    "On a digit": "plane",
    "Two dice": "dice",
}

parts.style()
st.title("Convolution", anchor=False)
st.markdown(
    "To convolve is to slide a flipped filter $g$ over a signal $f$ and to take a dot product at every place. Moving "
    "either one moves the result by as much, and changes nothing else."
)
st.markdown(r"$(f * g)(n) = \sum_k f(k)\,g(n-k)$ &emsp; $(f(k+t) * g)(n) = (f * g)(n+t)$")
section = choose_section(SECTIONS, "convolution_section")
show_section(f"pages.theory.sections.{SECTIONS[section]}")
