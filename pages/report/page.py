"""The report of 2017, every number of it beside the correct one and beside what this app measured."""

import streamlit as st

from core.report import experiments
from core.report.experiment import PROTOCOLS, planned, run_name
from core.report.past_the_report import PAST_THE_REPORT
from core.report.verdicts import verdicts
from core.runs import comparison
from pages.report.cards import addition_table, experiment_card, overview, verdict_table
from pages.report.figures import keep_prob_chart, labels_chart
from pages.report.pair_accuracy import pairs_map
from pages.report.parameters import fewest_parameters
from pages.shared.reached import reached

st.title("The report", anchor=False)
st.write(
    "A course report of December 2017 trained networks on MNIST for five questions. Each experiment is here with what "
    "it printed, what is correct where that differs, and what this app measured. All of them can be run again."
)
st.caption(
    "Measured on test images that were never trained on; ± is the standard deviation over seeds. Its protocol is "
    "20,000 iterations of 50 images, Adam at 1e-4, weights of σ 0.1; the quick recipes take from seconds to about "
    "half an hour."
)
judged = verdicts("report")
overview(judged)
with st.expander("What the report leaves open, and what is done here"):
    st.markdown("\n".join(f"- **{question}** {choice}" for question, choice in experiments.LEFT_OPEN))

for experiment in experiments.EXPERIMENTS:
    experiment_card(experiment)
    if experiment.id == "dropout":
        st.markdown("**Accuracy against keep_prob**, 250 training images: a point for each seed, a line for the mean.")
        keep_prob_chart()

st.header("What the report concluded", anchor="conclusions")
verdict_table(judged, verdicts("quick"))

st.header("Accuracy against parameters", anchor=False)
own = {name for one in experiments.EXPERIMENTS for protocol in PROTOCOLS for name, _ in planned(one, protocol)}
reached([entry for entry in comparison.entries() if entry.name in own], [])
st.caption("These are the report's experiments. Compare shows all runs.")

st.header("Past the report", anchor=False)
with st.container(border=True):
    st.subheader("MNIST addition, as the literature sets it", anchor="addition")
    st.write(
        "30,000 fixed pairs of training images, each image in one of them, and only their sums; judged on 5,000 fixed "
        "pairs of test images. sum_posterior reads them here; the others are smaller networks mostly, in more general "
        "systems."
    )
    addition_table()
    st.caption(
        "`python -m benchmarks.addition 5` measures it: accuracy after the last step, on images that chose nothing. "
        "All 60,000 training images take part, as in the papers. The app's own trainings keep 1,000 of them out, to "
        "judge without a download: 500 pairs fewer. The others' figures are as this project collected them, beside the "
        "paper that describes each system."
    )
with st.container(border=True):
    st.subheader("The fewest parameters", anchor="fewest-parameters")
    st.write(
        "How well can a network read digits with at most 100 parameters, or 1,000? Measured here is the mean of all "
        "seeds. Published is mostly one training, or the best of many."
    )
    fewest_parameters()
    st.caption(
        "`python -m benchmarks.fewest_parameters` measures it, on MNIST's 10,000 test images after the last step. The "
        "networks were chosen on 5,000 training images that were kept out for that."
    )
for experiment in PAST_THE_REPORT:
    experiment_card(experiment)
    if experiment.id == "labels":
        labels_chart()
    if experiment.id == "unmet":
        for column, variant in zip(st.columns(2), experiment.variants, strict=True):
            with column:
                pairs_map(run_name(experiment, variant, variant.seeds[0]))
