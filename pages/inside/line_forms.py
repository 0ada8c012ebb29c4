"""The number line along training, from the snapshots that a run kept: a part of "The number line"."""

import numpy as np
import streamlit as st

from core.insight import number_line
from core.runs import metrics, snapshots, store
from core.runs.curves import Curve
from pages.inside import figures, line_charts
from pages.shared import cached, curves
from pages.shared.text import counted, plain


def show(run) -> None:
    shown, kept = _with_snapshots(run)
    if not kept:
        st.info("No run here has kept snapshots. Train a sum network on the Train page: it keeps some along the way.")
        return
    recipe = shown.recipe
    if shown.name != run.name:
        st.write(
            f"{plain(cached.shown(run))} kept no snapshots while it trained, so these are of "
            f"{plain(cached.shown(shown))}: "
            f"`{recipe.network}`, {recipe.steps:,} iterations of {recipe.batch} digits. Every new training of a sum "
            "network keeps its own."
        )
    steps = list(kept)
    step = st.select_slider("Iteration", steps, value=steps[-1], format_func=lambda s: f"{s:,}", key="snapshot")
    accuracies = {point["step"]: point["test_accuracy"] for point in metrics.read(shown)}
    line = kept[step]
    left, right = st.columns([3, 2], gap="large")
    with left:
        every = np.concatenate([each.scores[:, 0] for each in kept.values()])
        frame = 1.05 * float(every.min()), 1.05 * float(every.max())
        title = f"first principal component, {line.shares[0]:.0%} of the variance"
        line_charts.strip(line, title, "snapshot_line", frame=frame)
    with right:
        accuracy = accuracies.get(step)
        figures.numbers(
            (f"{line.correlations[0]:.3f}", f"|ρ| on axis 1 after {counted(step, 'iteration')}"),
            ("–" if accuracy is None else f"{accuracy:.3f}", "accuracy on test pairs then"),
        )
        figures.order(line.order())
    _curves(kept, accuracies, step)


def _curves(kept, accuracies, shown):
    """|ρ| and accuracy against the iteration, and where half of the pairs are right for the first time."""
    steps = list(kept)
    correlations = np.array([line.correlations[0] for line in kept.values()])
    known = [step for step in steps if step in accuracies]
    curves.chart(
        [
            Curve("|ρ| on axis 1", "correlation", np.array(steps), correlations),
            Curve("test accuracy", "test_accuracy", np.array(known), np.array([accuracies[step] for step in known])),
        ],
        key="line_forms",
        title="|ρ|, accuracy",
        last_step=steps[-1],
        log_steps=True,
        marks=[(shown, "shown")],
        alt="Rank correlation on axis 1 and test accuracy against the iteration.",
    )
    half = next((step for step in known if accuracies[step] >= 0.5), None)
    if half is not None:
        before, there = correlations[0], kept[half].correlations[0]
        follows = f" The line is there first; accuracy follows to {accuracies[known[-1]]:.2f}." if there >= 0.9 else ""
        st.write(
            f"By iteration {half:,} more than half of the pairs are right, and |ρ| has gone from {before:.2f} to "
            f"{there:.2f}.{follows}"
        )


def _with_snapshots(run):
    """The run if it has snapshots, else the first shipped one that has, and its lines by step, signs as at the end."""
    for candidate in (run, *sorted(store.list_runs(), key=lambda other: not store.is_shipped(other))):
        tensors = {step: snapshots.load(candidate, step) for step in snapshots.steps(candidate)}
        try:
            last = number_line.from_snapshot(next(kept for kept in reversed(tensors.values()) if kept))
            lines = {s: number_line.from_snapshot(kept, last.scores) for s, kept in tensors.items() if kept}
        except (StopIteration, ValueError):
            continue
        return candidate, lines
    return run, {}
