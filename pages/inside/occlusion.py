"""Occlusion maps: where must the ink be, and where must there be none?"""

import numpy as np
import streamlit as st

from core.insight.occlusion import Occlusion, occlusion, patched
from core.model import forward
from core.model.networks import SIDE
from core.runs.store import Run
from pages.shared import pictures
from pages.shared.cached import cached, weights_of
from pages.shared.colours import COLOURS
from pages.shared.drawings import HALVES
from pages.shared.one_of import one_of

PATCHES = {"erase": 0, "grey": 128, "ink": 255}
SAID = {
    "erase": "A blank patch takes ink away: where the answer falls, the ink must be.",
    "grey": "A grey patch hides what is there, ink or none.",
    "ink": "An inked patch adds a blot: where the answer falls, there must be no ink.",
}


def show(run, weights, subject) -> None:
    before = forward.predict(run.network, weights, subject.top, subject.bottom)
    with st.container(horizontal=True):
        patch = one_of(st.segmented_control, "Patch", list(PATCHES), "patch", default="erase", bind="query-params")
        size = st.slider("Size of the patch in pixels", 3, 9, 5, key="patch_size", bind="query-params", width=300)
        step = 1 if st.toggle("Every pixel, not every second", key="every_pixel") else 2
    st.write(f"{SAID[patch]} The patch visits every place of one digit while the other stays whole.")
    occlusion_maps = [_occlusion(run, subject.top, subject.bottom, half, size, PATCHES[patch], step) for half in HALVES]
    p = before.sum_probabilities.max()
    largest = max(0.01, *(float(np.abs(of_half.drop).max()) for of_half in occlusion_maps))
    for column, of_half in zip(st.columns(2, gap="large"), occlusion_maps, strict=True):
        with column:
            _show_half(of_half, subject, patch, before.sum, p, largest)
    st.html(pictures.legend(largest, " of probability"))
    st.caption(
        f"Magenta: a patch here lowers the probability of {before.sum}; green: it raises it. Each pixel shows the mean "
        "over all patches that cover it."
    )


@cached(max_entries=32)
def _occlusion(
    run: Run, top: np.ndarray, bottom: np.ndarray, half: str, size: int, grey: int, stride: int
) -> Occlusion:
    return occlusion(run.network, weights_of(run), top, bottom, half, size, grey, stride)


def _show_half(occlusion_map, subject, patch, answered, p, largest):
    digit = subject.digit(occlusion_map.half)
    row, column = occlusion_map.worst
    worst, changes = float(occlusion_map.drop.max()), int((occlusion_map.sums != answered).sum())
    there = int(occlusion_map.sums.flat[occlusion_map.drop.argmax()])
    colour = COLOURS[occlusion_map.half]
    st.subheader(f"{occlusion_map.half.capitalize()} digit", anchor=False)
    before, after = forward.percent(p, 1), forward.percent(p - worst, 1)
    if before == after:
        falls = f"hardly changes: it stays at {before}"
    else:
        falls = f"falls from {before} to <b>{after}</b>" if worst > 0 else f"never falls from {before}"
    st.html(
        f'<p class="fact">At the worst place P({answered}) {falls}. At <b>{changes}</b> of '
        f"{occlusion_map.drop.size} places the sum is another one.</p>"
    )
    mixed = pictures.overlay_url(digit, -occlusion_map.pixels(), largest)
    image = patched(digit, row, column, occlusion_map.size, PATCHES[patch])
    top, left = max(row, 0), max(column, 0)
    box = (top, left, min(row + occlusion_map.size, SIDE) - top, min(column + occlusion_map.size, SIDE) - left)
    st.html(
        pictures.row(
            [
                pictures.figure(
                    mixed, f"occlusion map over the {occlusion_map.half} digit", "where it matters", "large"
                ),
                pictures.framed(
                    pictures.grey_url(image, 255), SIDE, box, colour, "the worst place", f"the worst place: sum {there}"
                ),
            ]
        )
    )
