"""Teaching as a lesson: what the network read in the last pair before and after, and where the credit went."""

import numpy as np
import streamlit as st

from core import teach
from core.model import forward
from core.model.forward import Weights
from core.model.networks import Network
from pages.shared import parts


def show(network: Network, before: Weights, course) -> None:
    """Show what the last pair of a course taught; `before` is the last layer as it was trained."""
    credit = teach.credit_of(network, before, course.layer, course.features, len(course.pairs) - 1)
    total = course.pairs[-1].sum
    names_digits = len(credit.before) == 2
    halves = [(f"{parts.half_name(half)} digit", parts.COLOURS[half]) for half in ("top", "bottom")]
    titles = halves if names_digits else [("Sum", parts.SUM_COLOUR)]
    for column, (title, colour), *rows in zip(
        st.columns(len(titles)), titles, credit.before, credit.after, credit.blame, strict=True
    ):
        old, new, blame = rows
        with column:
            parts.bars(f"{title} before", old, colour, low=True)
            parts.bars(f"{title} after", new, colour, low=True)
            _credit_bars(blame, colour)
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


def _credit_bars(blame, colour):
    """Bars of p − r, up or down from a line, on a scale of their own that is written beside them."""
    largest = max(float(np.abs(blame).max()), 1e-9)
    columns = "".join(
        f'<div title="{i}: {value:+.3f}"><i class="up" style="height:{max(0, value) / largest * 100:.1f}%;'
        f'background:{colour}"></i><i class="down" style="height:{max(0, -value) / largest * 100:.1f}%;'
        f'background:{colour}"></i><span>{i}</span></div>'
        for i, value in enumerate(blame)
    )
    more, less = int(blame.argmin()), int(blame.argmax())
    label = f"more of {more}, less of {less}; the longest bar is {forward.percent(largest, 1)}"
    formula = "p − r" if len(blame) == 10 else "P less the true sum"
    st.html(
        f"<p>{formula}, the longest bar {forward.percent(largest, 1)}</p>"
        f'<div class="credit" role="img" aria-label="{label}">{columns}</div>'
    )
