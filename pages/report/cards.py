"""What the report page shows of an experiment: printed, correct, measured, its figure, and the way to run it again."""

import html
import statistics

import streamlit as st

from core.jobs import queue
from core.model.networks import NETWORKS
from core.report import addition, experiments
from core.report.experiment import PROTOCOLS, Experiment, recipe_of
from core.report.measurements import Measured, measured, summary, with_spread
from core.report.verdicts import Verdict
from core.runs import pace, store
from pages.report import figures
from pages.shared import tables
from pages.shared.recipe_form import TRAIN_PAGE, fill
from pages.shared.text import plain


def overview(judged: list[Verdict]) -> None:
    """Every experiment of the report in a row: printed, correct where that differs, measured here, and its verdicts."""
    rows = []
    for experiment in experiments.EXPERIMENTS:
        parameters, printed = NETWORKS[experiment.network].parameters, experiment.printed_parameters
        count = _printed(printed, ",")
        correct = f"{parameters:,}" if printed != parameters else ""
        accuracy = experiment.printed_as or _printed(experiment.printed_accuracy, ".4f")
        here = [f"<b>{_best(experiment, protocol)}</b>" for protocol in ("report", "quick")]
        link = f"<a href='#{experiment.id}'>{experiment.question}</a>"
        words = [
            f"<a href='#conclusions' title='{html.escape(verdict.conclusion, quote=True)}'>{verdict.word}</a>"
            for verdict in judged
            if verdict.experiment == experiment.id
        ]
        rows.append((link, experiment.title, accuracy, *here, ", ".join(words), count, correct))
    heads = (
        "",
        "experiment",
        "accuracy printed",
        "the report's protocol",
        "quick recipe",
        "verdict",
        "parameters printed",
        "correct",
    )
    st.html(tables.facts(heads, rows))
    st.caption(
        "For dropout, the best keep_prob is shown. ± is the standard deviation over seeds, if there are several. A "
        "verdict is that of a conclusion which the report drew from the experiment, by its own protocol: see "
        "[What the report concluded](#conclusions)."
    )


def _printed(number, form):
    return "not printed" if number is None else format(number, form)


def experiment_card(experiment: Experiment) -> None:
    """One experiment: its words and numbers, its figure, its buttons."""
    with st.container(border=True):
        st.subheader(" · ".join(filter(None, (experiment.question, experiment.title))), anchor=experiment.id)
        left, right = st.columns(2, gap="large")
        with left:
            _numbers(experiment)
            _buttons(experiment)
        with right:
            figures.of_experiment(experiment)


def _numbers(experiment):
    networks = {variant.recipe.network: variant.recipe.architecture for variant in experiment.variants}
    if experiment.printed:
        st.markdown(f"**Printed.** {experiment.printed}")
    if experiment.correct:
        st.markdown(f"**Correct.** {experiment.correct}")
    if experiment.remark:
        st.markdown(experiment.remark)
    counted = "; ".join(f"`{name}`, {network.parameters:,} parameters" for name, network in networks.items())
    if experiment.printed_parameters not in (None, NETWORKS[experiment.network].parameters):
        counted += f" (printed: {experiment.printed_parameters:,})"
    st.markdown(f"**Network{'s' * (len(networks) > 1)}.** {counted}.")
    recipes = [
        (_recipe_name(variant, protocol), measured(experiment, variant))
        for protocol in PROTOCOLS[::-1]
        for variant in experiment.variants_by(protocol)
    ]
    heads = ("measured here", "accuracy", "seeds", "took")
    st.html(tables.facts(heads, [(name, *_cells(measurement)) for name, measurement in recipes]))
    read = [(name, f"<b>{summary(one.hands)}</b>") for name, one in recipes if one and one.hands]
    if read:
        st.html(tables.facts(("on hands", "accuracy on pairs by six writers never met"), read))


def _best(experiment, protocol):
    """The best of what its variants reached, in words."""
    reached = filter(None, (measured(experiment, variant) for variant in experiment.variants_by(protocol)))
    best = max(reached, key=lambda one: one.mean, default=None)
    return "not yet" if best is None else best.summary


def _recipe_name(variant, protocol):
    """What a variant is called: by whose recipe, and what tells it from the others, if there are some."""
    label = variant.label.removesuffix("report").removesuffix("-").replace("keep", "keep_prob ").replace("-", " ")
    if label:
        return f"{'protocol' if protocol == 'report' else 'quick'}, {label}"
    return "the report's protocol" if protocol == "report" else "quick recipe"


def _cells(measurement: Measured | None) -> tuple[str, str, str]:
    """Accuracy, how many seeds, and how long a training took; the last two empty where nothing is measured.

    It is the middle one's time, as some trained beside other work.
    """
    if measurement is None:
        return "not yet", "", ""
    seconds = statistics.median(measurement.seconds)
    took = pace.duration(seconds).replace(" ", "&nbsp;") if seconds else ""
    return f"<b>{measurement.summary}</b>", str(len(measurement.accuracies)), took


def _buttons(experiment):
    recipes = {
        _recipe_name(variant, protocol): recipe_of(variant, variant.seeds[0])
        for protocol in PROTOCOLS
        for variant in experiment.variants_by(protocol)
    }
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
    except store.RunError as error:
        st.error(f"It could not be started. {plain(error)}")
        return
    fill(recipe)
    st.switch_page(TRAIN_PAGE, query_params={"run": run.name})


def addition_table() -> None:
    """MNIST addition in the literature's setting: what this app reached beside what others published."""
    measured_here = [
        (
            f"<b>here, {one.recipe}</b>",
            f"<b>{one.summary}</b>",
            f"{len(one.accuracies)} seeds, {one.seconds:.0f} s each in {one.precision}",
        )
        for one in addition.reached()
    ]
    others = [(one.system, with_spread(one.accuracy, one.spread), one.source) for one in addition.PUBLISHED]
    st.html(tables.facts(("system", "accuracy", "described in, or how"), others + measured_here))


def verdict_table(judged: list[Verdict], judged_by_quick: list[Verdict]) -> None:
    """The report's conclusions, the rule each is judged by, and what the runs here say, by either protocol."""
    for by_report, quick in zip(judged, judged_by_quick, strict=True):
        with st.container(border=True):
            st.markdown(f"**{by_report.conclusion}**")
            for label, verdict in (("By the report's protocol", by_report), ("By quick recipes", quick)):
                numbers = f": {verdict.numbers}" if verdict.numbers else ""
                st.markdown(f"{label}: **{verdict.word}**{numbers}.")
            st.caption(f"Rule: {by_report.rule}")
