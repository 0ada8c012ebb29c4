"""A row of options of which one is always chosen, whatever a link or a message of the browser says."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import streamlit as st

T = TypeVar("T")


def one_of(control: Callable, label: str, options: Sequence[T], key: str, default: T | None = None, **settings) -> T:
    """Return the option chosen in `control`, st.pills or st.segmented_control; at first the default, or else the first.

    Streamlit's `required` keeps a visitor from unchoosing, but lets an empty value in the link (`?half=`) or in a
    forged message through. Then the default is chosen, and shown as chosen.
    """
    default = options[0] if default is None else default
    emptied = key in st.session_state and st.session_state[key] is None
    if emptied:
        st.session_state[key] = default
    chosen = control(label, options, default=None if emptied else default, key=key, required=True, **settings)
    if chosen is None:
        st.rerun()  # now that the session has the key, its value can be set
    return chosen


def choose_section(sections: Iterable[str], key: str, label: str = "") -> str:
    """Let the visitor choose a heading; the choice is in the link, and outlives a visit to another page."""
    return one_of(
        st.pills,
        label or "Look at",
        list(sections),
        key,
        bind="query-params",
        persist_state="session",
        label_visibility="visible" if label else "collapsed",
    )
