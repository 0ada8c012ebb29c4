"""See inside a network: what becomes of the digits just drawn on their way to the answer."""

import streamlit as st

from pages.shared import parts
from pages.shared.sections import choose_section, show_section
from pages.shared.subject import choose_subject

SECTIONS = {  # heading → module of pages.insight.sections with a function `show(run, weights, subject)`
    "The way through": "way",
    "The sum, taken apart": "taken_apart",
    "The number line": "number_line",
    "Does it commute?": "commuting",
    "One matrix": "one_matrix",
    "Blind spots": "blind_spots",
    "Ambiguity": "ambiguity",
    "Where the ink must be": "occlusion",
}

parts.style()
st.title("Inside the network", anchor=False)
available = parts.loadable_or_stop()

left, right = st.columns(2, gap="large")
with left:
    run, result = parts.choose_run(available)
    st.caption(parts.run_description(run, result))
with right:
    subject = choose_subject()
weights = parts.weights_or_stop(run)

section = choose_section(SECTIONS, "section", "Look at")
st.header(section, anchor=False)
show_section(f"pages.insight.sections.{SECTIONS[section]}", run, weights, subject)
