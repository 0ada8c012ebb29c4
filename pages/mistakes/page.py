"""Where a network is wrong: what it takes for what, how sure it is then, and whether another one is better."""

import streamlit as st

from core.runs import store
from pages.shared import picker
from pages.shared.one_of import choose_section
from pages.shared.readings import headline, readings_of


def _confusions(run, readings, available):
    from pages.mistakes import confusions

    confusions.show(run, readings, available)


def _accuracies(run, readings, available):
    from pages.mistakes import accuracies

    accuracies.show(run, readings, available)


def _calibrated(run, readings, available):
    from pages.mistakes import calibrated

    calibrated.show(run, readings, available)


def _two_networks(run, readings, available):
    from pages.mistakes import two_networks

    two_networks.show(run, readings, available)


# heading → what shows the section, which is imported when it is chosen
SECTIONS = {
    "What it takes for what": _confusions,
    "Accuracy": _accuracies,
    "Is it as sure as it is right?": _calibrated,
    "Two networks": _two_networks,
}

st.title("Mistakes", anchor=False)
available = picker.loadable_or_stop()

left, right = st.columns(2, gap="large")
with left:
    run, result = picker.choose_run(available)
    st.caption(picker.run_description(run, result))
    try:
        readings = readings_of(run)
    except store.RunError as error:
        picker.stop_unloadable(error)
with right:
    headline(run, readings)

section = choose_section(SECTIONS, "mistakes", "Look at")
SECTIONS[section](run, readings, available)
