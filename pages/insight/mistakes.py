"""Where a network is wrong: what it takes for what, how sure it is then, and whether another one is better."""

import streamlit as st

from core.runs import store
from pages.shared import judging, parts
from pages.shared.sections import choose_section, show_section

SECTIONS = {  # heading → module of pages.insight.sections with a function `show(run, readings, available)`
    "What it takes for what": "confusions",
    "Accuracy": "accuracies",
    "Is it as sure as it is right?": "calibrated",
    "Two networks": "two_networks",
}

parts.style()
st.title("Mistakes", anchor=False)
available = parts.loadable_or_stop()

left, right = st.columns(2, gap="large")
with left:
    run, result = parts.choose_run(available)
    st.caption(parts.run_description(run, result))
    try:
        readings = judging.readings_of(run)
    except store.RunError as error:
        parts.stop_unloadable(error)
with right:
    judging.headline(run, readings)

section = choose_section(SECTIONS, "mistakes", "Look at")
show_section(f"pages.insight.sections.{SECTIONS[section]}", run, readings, available)
