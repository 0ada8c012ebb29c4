"""The digit shifted by pixels: what the network answers, and at which layer the shift stops being a shift."""

import html

import numpy as np
import streamlit as st
from PIL import ImageColor

from core.insight.shift import FARTHEST, LayerShift, Shifts, answers_to_shifts, layer_shifts, shifted
from core.model import forward
from core.model.networks import SIDE
from core.runs.store import Run
from pages.inside.halves import choose_half
from pages.shared import answer, pictures, tables
from pages.shared.cached import cached, weights_of
from pages.shared.colours import NEGATIVE, POSITIVE
from pages.shared.tables import Cell
from pages.shared.text import number


def show(run, weights, subject) -> None:
    half = choose_half("Shifted digit")
    shifts = _shifts(run, subject.top, subject.bottom, half)
    at_rest = int(shifts.sums[FARTHEST, FARTHEST])
    same = shifts.sums == at_rest
    st.html(
        f'<p class="fact">Of {same.size} places within {FARTHEST} pixels, <b>{same.sum()}</b> keep the answer '
        f"{at_rest}.</p>"
    )
    st.write(
        "A person reads a shifted digit as the same digit. MNIST's digits lie in the middle of the picture, and an FC "
        "layer learns weights of its own for every place."
    )
    with st.container(horizontal=True):
        right = st.slider("Pixels to the right", -FARTHEST, FARTHEST, 1, key="right", bind="query-params", width=300)
        down = st.slider("Pixels down", -FARTHEST, FARTHEST, 0, key="down", bind="query-params", width=300)
    left, middle = st.columns([3, 2], gap="large")
    with left:
        st.html(_table(shifts, at_rest, right, down))
        st.caption("The answer at each shift: right is to the right, down is below; green keeps the answer.")
    with middle:
        image = shifted(subject.digit(half), right, down)
        pair = {"top": subject.top, "bottom": subject.bottom} | {half: image}
        prediction = forward.predict(run.network, weights, **pair)
        st.html(
            pictures.row(
                [pictures.figure(pictures.grey_url(image, 255), "the shifted digit", "the shifted digit", "large")]
            )
        )
        lost = shifts.lost[down + FARTHEST, right + FARTHEST]
        cut = f" {lost:.0%} of the ink left the picture." if lost else ""
        answer.show("The sum is", f"{prediction.reading}{cut}", prediction.sum)
    _show_layers(layer_shifts(run.network, weights, subject.top, subject.bottom, half, right, down), right, down)


def _show_layers(layers: list[LayerShift], right, down):
    st.subheader("Where the shift stops being a shift", anchor=False)
    stops = next((i for i, layer in enumerate(layers) if not layer.is_shift), len(layers))
    if (right, down) == (0, 0):
        st.write("Nothing is shifted yet. Move one of the sliders.")
        return
    layer = layers[stops]
    if layer.right is None:
        why = "It has no places any more, and each of its units looks at every pixel with weights of its own."
    elif "pool" in layer.label:
        why = "It makes one value of each 2×2, and its map cannot move by half a place."
    else:
        why = "Too near the edge: what the padding changed has come in."
    st.html(
        f'<p class="fact">Up to layer {stops} the output moves with the digit, and changes in no other way. At layer '
        f"<b>{stops + 1}</b>, {html.escape(layer.label)}, that ends.</p>"
    )
    st.write(why if layer.right is None else f"{why} An FC layer ends it for every shift.")
    heads = ("layer", "moves by", "error inside", "with the edge")
    st.html(tables.facts(heads, [_row(i, layer) for i, layer in enumerate(layers)], kind="moves", marked=stops))
    st.caption(
        "The error is the difference from the output at rest, moved: |moved − expected| / |expected|. Inside are the "
        f"places that see nothing but the {SIDE}×{SIDE} pixels; at the edge padding is in sight, which does not move."
    )


def _row(i, layer):
    moves = "no places" if layer.right is None else number(f"{layer.right}, {layer.down}")
    inside = "" if layer.right is None else "none left" if layer.inside is None else _percent(layer.inside)
    return f"{i + 1} {html.escape(layer.label)}", moves, inside, _percent(layer.error)


def _percent(error):
    return "0" if error == 0 else number(error, ".1%" if error >= 1e-3 else ".0e")


@cached(max_entries=32)
def _shifts(run: Run, top: np.ndarray, bottom: np.ndarray, half: str) -> Shifts:
    return answers_to_shifts(run.network, weights_of(run), top, bottom, half)


def _table(shifts: Shifts, at_rest: int, right: int, down: int) -> str:
    moves = range(-FARTHEST, FARTHEST + 1)
    names = list(map(number, moves))

    def cell(i, j):
        x, y = moves[j], moves[i]
        colour = POSITIVE if shifts.sums[i, j] == at_rest else NEGATIVE
        title = f"{x} to the right, {y} down: {shifts.sums[i, j]}, {forward.percent(shifts.certainty[i, j])} sure"
        rgb = ",".join(map(str, ImageColor.getrgb(colour)))
        return Cell(shifts.sums[i, j], title, 0.38, rgb, "framed" if (x, y) == (right, down) else "")

    rows = [(name, [cell(i, j) for j in range(len(moves))]) for i, name in enumerate(names)]
    return tables.grid(names, rows)
