import html

import numpy as np
import streamlit as st

from core.model import forward, operations
from core.runs.store import Run
from core.theory import first_kernel
from pages.shared import picker, pictures
from pages.shared.cached import cached, weights_of
from pages.shared.subject import Subject
from pages.shared.text import rounded
from pages.theory.backpropagation.cells import picture

RUNNER_UP, LARGEST = "its second choice", "that changes most"


@cached(max_entries=32)
def _difference(run: Run, image: np.ndarray, label: int, filter_: int) -> np.ndarray:
    return first_kernel.kernel_difference(first_kernel.learning(run.network, weights_of(run), image, label), filter_)


@st.fragment
def show(subject: Subject) -> None:
    """What the chosen digits have to say to a checkpoint's first convolution, as a correlation and by differences."""
    available = picker.loadable_or_stop()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=420):
            run, _ = picker.choose_run(available)
        network = run.network
        told = st.selectbox(
            "Tell it that the answer is",
            [RUNNER_UP, *map(str, range(network.classes))],
            key="told",
            bind="query-params",
            width=200,
            help="Told what it already knows, a network has little to learn, so it is told something else first.",
        )
        filters = first_kernel.first_filters(network)
        chosen = st.selectbox(
            "Filter", [LARGEST, *map(str, range(1, filters + 1))], key="filter", bind="query-params", width=200
        )
    weights = picker.weights_or_stop(run)
    image = np.concatenate([subject.top, subject.bottom]) if network.reads_pairs else subject.top
    probabilities = operations.softmax(forward.logits(network, weights, image[None]))[0]
    label = int(probabilities.argsort()[-2]) if told == RUNNER_UP else int(told)
    learnt = first_kernel.learning(network, weights, image, label)
    each = np.abs(learnt.gradient).max(axis=(0, 1, 2))
    filter_ = int(each.argmax()) if chosen == LARGEST else int(chosen) - 1
    by_difference = _difference(run, image, label, filter_)
    st.markdown(
        f"The network reads **{probabilities.argmax()}** with {forward.percent(probabilities.max())}. "
        f"Told that it is **{label}**, its loss is {rounded(learnt.loss, 4)}, "
        f"and filter {filter_ + 1} of `{learnt.name}` gets the gradient:"
    )
    _equation(learnt, filter_, by_difference, subject)
    _describe_agreement(learnt, filter_, by_difference)
    st.markdown(f"The gradients of all {filters} filters, in one scale:")
    most = float(each.max())
    figures = "".join(
        _figure(picture(learnt.gradient[:, :, 0, i], most), f"{i + 1}", f"Gradient of filter {i + 1}")
        for i in range(filters)
    )
    st.html(f"<div class='gradients small'>{figures}</div>")


def _equation(learnt, filter_, by_difference, subject):
    shown = ["top", "bottom"] if learnt.network.reads_pairs and learnt.network.tied else ["top"]
    strongest = float(np.abs(learnt.g[..., filter_]).max())
    halves = []
    for i, half in enumerate(shown):
        digit = pictures.digit_image(subject.digit(half), f"input, {half}", half)
        error = _figure(picture(learnt.g[i, :, :, filter_], strongest), "gradient at its output", f"{half}: gradient")
        halves.append(f"{digit}<b>⋆</b>{error}")
    largest = float(np.abs(learnt.gradient[..., filter_]).max())
    results = (
        _figure(picture(learnt.gradient[:, :, 0, filter_], largest), "gradient of the filter", "correlation"),
        _figure(picture(by_difference[:, :, 0], largest), "by finite differences", "finite differences"),
    )
    st.html(f"<div class='gradients'>{'<b>+</b>'.join(halves)}<b>=</b>{results[0]}<b>≈</b>{results[1]}</div>")


def _figure(url, caption, alt):
    return f"<figure><img src='{url}' alt='{html.escape(alt)}'><figcaption>{html.escape(caption)}</figcaption></figure>"


def _describe_agreement(learnt, filter_, by_difference):
    gradient = learnt.gradient[..., filter_]
    largest = float(np.abs(gradient).max())
    if largest == 0:
        st.markdown("Every entry is 0: for these digits this filter is dead, and learns nothing from them.")
        return
    off = float(np.abs(gradient - by_difference).max())
    st.markdown(
        f"Both {gradient.shape[0]}×{gradient.shape[1]} pictures show the same numbers: the largest is "
        f"{rounded(largest)}, and they differ by at most {off:.1e}, **{off / largest:.1e} of it**. "
        "The first is the input correlated "
        f"with the gradient at the output. For the second each of the {gradient.size} weights was moved up and down by "
        f"{first_kernel.STEP:.0e}, and the network asked for its loss. This loss is no parabola, so a little more than "
        "rounding remains."
        + (" A half whose picture is empty has next to nothing to change." if learnt.network.reads_pairs else "")
    )
