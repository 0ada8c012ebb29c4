"""What the report page shows of an experiment: printed, correct, measured, its figure, and the way to run it again."""

import numpy as np
import streamlit as st

from core.jobs import queue
from core.model.networks import NETWORKS
from core.report import experiments
from core.report.experiments import Experiment
from core.report.measurements import Measured, measured
from core.report.verdicts import verdicts
from core.runs import store
from pages.report import figures
from pages.shared import tables
from pages.shared.recipe_form import TRAIN_PAGE, fill
from pages.shared.written import plain


def overview() -> None:
    """Every experiment of the report in a row: printed, correct where that differs, and measured here."""
    rows = []
    for experiment in experiments.EXPERIMENTS:
        parameters, printed = NETWORKS[experiment.network].parameters, experiment.printed_parameters
        count = "not printed" if printed is None else f"{printed:,}"
        correct = f"{parameters:,}" if printed != parameters else ""
        accuracy = experiment.accuracy_words or f"{experiment.printed_accuracy:.4f}"
        here = [f"<b>{_best(experiment, protocol)}</b>" for protocol in ("report", "quick")]
        link = f"<a href='#{experiment.id}'>{experiment.question}</a>"
        rows.append((link, experiment.title, accuracy, *here, count, correct))
    heads = ("", "experiment", "accuracy printed", "by its protocol", "quick recipe", "parameters printed", "correct")
    st.html(tables.facts(heads, rows))
    st.caption(
        "For dropout, the best keep_prob is shown. ± is the standard deviation over seeds, if there are several."
    )


def experiment_card(experiment: Experiment) -> None:
    """One experiment: its words and numbers, its figure, its buttons."""
    with st.container(border=True):
        st.subheader(" · ".join(filter(None, (experiment.question, experiment.title))), anchor=experiment.id)
        left, right = st.columns([2, 3], gap="large")
        with left:
            _numbers(experiment)
            _buttons(experiment)
        with right:
            figures.of_experiment(experiment)


def _numbers(experiment):
    network = NETWORKS[experiment.network]
    if experiment.printed:
        st.markdown(f"**Printed.** {experiment.printed}")
    if experiment.correct:
        st.markdown(f"**Correct.** {experiment.correct}")
    if experiment.remark:
        st.markdown(experiment.remark)
    counted = f"`{network.name}`, {network.parameters:,} parameters"
    if experiment.printed_parameters not in (None, network.parameters):
        counted += f" (printed: {experiment.printed_parameters:,})"
    st.markdown(f"**Network.** {counted}.")
    for variant in experiment.variants:
        name = f" ({variant.label})" if variant.label else ""
        st.markdown(f"**Measured here{name}.** {_said(measured(experiment, variant))}")
    for variant in experiment.variants_by("report"):
        if reached := measured(experiment, variant):
            st.markdown(f"**{_by_protocol(variant)}.** {_said(reached)}")


def _best(experiment, protocol):
    """The best of what its variants reached, in words."""
    reached = filter(None, (measured(experiment, variant) for variant in experiment.variants_by(protocol)))
    best = max(reached, key=lambda one: one.mean, default=None)
    return "not yet" if best is None else best.summary


def _by_protocol(variant):
    """What a variant by the report's own protocol is called: with what tells it from the others, if there are some."""
    return "As in the report" + f" ({variant.label.removesuffix('report').removesuffix('-')})".replace(" ()", "")


def _said(found: Measured | None) -> str:
    if found is None:
        return "Not yet. Run it."
    count = len(found.accuracies)
    spread = f" ± {found.spread:.4f} over {count} seeds" if count > 1 else ""
    seconds = np.mean(found.seconds)
    took = f", {seconds:.0f} s of training" + (" each" if count > 1 else "") if seconds else ""
    return f"{found.mean:.4f}{spread}{took}."


def _buttons(experiment):
    labels = [variant.label or "quick" for variant in experiment.variants]
    recipes = dict(zip(labels, (experiments.recipe_of(v, v.seeds[0]) for v in experiment.variants), strict=True))
    recipes |= {_by_protocol(v): experiments.recipe_of(v, v.seeds[0]) for v in experiment.variants_by("report")}
    choice = st.selectbox("Recipe", list(recipes), key=f"recipe of {experiment.id}")
    with st.container(horizontal=True):
        if st.button("Open in Train", key=f"open {experiment.id}"):
            fill(recipes[choice])
            st.switch_page(TRAIN_PAGE)
        if st.button("Run it", key=f"run {experiment.id}", type="primary"):
            _run(experiment, recipes[choice])


def _run(experiment, recipe):
    """Queue a run; it counts as the experiment's own if that is missing, else it stands beside it."""
    name = experiments.missing_name(experiment, recipe)
    try:
        run = queue.submit(recipe, store.ROOT / name if name else None)
    except (store.RunError, queue.QueueFull) as error:
        st.error(f"It could not be started. {plain(error)}")
        return
    fill(recipe)
    st.switch_page(TRAIN_PAGE, query_params={"run": run.name})


def verdict_table() -> None:
    """The report's conclusions, the rule each is judged by, and what the runs here say, by either protocol."""
    for by_report, quick in zip(verdicts("report"), verdicts("quick"), strict=True):
        with st.container(border=True):
            st.markdown(f"**{by_report.conclusion}**")
            for words, verdict in (("By the report's own protocol", by_report), ("By quick recipes", quick)):
                numbers = f": {verdict.numbers}" if verdict.numbers else ""
                st.markdown(f"{words}: **{verdict.word}**{numbers}.")
            st.caption(f"Rule: {by_report.rule}")
