"""The same in the plane: move a digit, and a convolution's map moves with it; a pooled map does so only nearly."""

import numpy as np
import streamlit as st

from core.model.layers import Convolution
from core.model.networks import Network
from core.theory import convolution
from core.theory.convolution import Moves
from pages.shared import cached, picker, tables
from pages.shared.one_of import one_of
from pages.shared.subject import choose_subject
from pages.shared.text import number, rounded
from pages.theory.convolution.map_figure import map_figure

MOST = 4  # pixels that the digit can be moved: MNIST's margin
BY_HAND = {
    "Upright edge": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "Level edge": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "Blur": [[1, 2, 1], [2, 4, 2], [1, 2, 1]],
}
LEARNED = "Of a network"


def show() -> None:
    left, right = st.columns(2, gap="large")
    with left:
        subject = choose_subject()
    with right:
        kinds = [*BY_HAND, LEARNED]
        kind = one_of(
            st.pills,
            "Filter",
            kinds,
            "plane_filter",
            default="Upright edge",
            bind="query-params",
            persist_state="session",
        )
        kernel = np.array(BY_HAND[kind]) if kind in BY_HAND else _learned()
        if kernel is None:
            return
    left, right = st.columns(2, gap="large")
    with left:
        dx = st.slider(
            "Move to the right, in pixels", -MOST, MOST, 1, key="move_x", bind="query-params", persist_state="session"
        )
        dy = st.slider(
            "Move down, in pixels", -MOST, MOST, 0, key="move_y", bind="query-params", persist_state="session"
        )
    with right:
        _digit_and_filter(subject.top, kernel, dx, dy)

    # whole numbers stay whole with a filter made by hand; a network reads 0 … 1
    image = subject.top.astype(int) if kind in BY_HAND else subject.top.astype(np.float32) / 255
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**After the convolution** the map moves with the digit.")
        _compare(convolution.move_convolved(image, kernel, dx, dy), "filtered")
    with right:
        exact = "with it, for the move is even" if dx % 2 == dy % 2 == 0 else "only nearly with it, for the move is odd"
        st.markdown(f"**After 2×2 max pooling** it moves {exact}.")
        _compare(convolution.move_pooled(image, kernel, dx, dy), "filtered and pooled")
    _every_move(image, kernel, dx)
    st.write(
        "A pooled pixel is the largest of four, and the fours begin at even pixels only. Moved by two, the same fours "
        "meet again one pooled pixel further on; moved by one, every four is made of other pixels, and there is no "
        "half a pooled pixel to move by (shown is the whole move that comes closest)."
    )


def _learned() -> np.ndarray | None:
    """A filter of the first convolution of the run that the visitor chooses."""
    available = [(run, result) for run, result in cached.loadable_runs() if _first_kernel(run.network)]
    if not available:
        st.info("No checkpoint yet. Train a network on the Train page, then come back.")
        return None
    run, _ = picker.choose_run(available)
    weights = picker.weights_or_stop(run)
    kernels = weights[_first_kernel(run.network) or ""]
    filters = kernels.shape[-1]
    number = st.slider("Filter of its first convolution", 1, filters, 1, key=f"filter_of_{filters}")
    return kernels[:, :, 0, number - 1]


def _first_kernel(network: Network) -> str | None:
    """The name of the first convolution's kernel."""
    return next((name for step in network.steps if isinstance(step.layer, Convolution) for name in step.weights), None)


def _digit_and_filter(digit, kernel, dx, dy):
    size, largest = len(kernel), float(np.abs(kernel).max())
    caption = number(f"moved by {dx:+d}, {dy:+d}").replace("+0", "0")
    st.html(
        f'<div class="moved-maps small">{map_figure(digit, 255, "the top digit", grey=True)}'
        f"{map_figure(convolution.moved(digit, dx, dy), 255, caption, grey=True)}"
        f"{map_figure(kernel, largest, f'the filter, {size}×{size}')}</div>"
    )


def _compare(moves: Moves, done: str):
    """Both maps, moved before and after what is `done` to them, their difference, and how large it is."""
    largest = float(max(np.abs(moves.first).max(), np.abs(moves.last).max()))
    size = "×".join(map(str, moves.first.shape))
    st.html(
        f'<div class="moved-maps">{map_figure(moves.first, largest, f"moved, then {done}, {size}")}'
        f"{map_figure(moves.last, largest, f'{done}, then moved, {size}')}"
        f"{map_figure(moves.difference, largest, 'difference')}</div>"
    )
    # relative too, because filters differ in size
    st.html(
        f'<p class="identity">max |difference| = <b>{rounded(moves.error)}</b>, '
        f"{moves.error / (largest or 1):.0%} of the largest value</p>"
    )
    compared = f"{np.count_nonzero(moves.compared)} of {moves.compared.size} pixels"
    st.caption(f"Compared in the {compared} where no filter reaches over the border.")


def _every_move(image, kernel, chosen):
    st.markdown("**Every move to the right**, and the max |difference| after each layer")
    moves = range(MOST + 1)
    cells = {
        "convolution": [convolution.move_convolved(image, kernel, dx, 0).error for dx in moves],
        "pooling": [convolution.move_pooled(image, kernel, dx, 0).error for dx in moves],
    }
    heads = ["", *(f"<u>{dx} px</u>" if dx == chosen else f"{dx} px" for dx in moves)]
    rows = [(f"after {layer}", *map(rounded, errors)) for layer, errors in cells.items()]
    st.html(tables.facts(heads, rows, kind="number-table"))
