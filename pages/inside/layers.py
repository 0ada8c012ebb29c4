"""What each layer makes of the digit: its maps, the filters beside them, and what a value can see."""

import hashlib

import numpy as np
import streamlit as st

from core.insight.layer_outputs import layer_outputs
from pages.inside import one_layer
from pages.inside.halves import choose_half
from pages.shared import pictures
from pages.shared.one_of import one_of

IN_A_ROW = 12  # maps
UNITS_IN_A_ROW = 64


def show(run, weights, subject) -> None:
    half = choose_half()
    digit = subject.digit(half)
    stages = layer_outputs(run.network, weights, subject.top, subject.bottom, half)
    st.write(
        "From top to bottom: what each layer makes of this digit. A map answers, place by place, how well a small "
        "filter fits there. The most active maps come first, by their mean |value|."
    )
    st.html(f'<ol class="way">{"".join(_line(i, stage) for i, stage in enumerate(stages))}</ol>')
    st.subheader("One layer, close up", anchor=False)
    index = one_of(
        st.pills,
        "Layer",
        range(len(stages)),
        f"layer_of_{run.network.name}",
        format_func=lambda i: f"{i + 1} {stages[i].step.label}",
    )
    if not stages[index].is_maps:
        one_layer.show_units(stages[index])
        return
    # widgets of their own for each digit: its pictures are their labels
    name = f"{run.name}_{index}_{half}_{hashlib.sha256(digit.tobytes()).hexdigest()[:8]}"
    one_layer.show_maps(stages[index], digit, half, name)


def _line(i, stage):
    shape = "×".join(str(size) for size in stage.output.shape)
    order = stage.most_active[:IN_A_ROW]
    if stage.is_maps:
        largest = float(np.abs(stage.output).max())
        figures = [pictures.figure(one_layer.map_url(stage, c, largest), f"map {c + 1}", kind="small") for c in order]
        rest = stage.output.shape[2] - len(order)
        seen = pictures.row(figures + ([f"<span>+ {rest} more</span>"] if rest > 0 else []), scrolls=True)
    else:
        seen = pictures.figure(_strip(stage), f"{len(stage.output)} units, one square each", kind="units")
    return f"<li><div>{i + 1} <b>{stage.step.label}</b><span>{shape}</span></div>{seen}</li>"


def _strip(stage):
    """All units in rows of 64, or in one row where they are few."""
    units = stage.output
    wide = UNITS_IN_A_ROW if len(units) % UNITS_IN_A_ROW == 0 else len(units)
    return pictures.url(units.reshape(-1, wide))
