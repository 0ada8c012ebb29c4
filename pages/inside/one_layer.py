"""One layer: its maps to choose from, and what one value of a map sees of the digit; or its units."""

import numpy as np
import streamlit as st

from core.insight.layer_outputs import Stage
from core.insight.receptive_field import receptive_field
from core.model.layers import ReLU
from core.model.networks import SIDE
from core.model.operations import SUMS
from pages.shared import pictures
from pages.shared.colours import COLOURS
from pages.shared.one_of import one_of
from pages.shared.text import number

FIRST = 16  # maps shown before "All" is asked for
MARK = "#d43d51"


def map_url(stage: Stage, channel: int, largest: float) -> str:
    """A map as a picture, in grey where no map of the layer has a negative value."""
    values = stage.output[..., channel]
    return pictures.grey_url(values, largest) if stage.output.min() >= 0 else pictures.signed_url(values, largest)


def show_units(stage: Stage) -> None:
    """How many units are active, and the values of the most active ones, or of all where they are classes."""
    units = stage.output
    sentence = f"<b>{(units > 0).sum():,}</b> of {len(units):,} units are above 0"
    if stage.step.layer == ReLU():
        sentence += f"; the ReLU has set the other {(units <= 0).sum():,} to 0"
    st.html(f'<p class="fact">{sentence}.</p>')
    if len(units) <= SUMS:
        order = names = np.arange(len(units))
        title = "The value of each unit"
    else:
        order = stage.most_active[:SUMS]
        title, names = f"The {SUMS} most active units, by number", order + 1
    st.html(pictures.signed_bars(title, units[order], [str(name) for name in names]))
    read = "both digits" if stage.together else f"all {SIDE}×{SIDE} pixels of the digit"
    st.caption(f"Every unit here sees {read}: from the first FC layer on there are no places any more.")


def show_maps(stage: Stage, digit: np.ndarray, half: str, name: str) -> None:
    """The layer's maps with their filters; of the chosen one its receptive field on the digit. `name` is for keys."""
    channel = _choose_map(stage, name)
    values = stage.output[..., channel]
    height, width = values.shape
    row, column = _choose_position(values, stage.strongest(channel), f"{name}_{channel}")
    field = receptive_field(stage.steps, row, column)
    seen = field.within(SIDE, SIDE)
    box = (seen.top, seen.left, seen.height, seen.width)
    outside = "" if field == seen else f" Of these, {seen.height}×{seen.width} are inside the picture."
    st.html(
        f'<p class="fact">Map {channel + 1} is <b>{number(values[row, column], ".3f")}</b> at row {row + 1}, column '
        f"{column + 1}, and sees <b>{field.height}×{field.width}</b> pixels of the digit.{outside}</p>"
    )
    picture = map_url(stage, channel, float(np.abs(values).max()))
    part = digit[seen.top : seen.bottom + 1, seen.left : seen.right + 1]
    weights, heaviest = stage.filter_of(channel)
    where = f" on input map {heaviest + 1}" if stage.filters is not None and stage.filters.shape[2] > 1 else ""
    at = f"row {row + 1}, column {column + 1}"
    figures = [
        pictures.framed(picture, height, (row, column, 1, 1), MARK, f"map {channel + 1} with {at} marked", "the map"),
        pictures.framed(pictures.grey_url(digit, 255), SIDE, box, COLOURS[half], "its receptive field", "what it sees"),
        pictures.figure(pictures.grey_url(part, 255), "the pixels in the frame", "the pixels in the frame", "large"),
        pictures.figure(pictures.signed_url(weights), "the filter behind the map", f"its filter{where}", "large"),
    ]
    st.html(pictures.row(figures))


def _choose_map(stage, name):
    count = stage.output.shape[2]
    every = count <= FIRST or st.toggle(f"All {count} maps", key="all_maps")
    channels = [int(channel) for channel in (stage.most_active if every else stage.most_active[:FIRST])]
    largest = float(np.abs(stage.output).max())

    def label(channel):
        weights, _ = stage.filter_of(channel)
        return f"![filter]({pictures.signed_url(weights)}) ![map {channel + 1}]({map_url(stage, channel, largest)})"

    chosen = one_of(
        st.pills, "Filter and map, the most active first. Choose one.", channels, f"map_of_{name}", format_func=label
    )
    deeper = "" if stage.filters.shape[2] == 1 else " Each is shown on the input map that it weighs most (Σ w²)."
    st.caption(f"Filters: green adds, magenta takes away, each up to its own largest weight.{deeper}")
    if stage.output.min() < 0:
        st.html(pictures.legend(largest))
    return chosen


def _choose_position(values, strongest, name):
    height, width = values.shape
    with st.container(horizontal=True):
        row = st.slider("Row", 1, height, strongest[0] + 1, key=f"row_{name}", width=300)
        column = st.slider("Column", 1, width, strongest[1] + 1, key=f"column_{name}", width=300)
    return row - 1, column - 1
