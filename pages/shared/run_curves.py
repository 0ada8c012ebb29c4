"""A run's curves as they grow, what they show as sentences, and how they are drawn."""

import re

import streamlit as st

from core.runs import control, metrics, store
from core.runs.curves import FIRST_IMAGES, axis_end, curve, curve_images, hints, mean_of, rate_changes
from pages.shared import curves

HEIGHT_PIXELS = 280  # so that form and curve are both seen on a school laptop, and at 150% zoom


def show(run: store.Run, repeats: list[store.Run], status: str) -> None:
    """Draw accuracy and loss of a run, or of it and its repeats, up to where it is; then say what they show."""
    points = metrics.read(run)
    if not points:
        if status in control.ACTIVE:
            st.caption("The curve begins with the first iteration.")
        return
    charts = st.container()
    with st.container(horizontal=True, vertical_alignment="center"):
        together = bool(repeats) and st.toggle(
            f"Mean of {len(repeats) + 1} seeds", key="mean", help="The band is one standard deviation each way."
        )
        with st.popover("Axes"):
            smoothing = st.slider("Smoothing", 0.0, 0.95, 0.0, 0.05, key="smoothing")
            log_steps = st.toggle("Logarithmic iterations", key="log_steps")
            log_loss = st.toggle("Logarithmic loss", True, key="log_loss")
            low, high = st.slider("Accuracy from, to", 0.0, 1.0, (0.0, 1.0), 0.01, key="accuracy_range")
    shown = {name: _lines(run, points, repeats if together else [], name, smoothing) for name in ("accuracy", "loss")}
    done = max(line.steps[-1] for lines in shown.values() for line in lines)
    end = axis_end(int(done), run.recipe.steps)
    with charts:
        for column, (name, lines) in zip(st.columns(2), shown.items(), strict=True):
            with column:
                curves.chart(
                    lines,
                    key=f"{name}_{run.name}",
                    title=name,
                    last_step=end,
                    shade_rest=True,
                    height=HEIGHT_PIXELS,
                    low=low if name == "accuracy" else None,
                    high=max(high, low + 0.01) if name == "accuracy" else None,
                    log_steps=log_steps,
                    log_values=log_loss and name == "loss",
                    marks=[(step, f"learning rate × {factor:g}") for step, factor in rate_changes(points)],
                    alt=f"{name} of {run.name}: " + ", ".join(f"{line.label} {line.values[-1]:.4f}" for line in lines),
                )
    st.caption(_caption(run, points[-1]))
    for hint in hints(run.recipe, points):
        st.info(hint)


def _caption(run, last):
    there = re.search(r"([\d,]+) to test", run.data)
    images = f"{curve_images(int(there[1].replace(',', ''))):,} test images" if there else "some of the test images"
    rest = f" Shaded: still to come, up to iteration {run.recipe.steps:,}." * (last["step"] < run.recipe.steps)
    return (
        f"At iteration {last['step']:,}: test accuracy {last['test_accuracy']:.4f}, train accuracy "
        f"{last['train_accuracy']:.4f}. Test is on {images} ({FIRST_IMAGES} at iteration 1), "
        f"train on the current batch, as in the report.{rest}"
    )


def _lines(run, points, repeats, name, smoothing):
    return [_line(run, points, repeats, f"{kind}_{name}", smoothing) for kind in ("test", "train")]


def _line(run, points, repeats, quantity, smoothing):
    label = quantity.split("_")[0]
    own = curve(label, points, quantity, smoothing)
    others = [curve(label, metrics.read(other), quantity, smoothing) for other in repeats]
    return mean_of(label, [own, *(other for other in others if len(other.steps))]) if others else own
