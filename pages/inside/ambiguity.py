"""A digit blended into another: what `sum` answers on the way, and what `sum_posterior` does."""

import numpy as np
import streamlit as st

from core.images import mnist
from core.insight import ambiguity
from core.model import forward
from core.runs import store
from pages.inside import blend_charts, figures
from pages.shared import answer, pictures
from pages.shared.cached import cached, load_weights, loadable_runs, shown
from pages.shared.colours import SUM_COLOUR
from pages.shared.text import plain

DRAWN = "the top digit"
PAIRS = 100  # of a general measurement, in the middle of their blends
EXAMPLE = "blend_example"  # key of the session: which of the test digits of a class


def show(run, weights, subject) -> None:
    st.write(
        "One digit is blended into another while the bottom digit stays. `sum` can only add two vectors: what lies "
        "halfway between two digits on its number line is read as a digit in between. `sum_posterior` names digits "
        "with probabilities, and can doubt between the two."
    )
    one, other, names = _choose(subject)
    percent = st.slider("Blend", 0, 100, 50, 5, format="%d %%", key="blend", bind="query-params")
    here = percent // 5
    image = ambiguity.blend(one, other, ambiguity.SHARES[here])
    images = [
        pictures.digit_image(image, f"{names[0]} with {percent} % of {names[1]}", "top"),
        pictures.digit_image(subject.bottom, "bottom: as it is", "bottom"),
    ]
    st.html(f'<div class="digits small">{"".join(images)}</div>')
    digits = one, other, subject.bottom
    both = [(run, _along(run, *digits)), *_opposite(run, *digits)]
    for column, (each, probabilities) in zip(st.columns(2, gap="large"), both, strict=False):
        with column:
            _blended(each, here, probabilities)
    _general([each for each, _ in both])


def _choose(subject):
    """The two digits to blend, (28, 28) each, and their names."""
    data, example = mnist.embedded(), st.session_state.setdefault(EXAMPLE, 0)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        options = [*range(10), DRAWN]
        for key, label, default in (("blend_from", "Blend a", 4), ("blend_to", "into a", 9)):
            st.selectbox(label, options, index=default, key=key, bind="query-params", width=150)
        st.button("Other examples", on_click=_next_example)
    digits, names = [], []
    for key in ("blend_from", "blend_to"):
        choice = st.session_state[key]
        of_class = np.flatnonzero(data.test_labels == choice) if choice != DRAWN else []
        digits.append(subject.top if choice == DRAWN else data.test_images[of_class[example % len(of_class)]])
        names.append(str(choice))
    return *digits, names


def _next_example():
    st.session_state[EXAMPLE] += 1


def _opposite(run, *digits):
    """The best run that adds the other way, and what it answers along the blend, if one can be loaded."""
    names_digits = run.network.names_digits or not run.network.reads_pairs
    for other, _ in loadable_runs():
        if other.network.reads_pairs and other.network.names_digits != names_digits:
            try:
                return [(other, _along(other, *digits))]
            except store.RunError:
                continue
    return []


@cached(max_entries=32)
def _along(run: store.Run, one: np.ndarray, other: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """(21, 19): P(sum) along the blend. Raises RunError if the weights cannot be loaded."""
    weights = load_weights(run)  # here, so that who comes second does not read them
    return ambiguity.sum_probabilities(
        run.network, weights, ambiguity.blend(one, other, ambiguity.SHARES), bottom[None]
    )


def _blended(run, here, probabilities):
    now = probabilities[here]
    ends = probabilities[0].argmax(), probabilities[-1].argmax()
    off = ambiguity.elsewhere(probabilities, ends)
    answers = list(dict.fromkeys(probabilities.argmax(axis=1).tolist()))
    st.subheader(plain(shown(run)), anchor=False)
    answer.bars(f"Probability of each sum: {now.argmax()} here", now, SUM_COLOUR, low=True)
    blend_charts.heat_map(probabilities, here, key=f"blend_{run.name}")
    figures.numbers(
        (" ".join(map(str, answers)), "its answers on the way from end to end"),
        (
            forward.percent(off[here], 1),
            f"here: probability of sums other than those two ends, {ends[0]} and {ends[1]}",
        ),
        (forward.percent(off.max(), 1), "the most of that on the way"),
        (f"{ambiguity.expectation(now[None])[0]:.1f}", "here: the mean of its distribution"),
    )


def _general(runs):
    st.subheader("How general is that?", anchor=False)
    rows = []
    for run in runs:
        off = _middles(run, PAIRS)
        error = off.std(ddof=1) / np.sqrt(len(off))
        rows.append(
            [shown(run), f"{off.mean():.1%} ± {error:.1%}", f"{np.median(off):.1%}", f"{(off > 0.5).mean():.0%}"]
        )
    figures.table(["network", "probability elsewhere, mean", "median", "of blends: more than half elsewhere"], rows)
    st.caption(
        f"{PAIRS} random pairs of a 4 and a 9 of the embedded test digits, each blended half and half above a random "
        "third digit: the probability of sums other than the two true ones, with its standard error."
    )


@cached(max_entries=16)
def _middles(run: store.Run, pairs: int) -> np.ndarray:
    with st.spinner(f"{plain(shown(run))} reads {pairs} blends …"):
        return ambiguity.middles(run.network, load_weights(run), mnist.embedded(), pairs)
