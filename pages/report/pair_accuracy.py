"""Accuracy for each pair of digits, as a map."""

import streamlit as st

from core.runs import results, store
from pages.shared import tables
from pages.shared.tables import Cell


def pairs_map(name: str) -> None:
    """Accuracy for each pair of digits, as a 10×10 map of a run's result; the pairs it never met are framed."""
    try:
        run = store.read(store.ROOT / name)
    except store.RunError:
        st.caption("Not measured yet: run the experiment.")
        return
    cells = (results.read(run) or {}).get("pair_accuracy")
    if not cells:
        st.caption("Not measured yet: run the experiment.")
        return
    met = run.recipe.met

    def cell(top, bottom):
        share = cells[top][bottom]
        word = "–" if share is None else f"{share:.2f}".removeprefix("0") if share < 1 else "1"
        shade = 0 if share is None else (1 - share) ** 0.5
        return Cell(word, f"{top} + {bottom}", shade, "214,61,81", "" if met[top, bottom] else "unmet")

    st.html(tables.of_digits(cell))
    st.caption(f"{run.recipe.network}: accuracy by top digit (rows) and bottom digit. Framed: never met in training.")
