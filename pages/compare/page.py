"""Compare runs: their curves, what sets them apart, what they reach, and what to keep of them."""

import streamlit as st

from core.runs import comparison, store, trash
from pages.compare import choosing, comparing, managing
from pages.shared.reached import reached
from pages.shared.text import plain

st.title("Compare runs")
entries = comparison.entries()
if not entries:
    st.info("No runs yet. Train a network on the Train page, or bring weights.")
    managing.said()
    managing.upload()
    managing.deleted()
    st.stop()

chosen = choosing.choose(entries)
if chosen:
    comparing.overlay(chosen)
    st.subheader("What differs")
    comparing.recipes(chosen)
else:
    st.info("Choose runs in the table's first column to see their curves and what sets them apart.")
if faults := store.unreadable():
    shown = faults[:3] + [f"And {len(faults) - 3:,} more."] * (len(faults) > 3)
    st.caption(plain(f"Not listed, as they cannot be read: {' '.join(shown)}"))

st.subheader("Accuracy against parameters")
reached(entries, chosen)

st.subheader("Name, download, delete")
managing.said()
left, right = st.columns(2, gap="large")
with left:
    if chosen:
        by_name = {entry.name: entry for entry in chosen}
        name = st.selectbox("Run", list(by_name), format_func=lambda name: by_name[name].shown, key="kept")
        managing.card(by_name[name])
    else:
        st.write("Choose a run to name it, note something, star it, download or delete it.")
with right:
    with st.expander("Bring weights"):
        managing.upload()
    if trash.discarded():
        with st.expander("Deleted runs"):
            managing.deleted()
