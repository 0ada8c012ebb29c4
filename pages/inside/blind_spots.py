"""Blind spots: four things that no training example taught the network."""

import streamlit as st

from pages.shared.one_of import one_of
from pages.shared.readings import run_name


def _twice(run, weights, subject):
    from pages.inside import twice

    twice.show(run, weights, subject)


def _blank(run, weights, subject):
    from pages.inside import blank

    blank.show(run, weights, subject)


def _attacked(run, weights, subject):
    from pages.inside import attacked

    attacked.show(run, weights, subject)


def _shifted(run, weights, subject):
    from pages.inside import shifted

    shifted.show(run, weights, subject)


# heading → what shows the section, which is imported when it is chosen
SPOTS = {
    "The same image twice": _twice,
    "A blank half": _blank,
    "One half attacked": _attacked,
    "The digit shifted": _shifted,
}


def show(run, weights, subject) -> None:
    spot = one_of(st.segmented_control, "Blind spot", list(SPOTS), "spot", bind="query-params")
    if not run.network.reads_pairs:
        st.caption(f"{run_name(run)} reads one digit: it reads both in turn, and their two distributions are added up.")
    SPOTS[spot](run, weights, subject)
