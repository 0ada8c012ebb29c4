"""ReLU: a neuron that answers negatively to every example gets no gradient and never changes."""

import streamlit as st

from pages.shared.one_of import choose_section


def _neuron():
    from pages.theory.relu import neuron

    neuron.show()


def _dead_units():
    from pages.theory.relu import dead_units

    dead_units.show()


# heading → what shows the section, which is imported when it is chosen
SECTIONS = {
    "One neuron": _neuron,
    "Dead units of a network": _dead_units,
}

st.title("ReLU", anchor=False)
st.markdown(
    "A ReLU lets through what is positive and answers 0 to the rest. Where its input is negative its derivative is 0, "
    "so an example there teaches the neuron nothing. If every example lies there, the neuron never changes again: it "
    "is *dead*."
)
st.markdown(
    r"$${\operatorname{ReLU}(z) = \max(0, z)}$$ &emsp; $${f * I + b < 0} \;\Rightarrow\; "
    r"{\frac{\partial}{\partial f}\operatorname{ReLU}(f * I + b)} = "
    r"{\frac{\partial}{\partial b}\operatorname{ReLU}(f * I + b)} = 0$$"
)
section = choose_section(SECTIONS, "relu_section")
SECTIONS[section]()
