"""Where digits lie on the first principal components of their features; and, by line_forms.py, along training."""

import numpy as np
import streamlit as st

from core import runs
from core.images import mnist
from core.insight import number_line, taken_apart
from core.model.layers import Join
from pages.insight.sections import line_forms
from pages.shared import figures, line_charts, parts
from pages.shared.answering import answers_of, test_set
from pages.shared.written import plain

COMPONENTS = 2
COMPARED = ("sum", "sum_linear", "sum_posterior", "deep")


def show(run, weights, subject) -> None:
    data = mnist.embedded()
    found = _map(str(run.folder.resolve()), parts.weights_time(run), run)
    own = number_line.features(run.network, weights, np.stack([subject.top, subject.bottom]))
    line = found.line
    st.write(
        f"{len(data.test_labels):,} test digits, each where its {own[0].size:,} features put it: the two directions in "
        "which the features differ most (PCA). Nobody told `sum` what a 3 is, only sums. Still, to add by its last "
        "layer it must lay the digits in a row: a number line."
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        line_charts.scatter(line, found.place(own), key="line")
    with right:
        figures.numbers(
            (f"{line.correlations[0]:.3f}", "|ρ|: rank correlation of a digit's place on axis 1 with its value"),
            (f"{line.shares[0]:.0%}", "of all the features' variance lies along axis 1"),
        )
        st.write("The means of the ten digits, from left to right:")
        figures.order(line.order())
        st.caption(
            "Spearman's rank correlation: 1 if every larger digit lies further along, 0 if place and value have "
            f"nothing to do with each other. On axis 2 it is {line.correlations[1]:.3f}. The two rings are your digits."
        )
        if Join() in run.network.layers:
            _as_read(run)
    st.subheader("For which networks do the digits lie in order?", anchor=False)
    if st.toggle("Measure the others too", key="compare_lines", persist_state="session"):
        _compare()
    st.subheader("Along training", anchor=False)
    line_forms.show(run)


@st.cache_resource(max_entries=8, show_spinner=False)
def _map(folder: str, modified_ns: int, _run: runs.Run) -> number_line.Map:
    data, weights = mnist.embedded(), parts.load_weights(_run)  # here, so that who comes second does not read them
    words = f"{plain(_run.name)} reads {len(data.test_labels):,} test digits, for the first time with these weights."
    bar = st.progress(0.0, words)
    features = number_line.features(
        _run.network, weights, data.test_images, report=lambda done: bar.progress(done, words)
    )
    bar.empty()
    return number_line.draw_map(features, data.test_labels, COMPONENTS)


def _compare():
    best = {}
    for run, _ in parts.loadable_runs():  # the best first
        best.setdefault(run.recipe.network, run)
    rows = []
    for name in COMPARED:
        run = best.get(name)
        if run is None:
            continue
        try:
            line = _map(str(run.folder.resolve()), parts.weights_time(run), run).line
        except runs.RunError as error:
            rows.append([run.name, f"cannot be loaded: {error}", "", ""])
            continue
        order = " ".join(map(str, line.order()))
        rows.append([run.name, f"{line.correlations[0]:.3f}", f"{line.shares[0]:.0%}", order])
    figures.table(["network", "|ρ| on axis 1", "variance along it", "order of the means"], rows)
    st.caption("A network that names digits, or is told them, need not put them in order.")


def _as_read(run):
    """The same of what a digit adds to the logits: how the last FC layer reads the features."""
    added, labels = answers_of(run).top, test_set().test_labels.astype(int)
    slopes = taken_apart.slopes(added - added.mean(axis=0))
    read = number_line.line(slopes[:, None], labels)
    figures.numbers(
        (f"{read.correlations[0]:.3f}", f"|ρ| as the last FC layer reads them, on {len(labels):,} test digits"),
    )
    figures.order(read.order())
    st.caption("That is the slope of what a digit adds to the 19 logits, drawn under “The sum, taken apart”.")
