"""What the report page shows of an experiment: printed, correct, measured, its figure, and the way to run it again."""

import numpy as np
import streamlit as st

from core.jobs import queue, sweep
from core.model.networks import NETWORKS
from core.report import experiments
from core.report.experiments import Experiment
from core.report.measurements import Measured, measured, runs_of
from core.report.verdicts import verdicts
from core.runs import metrics, results, store
from core.runs.curves import curve, mean_of
from pages.shared import charts, curves, lean, tables
from pages.shared.recipe_form import fill
from pages.shared.tables import Cell
from pages.shared.written import plain

TRAIN_PAGE = "train/page.py"


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
            _figure(experiment)


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


def _figure(experiment):
    """Its curves by the report's own protocol, as the report drew them, then those of the quick recipe."""
    drawn = [
        _curves(experiment, protocol, words)
        for protocol, words in (("report", "By the report's own protocol"), ("quick", "By the quick recipe"))
    ]
    if not any(drawn):
        st.caption("Its figure is drawn from real curves, once it has run.")


def _curves(experiment, protocol, words):
    """Train and test accuracy of its one recipe, or the test accuracies of its several; whether there were any."""
    lines, variants = [], experiment.variants_by(protocol)
    several = len(variants) > 1
    for variant in variants:
        points = [p for run in runs_of(experiment, variant) if (p := metrics.read(run))]
        if not points:
            continue
        for kind in ("test",) if several else ("test", "train"):
            label = variant.label if several else kind
            each = [curve(label, p, f"{kind}_accuracy") for p in points]
            lines.append(mean_of(label, each) if len(each) > 1 else each[0])
    if not lines:
        return False
    if experiment.question:
        st.markdown(f"**{words}**")
    curves.chart(
        lines,
        key=f"figure of {experiment.id}, {protocol}",
        title="test accuracy" if several else "accuracy",
        last_step=int(max(line.steps[-1] for line in lines)),
        alt=f"{experiment.title}, {words}: " + ", ".join(f"{e.label} ends at {e.values[-1]:.3f}" for e in lines),
    )
    return True


def keep_prob_chart() -> None:
    """Accuracy against keep_prob: a point for each seed, a line through the means."""
    experiment = experiments.ALL["dropout"]
    rows = [
        (variant.recipe.keep_prob, accuracy)
        for variant in experiment.variants
        if (found := measured(experiment, variant))
        for accuracy in found.accuracies
    ]
    if not rows:
        st.caption("Not measured yet: run the experiment.")
        return
    table = lean.table({"keep_prob": [row[0] for row in rows], "accuracy": [row[1] for row in rows]})
    _scatter(table, "keep_prob", "accuracy", "keep_prob_chart", "Accuracy against keep_prob, 250 training images.")
    st.caption(f"These runs are the sweep `{sweep.command(experiment)}`.")


def labels_chart() -> None:
    """Accuracy against the number of training images, learning from sums and from digits."""
    experiment = experiments.ALL["labels"]
    rows = [
        (variant.recipe.examples or 59_000, found.mean, f"from {variant.recipe.labels}")
        for variant in experiment.variants
        if (found := measured(experiment, variant))
    ]
    if not rows:
        st.caption("Not measured yet: run the experiment.")
        return
    names = ("training images", "accuracy", "learns")
    table = lean.table({name: [row[i] for row in rows] for i, name in enumerate(names)})
    title = "Accuracy on pairs against the number of training images."
    _scatter(table, "training images", "accuracy", "labels_chart", title, colour="learns", log=True)
    st.caption(f"These runs are the sweep `{sweep.command(experiment)}`.")


def pairs_map(name: str) -> None:
    """Accuracy for each pair of digits, as a 10×10 map of a run's result; the pairs it never met are framed."""
    try:
        run = store.read(store.ROOT / name)
    except store.RunError:
        st.caption("Not measured yet: run the experiment.")
        return
    cells = (results.read(run) or {}).get("pair_accuracy")
    if not cells:
        st.caption("Not measured yet: run the experiment.")
        return
    met = run.recipe.met

    def cell(top, bottom):
        share = cells[top][bottom]
        word = "–" if share is None else f"{share:.2f}".removeprefix("0") if share < 1 else "1"
        shade = 0 if share is None else (1 - share) ** 0.5
        return Cell(word, f"{top} + {bottom}", shade, "214,61,81", "" if met[top, bottom] else "unmet")

    st.html(tables.of_digits(cell))
    st.caption(f"{run.recipe.network}: accuracy by top digit (rows) and bottom digit. Framed: never met in training.")


def _scatter(table, x, y, key, alt, colour=None, log=False):
    encoding = {
        "x": {"field": x, "type": "quantitative", "scale": {"type": "log" if log else "linear", "zero": False}},
        "y": {"field": y, "type": "quantitative", "title": y, "scale": {"zero": False}},
    }
    if colour:
        encoding["color"] = {"field": colour, "type": "nominal", "scale": {"range": list(curves.PALETTE)}}
        encoding["color"]["legend"] = curves.LEGEND
    mean = {**encoding, "y": {**encoding["y"], "aggregate": "mean"}}
    constant = {} if colour else {"color": curves.PALETTE[0]}
    tooltip = [{"field": field, "type": "quantitative"} for field in (x, y)]
    layers = [
        {"mark": {"type": "line", "strokeWidth": 2.5, **constant}, "encoding": mean},
        {
            "mark": {"type": "point", "filled": True, "size": 70, **constant},
            "encoding": {**encoding, "tooltip": tooltip},
        },
    ]
    charts.draw({"layer": layers}, table, key=key, height=curves.HEIGHT_PIXELS, alt=alt)


def verdict_table() -> None:
    """The report's conclusions, the rule each is judged by, and what the runs here say, by either protocol."""
    for by_report, quick in zip(verdicts("report"), verdicts("quick"), strict=True):
        with st.container(border=True):
            st.markdown(f"**{by_report.conclusion}**")
            for words, verdict in (("By the report's own protocol", by_report), ("By quick recipes", quick)):
                numbers = f": {verdict.numbers}" if verdict.numbers else ""
                st.markdown(f"{words}: **{verdict.word}**{numbers}.")
            st.caption(f"Rule: {by_report.rule}")
