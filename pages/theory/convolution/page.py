"""Convolution: a filter slides over a signal, a dot product at every step, and what is moved before is moved after."""

import streamlit as st

from pages.shared.one_of import choose_section


def _slide():
    from pages.theory.convolution import slide

    slide.show()


def _translate():
    from pages.theory.convolution import translate

    translate.show()


def _plane():
    from pages.theory.convolution import plane

    plane.show()


def _dice():
    from pages.theory.convolution import dice

    dice.show()


# heading → what shows the section, which is imported when it is chosen
SECTIONS = {
    "Slide": _slide,
    "Translate": _translate,
    "On a digit": _plane,
    "Two dice": _dice,
}

st.title("Convolution", anchor=False)
st.markdown(
    "To convolve is to slide a flipped filter $g$ over a signal $f$ and to take a dot product at every place. Moving "
    "either one moves the result by as much, and changes nothing else."
)
st.markdown(r"$(f * g)(n) = \sum_k f(k)\,g(n-k)$ &emsp; $(f(k+t) * g)(n) = (f * g)(n+t)$")
section = choose_section(SECTIONS, "convolution_section")
SECTIONS[section]()
