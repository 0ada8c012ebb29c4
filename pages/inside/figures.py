"""Numbers that stand beside a picture: a few large ones in a row, or a small table. Plain HTML, which costs little."""

import html

import streamlit as st

from pages.shared import cached, tables
from pages.shared.text import plain


def numbers(*entries: tuple[str, str]) -> None:
    """Large numbers in a row, each with what it is in words below: (number, caption)."""
    cells = "".join(
        f"<div><b>{html.escape(number)}</b> <span>{html.escape(caption)}</span></div>" for number, caption in entries
    )
    st.html(f'<div class="large-numbers">{cells}</div>')


def table(head: list[str], rows: list[list[str]]) -> None:
    """A table whose first column names its rows; it scrolls in its own box where it is too wide."""
    head, *rows = ([html.escape(cell) for cell in row] for row in (head, *rows))
    st.html(tables.facts(head, rows, kind="figures"))


def order(digits: tuple[int, ...]) -> None:
    """Digits in a row, large."""
    st.html(f'<p class="order">{" ".join(map(str, digits))}</p>')


def offer_network(network: str) -> None:
    """A button that shows the best run of another network instead, if there is one."""
    of_network = [run for run, _ in cached.loadable_runs() if run.recipe.network == network]
    if of_network:
        best = of_network[0]
        label = f"Show {plain(cached.shown(best))} instead"
        st.button(label, on_click=_choose, args=(best.name,), key=f"offer_{network}")


def _choose(name):
    st.session_state["run"] = name
