"""The same recipe with shared and with untied weights, side by side: a part of "Does it commute?"."""

import streamlit as st

from core.insight import sharing
from core.report import experiments
from core.report.experiment import recipe_of
from core.report.measurements import runs_of
from core.runs import metrics
from core.runs.curves import curve
from pages.inside import figures
from pages.shared import curves
from pages.shared.recipe_form import TRAIN_PAGE, fill, in_link


def show() -> None:
    st.subheader("What sharing the weights was worth", anchor=False)
    tied, untied = experiments.ALL["tied"].variants
    both = [run for variant in (tied, untied) for run in runs_of(experiments.ALL["tied"], variant)]
    measured = [trained for run in both if (trained := sharing.trained(run))]
    if len(measured) == 2:
        _worth(both, *measured)
    else:
        st.info("Not measured yet: run “What sharing weights is worth” on the Report page.")
    if st.button("Train it untied", help="Opens the Train page with this recipe and tied = false."):
        recipe = recipe_of(untied, untied.seeds[0])
        fill(recipe)
        st.switch_page(TRAIN_PAGE, query_params=in_link(recipe))


def _worth(both, shared, own):
    difference, error = sharing.difference(shared, own)
    within = "within" if abs(difference) <= 2 * error else "beyond"
    figures.numbers(
        (f"{difference:+.4f} ± {error:.4f}", f"accuracy gained by sharing; {within} two standard errors of nothing"),
        (f"{own.parameters / shared.parameters:.2f} ×", "the parameters without sharing"),
        (f"{own.seconds / shared.seconds:.2f} ×", "the time without sharing"),
    )
    columns = ["", "accuracy", "parameters", "seconds", "images seen"]
    columns += [f"images to {level:g}" for level in sharing.LEVELS]
    rows = [
        [
            name,
            f"{run.accuracy:.4f} ± {run.standard_error:.4f}",
            f"{run.parameters:,}",
            f"{run.seconds:.0f}",
            f"{run.images:,}",
            *("not reached" if images is None else f"{images:,}" for images in run.reached),
        ]
        for name, run in (("shared", shared), ("each its own", own))
    ]
    figures.table(columns, rows)
    ratios = [
        f"{b / a:.2f} times as many images to reach {level:g}"
        for level, a, b in zip(sharing.LEVELS, shared.reached, own.reached, strict=True)
        if a and b
    ]
    st.write(
        "The same recipe and seed, trained twice, one run each: with shared weights, and with a tower for each half. "
        f"The untied network needed {', '.join(ratios) or 'more than it had'}. Each of its towers "
        "reads every digit of a batch, which is twice the work."
    )
    labels = ("shared", "each its own")
    lines = [curve(label, metrics.read(run), "test_accuracy") for label, run in zip(labels, both, strict=True)]
    curves.chart(lines, key="sharing", title="test accuracy", alt="Test accuracy, shared and untied, by iteration.")
