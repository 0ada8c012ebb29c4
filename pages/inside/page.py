"""See inside a network: what becomes of the digits just drawn on their way to the answer."""

import streamlit as st

from pages.shared import picker
from pages.shared.one_of import choose_section
from pages.shared.subject import choose_subject


def _layers(run, weights, subject):
    from pages.inside import layers

    layers.show(run, weights, subject)


def _taken_apart(run, weights, subject):
    from pages.inside import taken_apart

    taken_apart.show(run, weights, subject)


def _number_line(run, weights, subject):
    from pages.inside import number_line

    number_line.show(run, weights, subject)


def _commuting(run, weights, subject):
    from pages.inside import commuting

    commuting.show(run, weights, subject)


def _one_matrix(run, weights, subject):
    from pages.inside import one_matrix

    one_matrix.show(run, weights, subject)


def _blind_spots(run, weights, subject):
    from pages.inside import blind_spots

    blind_spots.show(run, weights, subject)


def _ambiguity(run, weights, subject):
    from pages.inside import ambiguity

    ambiguity.show(run, weights, subject)


def _occlusion(run, weights, subject):
    from pages.inside import occlusion

    occlusion.show(run, weights, subject)


# heading → what shows the section, which is imported when it is chosen
SECTIONS = {
    "The way through": _layers,
    "The sum, taken apart": _taken_apart,
    "The number line": _number_line,
    "Does it commute?": _commuting,
    "One matrix": _one_matrix,
    "Blind spots": _blind_spots,
    "Ambiguity": _ambiguity,
    "Where the ink must be": _occlusion,
}

st.title("Inside the network", anchor=False)
available = picker.loadable_or_stop()

left, right = st.columns(2, gap="large")
with left:
    run, result = picker.choose_run(available)
    st.caption(picker.run_description(run, result))
with right:
    subject = choose_subject()
weights = picker.weights_or_stop(run)

section = choose_section(SECTIONS, "section", "Look at")
st.header(section, anchor=False)
SECTIONS[section](run, weights, subject)
