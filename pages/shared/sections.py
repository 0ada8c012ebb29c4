"""A page of several sections, of which the chosen one alone is computed."""

from collections.abc import Iterable

import streamlit as st

from pages.shared.one_of import one_of


def choose_section(sections: Iterable[str], key: str, label: str = "") -> str:
    """The heading that the visitor chooses; the choice is in the link, and outlives a visit to another page."""
    return one_of(
        st.pills,
        label or "Look at",
        list(sections),
        key,
        bind="query-params",
        persist_state="session",
        label_visibility="visible" if label else "collapsed",
    )
