"""Signals drawn one above the other on one line of places, so that what stands in one column meets in one product."""

import html
from collections.abc import Callable
from dataclasses import dataclass
from math import isclose

import numpy as np
import streamlit as st

from pages.shared.text import number

BAR_PIXELS, WORD_PIXELS = 56, 24  # the tallest bar, and the line of the number over or under it
NARROWEST_PIXELS, WIDEST_PIXELS = 32, 92  # of a column; where there is less room, the whole scrolls in its box


@dataclass(frozen=True)
class Row:
    """A signal: `values` (n,) from place `start` on, in one colour. Where `strong` is given the other bars are pale."""

    label: str
    values: np.ndarray
    colour: str
    start: int = 0
    strong: range | None = None


def bar_rows(
    rows: list[Row], alt: str, band: range = range(0), write: Callable[[float], str] = lambda value: f"{value:g}"
) -> None:
    """Draw the rows over the same places, those of `band` shaded, in a row with strong bars these instead.

    `alt` says the whole in words, `write` makes a value a word.
    """
    positions = range(min(row.start for row in rows), max(row.start + len(row.values) for row in rows))
    drawn = "".join(_row(row, positions, band, write) for row in rows)
    numbers = "".join(f"<div>{number(position)}</div>" for position in positions)
    widths = f"min-width:{len(positions) * NARROWEST_PIXELS}px;max-width:{len(positions) * WIDEST_PIXELS}px"
    st.html(
        f'<div class="bar-rows" role="img" aria-label="{html.escape(alt)}" tabindex="0"><div style="{widths}">'
        f'{drawn}<div class="places">{numbers}</div></div></div>'
    )


def _row(row, positions, band, write):
    values = row.values.tolist()
    highest, lowest = max(*values, 0), min(*values, 0)
    unit = BAR_PIXELS / (highest - lowest or 1)
    base = WORD_PIXELS + highest * unit  # of the zero line under the row's top, in pixels
    height = WORD_PIXELS + BAR_PIXELS + (WORD_PIXELS if lowest < 0 else 0) + 3
    cells = []
    for position in positions:
        classes = "band" if position in (band if row.strong is None else row.strong) else ""
        inside = ""
        if row.start <= position < row.start + len(values):
            value = values[position - row.start]
            tall = max(abs(value) * unit, 2)
            if isclose(value, 0, abs_tol=1e-12):
                classes += " zero"
            elif row.strong is not None and position not in row.strong:
                classes += " pale"
            top = base if value < 0 else base - tall
            word = base + tall if value < 0 else base - tall - WORD_PIXELS
            inside = (
                f'<i style="top:{top:.1f}px;height:{tall:.1f}px;background:{row.colour}"></i>'
                f'<span style="top:{word:.1f}px">{number(write(value))}</span>'
            )
        cells.append(f'<div class="{classes}">{inside}</div>')
    return (
        f'<p><i style="background:{row.colour}"></i>{html.escape(row.label)}</p>'
        f'<div class="cells" style="height:{height}px">{"".join(cells)}</div>'
    )
