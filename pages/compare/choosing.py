"""Choosing runs: a table with a filter, and a list of names that carries the choice into the link."""

import datetime

import streamlit as st

from core.model.networks import NETWORKS
from core.runs import comparison
from core.runs.comparison import Entry
from pages.shared import charts
from pages.shared.one_of import one_of
from pages.shared.text import plain

CHOSEN, TABLE, LISTED = "runs", "table_of_runs", "listed_runs"  # keys of the session; CHOSEN is in the link
# columns that give way where all listed runs have one value; what the caption says of that value
YIELDING = {"★": "", "title": "", "status": "{}", "data": "trained on {}"}
LETTER_PIXELS = 7  # of the table's letters, on the average


def filters(entries: list[Entry]) -> list[Entry]:
    """The runs that the visitor's filter lets through; the filter is in the link."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search_text = st.text_input(
            "Search", key="search", bind="query-params", placeholder="name, title, note", width=220
        )
        networks = st.multiselect("Networks", list(NETWORKS), key="networks", bind="query-params", width=320)
        kind = one_of(st.segmented_control, "Show", comparison.KINDS, "kind", default="all", bind="query-params")
    return [entry for entry in entries if comparison.matches(entry, search_text, networks, kind)]


def choose(entries: list[Entry]) -> list[Entry]:
    """The runs chosen to be compared, in the table or by name, in the order of choosing. The choice is in the link."""
    by_name = {entry.name: entry for entry in entries}
    if CHOSEN not in st.session_state:
        linked = {reference: comparison.asked(reference, by_name) for reference in st.query_params.get_all(CHOSEN)}
        st.session_state[CHOSEN] = list(dict.fromkeys(name for name in linked.values() if name))
        if absent := [reference for reference, name in linked.items() if name is None]:
            quoted = ", ".join(f"'{plain(reference[:60])}'" for reference in absent[:5])
            st.warning(f"Not here: {quoted}. Choose other runs.")
    else:
        st.session_state[CHOSEN] = [name for name in st.session_state[CHOSEN] if name in by_name]
    listed = filters(entries)
    table_container = st.container()
    names = st.multiselect(
        "Compare",
        list(by_name),
        format_func=lambda name: by_name[name].shown,
        key=CHOSEN,
        bind="query-params",
        placeholder="Choose runs here, or in the table's first column",
    )
    with table_container:
        _table(listed, names)
    return [by_name[name] for name in names]


def _table(listed, chosen):
    if not listed:
        st.info("No run fits this search. Clear the search, or choose All.")
        return
    names = [entry.name for entry in listed]
    rows = [i for i, name in enumerate(names) if name in chosen]
    state = st.session_state.get(TABLE)
    if names != st.session_state.get(LISTED) or state is None or sorted(state["selection"]["rows"]) != rows:
        st.session_state[TABLE] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    st.session_state[LISTED] = names
    columns, common = _apart(_columns(listed))
    st.dataframe(
        charts.table(columns),
        key=TABLE,
        on_select=_take_rows,
        selection_mode="multi-row",
        hide_index=True,
        placeholder="",
        height=min(38 + 35 * len(listed), 388),
        column_config={
            "★": st.column_config.TextColumn(width=30),
            "run": st.column_config.TextColumn(width=_width(entry.name for entry in listed)),
            "title": st.column_config.TextColumn(width=_width(entry.label.title for entry in listed)),
            "parameters": st.column_config.NumberColumn(format="localized"),
            "steps": st.column_config.NumberColumn(format="localized"),
            "created": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
        alt="All runs; choose rows to compare them.",
    )
    if common:
        st.caption(plain(f"All of these runs: {', '.join(common)}."))


def _width(texts):
    """Pixels that the longest of some words needs in the table, within what a title may have."""
    return 60 + LETTER_PIXELS * min(60, max(map(len, texts)))


def _take_rows():
    """What was chosen in the table joins what was chosen before and is not listed now."""
    listed, chosen = st.session_state[LISTED], st.session_state.get(CHOSEN, [])
    rows = {listed[i] for i in st.session_state[TABLE]["selection"]["rows"] if i < len(listed)}
    kept = [name for name in chosen if name in rows or name not in listed]
    st.session_state[CHOSEN] = kept + [name for name in listed if name in rows and name not in kept]


def _columns(listed):
    trained = [entry.run.is_by_recipe for entry in listed]
    examples = ["all" if entry.run.recipe.examples is None else f"{entry.run.recipe.examples:,}" for entry in listed]
    return {
        "★": ["★" if entry.label.star else "" for entry in listed],
        "run": [entry.name for entry in listed],
        "accuracy": [entry.measured for entry in listed],
        "title": [entry.label.title for entry in listed],
        "network": [entry.kind for entry in listed],
        "parameters": [entry.run.network.parameters for entry in listed],
        "examples": [text if known else "" for text, known in zip(examples, trained, strict=True)],
        "steps": [e.run.recipe.steps if known else None for e, known in zip(listed, trained, strict=True)],
        "status": [str(entry.status) for entry in listed],
        "data": [entry.run.data for entry in listed],
        "created": [_time(entry.run.created) for entry in listed],
    }


def _apart(columns):
    """Leave out columns that tell no two of the listed runs apart, and say what the runs have in common in them.

    Of one run alone nothing gives way, save what is empty.
    """
    values = {name: set(columns[name]) for name in YIELDING}
    equal = {name for name, found in values.items() if len(found) == 1 and (len(columns["run"]) > 1 or found == {""})}
    common = [YIELDING[name].format(*values[name]) for name in YIELDING if name in equal and YIELDING[name]]
    return {name: column for name, column in columns.items() if name not in equal}, common


def _time(created):
    """A time for the table's own sort; nothing where a run.json of another hand has no time."""
    try:
        return datetime.datetime.fromisoformat(created)
    except ValueError:
        return None
