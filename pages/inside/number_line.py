"""Where digits lie on the line by which a network adds them; and, by line_forms.py, along training."""

import numpy as np
import streamlit as st

from core.images import mnist
from core.insight import number_line, taken_apart
from core.model.answers import of_digits
from core.model.halves import Join
from core.runs import snapshots, store
from pages.inside import figures, line_charts, line_forms
from pages.shared import picker
from pages.shared.cached import answers_of, cached, load_weights, loadable_runs, shown, test_set
from pages.shared.readings import run_name
from pages.shared.text import plain

COMPONENTS = 1
COMPARED = ("sum", "sum_linear", "sum_posterior", "deep")


def show(run, weights, subject) -> None:
    drawn = _one_that_adds(run)
    digits = np.stack([subject.top, subject.bottom])
    if _adds(drawn):
        if drawn is not run:
            weights = picker.weights_or_stop(drawn)
        line = _as_read(drawn)
        own = _own_as_read(drawn, weights, digits, line)
        st.write(
            "Each test digit stands where the last layer reads it: by how much more it adds to each larger sum than to "
            "the one before. Nobody told the network what a 3 is, only sums. Still, to add by this layer it must lay "
            "the digits in a row: a number line."
        )
        title, where = "slope of what a digit adds to the 19 logits", "on the axis that the last FC layer reads"
    else:
        component_map = _map(run)
        line = component_map.line
        own = component_map.scores_of(number_line.features(run.network, weights, digits))[:, 0]
        st.write(
            "This network names digits, so nothing asks it to lay them in a row. Each test digit stands where its "
            "features put it on the first principal component, the direction in which they differ most (PCA)."
        )
        title, where = f"first component, {line.shares[0]:.0%} of the variance", "on the first principal component"
    left, right = st.columns([3, 2], gap="large")
    with left:
        line_charts.strip(line, title, "line", own)
    with right:
        count = len(line.labels)
        figures.numbers((f"{line.correlations[0]:.3f}", f"|ρ| of {count:,} test digits {where}"))
        st.write("The means of the ten digits, from left to right:")
        figures.order(line.order())
        st.caption(
            "|ρ| is Spearman's rank correlation of a digit's place with its value: 1 if every larger digit lies "
            "further along, 0 if place and value have nothing to do with each other. Dots are means, and the two lines "
            "are your digits."
        )
    st.subheader("For which networks do the digits lie in order?", anchor=False)
    if st.toggle("Measure the others too", key="compare_lines", persist_state="session"):
        _compare()
    st.subheader("Along training", anchor=False)
    line_forms.show(run if snapshots.steps(run) else drawn)


def _adds(run):
    """Whether the last layer adds what each half brings, which takes a number line."""
    return Join() in run.network.layers


def _one_that_adds(run):
    """The run if it adds, else the best one that does, unless the visitor wants to see this one."""
    other = next((other for other, _ in loadable_runs() if _adds(other)), run)
    if _adds(run) or other is run:
        return run
    st.write(f"{run_name(run)} names digits and needs no number line, so this is {run_name(other)}, which adds.")
    return run if st.toggle(f"Show {run_name(run)} all the same", key="own_line", persist_state="session") else other


def _as_read(run):
    """The line of the test digits as the last layer reads them, on the slope of what each adds to the 19 logits."""
    added, labels = answers_of(run).top, test_set().test_labels.astype(int)
    return number_line.line(taken_apart.slopes(added - added.mean(axis=0))[:, None], labels)


def _own_as_read(run, weights, digits, line):
    """The places on that line of two digits (2, 28, 28), the first one read as a top digit, the other as a bottom."""
    answers, mine = answers_of(run), of_digits(run.network, weights, digits)
    added = np.stack([mine.top[0] - answers.top.mean(axis=0), mine.bottom[1] - answers.bottom.mean(axis=0)])
    first = taken_apart.slopes(answers.top[:1] - answers.top.mean(axis=0))[0]
    return (-1 if line.scores[0, 0] * first < 0 else 1) * taken_apart.slopes(added)


@cached(max_entries=8)
def _map(run: store.Run) -> number_line.Map:
    data, weights = mnist.embedded(), load_weights(run)  # here, so that who comes second does not read them
    name = plain(shown(run))
    text = f"{name} reads {len(data.test_labels):,} test digits, for the first time with these weights."
    bar = st.progress(0.0, text)
    features = number_line.features(
        run.network, weights, data.test_images, on_progress=lambda done: bar.progress(done, text)
    )
    bar.empty()
    return number_line.draw_map(features, data.test_labels, COMPONENTS)


def _compare():
    best = {}
    for run, _ in loadable_runs():  # the best first
        best.setdefault(run.recipe.network, run)
    rows = []
    for name in COMPARED:
        run = best.get(name)
        if run is None:
            continue
        try:
            line = _map(run).line
            read = f"{_as_read(run).correlations[0]:.3f}" if _adds(run) else "–"
        except store.RunError as error:
            rows.append([shown(run), f"cannot be loaded: {error}", "", "", ""])
            continue
        order = " ".join(map(str, line.order()))
        rows.append([shown(run), read, f"{line.correlations[0]:.3f}", f"{line.shares[0]:.0%}", order])
    figures.table(
        ["network", "|ρ| as read", "|ρ| on PCA's axis 1", "variance along it", "order of the means on it"], rows
    )
    st.caption(
        "As read: on the axis that the last FC layer reads. PCA's first axis is the direction in which the features "
        "differ most. A network that names digits, or is told them, need not put them in order."
    )
