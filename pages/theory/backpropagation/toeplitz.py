import numpy as np
import streamlit as st

from core.theory import backpropagation as theory
from pages.shared import tables
from pages.shared.one_of import one_of
from pages.shared.text import counted, rounded
from pages.theory.backpropagation.cells import PADDING, Block, draw_blocks

LENGTHS = (2, 9)  # of the filter
MOST_STEPS = 60
AGREE = 1e-10


@st.fragment
def show(digit: np.ndarray) -> None:
    """The Toeplitz matrix of a signal, the circulant around it, and the gradient of a filter by five ways."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        preset = one_of(st.segmented_control, "Signal I", theory.PRESETS, "signal", default="step", bind="query-params")
        m = st.slider("Length of the filter f", *LENGTHS, 4, key="filter_length", bind="query-params", width=220)
        steps = st.slider(
            "Steps of learning",
            *(0, MOST_STEPS, 0),
            key="learning_steps",
            bind="query-params",
            width=260,
            help="Each step moves the filter a little against its gradient, and the loss falls.",
        )
    signal = theory.signal_of(preset, digit)
    target, start = theory.shifted(signal, m), np.full(m, 1 / m)
    taps = theory.descended(signal, start, target, steps)
    y = theory.convolve(signal, taps)
    left, right = st.columns([3, 4], gap="large")
    with left:
        _matrix(signal, taps, y, target)
    with right:
        _circulant(signal, m)
    before, now = theory.loss(signal, start, target), theory.loss(signal, taps, target)
    st.markdown(
        f"The filter starts as an average of {m} neighbours and shall learn to move the signal by {m // 2}. Its loss "
        f"$L=\\tfrac12\\lVert f*I-t\\rVert^2$ is **{rounded(before, 4)}** at the start and "
        f"**{rounded(now, 4)}** after {counted(steps, 'step')}."
    )
    _agreement(theory.all_gradients(signal, taps, target))


def _matrix(signal, taps, y, target):
    m = len(taps)
    gradient = theory.gradient_by_toeplitz(signal, y - target)
    vectors = {"f": ("f", taps), "y": ("y", y), "t": ("t", target), "g": ("g", y - target), "∇": ("∂L/∂f ", gradient)}
    blocks = [Block("T", theory.toeplitz(signal, m), _diagonals(len(y), m, len(signal)))]
    blocks += [
        Block(heading, values[:, None], np.array([[f"{name}({i})"] for i in range(len(values))]))
        for heading, (name, values) in vectors.items()
    ]
    draw_blocks(blocks, "toeplitz", 520, f"The Toeplitz matrix T, {len(y)} by {m}, and the vectors f, y, t, g, ∇.")
    st.caption(
        "y = T·f is the convolution, t the target, g = y − t the error, ∇ = Tᵀ·g the gradient of f. Point at a cell to "
        "see its value and its diagonal: T(x, i) = I(x − i). Green is positive, magenta negative, empty is padding."
    )


def _circulant(signal, m):
    size = len(signal) + m - 1
    matrix, names = theory.circulant(signal, m), _diagonals(size, size, len(signal), around=True)
    alt = f"The circulant matrix, {size} by {size}; its first {m} columns, framed, are T."
    draw_blocks([Block("C", matrix, names)], "circulant", 560, alt, frame=(size, m))
    same = np.array_equal(matrix[:, :m], theory.toeplitz(signal, m))
    st.caption(
        f"The signal of {len(signal)} numbers padded with {m - 1} zeros, each column the one before turned by one "
        f"place: a circulant, {size}×{size}. Framed: its first {m} columns, which {'are' if same else 'are not'} T. "
        "The FFT turns a circulant into a diagonal matrix: that is what makes the product cheap."
    )


def _diagonals(rows, columns, length, around=False):
    """(rows, columns) words: which number of the signal an entry is, or that it is a padding zero."""
    index = np.subtract.outer(np.arange(rows), np.arange(columns))
    index = index % rows if around else index
    return np.array([[f"I({i})" if 0 <= i < length else PADDING for i in row] for row in index])


def _agreement(gradients):
    first, *_ = gradients.values()
    heads = ("", *(f"∂L/∂f<sub>{i}</sub>" for i in range(len(first))), "largest difference")
    rows = [
        (method, *(f"{round(value, 6) + 0:+.6f}" for value in gradient), f"{np.abs(gradient - first).max():.1e}")
        for method, gradient in gradients.items()
    ]
    st.html(tables.facts(heads, rows, kind="counted"))
    most = max(np.abs(a - b).max() for a in gradients.values() for b in gradients.values())
    verdict = "All five agree" if most <= AGREE else "They do not agree"
    st.markdown(
        f"**{verdict}:** no two differ by more than {most:.1e} (asked for: {AGREE:.0e}). The last one knows nothing of "
        "matrices: it moves each weight of the filter up and down and looks at the loss. As the loss is a parabola "
        "along each weight, that is exact with any step; it takes 1."
    )
