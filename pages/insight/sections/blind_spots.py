"""Blind spots: four things that no training example taught the network."""

import importlib

import streamlit as st

from pages.shared import judging
from pages.shared.one_of import one_of

SPOTS = {  # name → module of pages.insight.blind with a function `show(run, weights, subject)`
    "The same image twice": "twice",
    "A blank half": "blank",
    "One half attacked": "attacked",
    "The digit shifted": "shifted",
}


def show(run, weights, subject) -> None:
    spot = one_of(st.segmented_control, "Blind spot", list(SPOTS), "spot", bind="query-params")
    if not run.network.reads_pairs:
        st.caption(
            f"{judging.name(run)} reads one digit: it reads both in turn, and their two distributions are added up."
        )
    importlib.import_module(f"pages.insight.blind.{SPOTS[spot]}").show(run, weights, subject)
