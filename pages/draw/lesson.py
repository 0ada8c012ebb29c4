"""Teaching as a lesson: what the network read in a taught pair before and after, and where the credit went."""

import streamlit as st

from core.credit import Credit
from pages.shared import answer, pictures
from pages.shared.colours import COLOURS, SUM_COLOUR


def show(credit: Credit, total: int) -> None:
    """Show what a pair taught, whose sum was told as `total`."""
    names_digits = len(credit.before) == 2
    if names_digits:
        titles = [(f"{answer.half_name(half)} digit", COLOURS[half]) for half in ("top", "bottom")]
    else:
        titles = [("Sum", SUM_COLOUR)]
    for column, (title, colour), before, after, blame in zip(
        st.columns(len(titles)), titles, credit.before, credit.after, credit.blame, strict=True
    ):
        with column:
            answer.bars(f"{title} before", before, colour, low=True)
            answer.bars(f"{title} after", after, colour, low=True)
            formula = "p − r" if names_digits else "P less the true sum"
            st.html(pictures.signed_bars(formula, blame, [str(i) for i in range(len(blame))]))
    if names_digits:
        st.caption(
            f"p is what the network read in each half by itself, r what it must have been once the sum, {total}, is "
            "known: r(d) = p(d)·q(s−d) / P(s). Bars below the line (r larger) are digits that it shall read more "
            "often in such ink, bars above the line less often. No digit was ever named: the sum alone says so."
        )
    else:
        st.caption(
            f"This network names no digits. P is what it read; the sum that was told, {total}, lacks what the others "
            "have too much of. Bars below the line become more probable, bars above it less."
        )
