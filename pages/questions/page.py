"""The same shared reader, told the answers to other questions than the sum: which of them teach it the ten digits?"""

import streamlit as st

from core.insight import shortcuts
from core.model.questions import QUESTIONS
from core.report import experiments
from core.report.experiment import recipe_of
from pages.questions import taught
from pages.shared.one_of import one_of
from pages.shared.recipe_form import TRAIN_PAGE, fill

EXPERIMENT = experiments.ALL["question"]
VARIANTS = {variant.label: variant for variant in EXPERIMENT.variants}

st.title("Change the question", anchor=False)
st.write(
    "sum_posterior is told no digit, only the sum of two, and learns all ten. Here the same network is told the answer "
    "to another question about a top digit a and a bottom digit b. Some questions teach it the digits. Others it "
    "answers without knowing them."
)
readers_by_question = {label: taught.measured(EXPERIMENT, variant) for label, variant in VARIANTS.items()}
taught.overview(readers_by_question)
st.caption(
    "A naming sends each of the ten digits to one of ten names; several digits may share one. Right once renamed: with "
    "the best names for the digits, no two of them the same. Measured on MNIST's test digits, never trained on; mean ± "
    "standard deviation over seeds, or every seed where some learned and others did not. The command python -m core "
    "reproduce question trains them, 500 iterations each."
)

st.header("One question", anchor=False)
chosen = one_of(
    st.pills,
    "Question",
    list(QUESTIONS),
    key="question",
    format_func=lambda name: QUESTIONS[name].text,
    bind="query-params",
    persist_state="session",
)
question, runs = QUESTIONS[chosen], readers_by_question[chosen]
left, right = st.columns(2, gap="large")
with left:
    st.subheader("What it is told", anchor=False)
    taught.answers(question)
with right:
    st.subheader("What it calls the digits", anchor=False)
    if runs:
        seed = one_of(st.segmented_control, "Seed", list(runs), key="question_seed")
        taught.names(runs[seed].confusion)
    else:
        st.info("Not measured yet. Open it in Train and start it.")
st.write(taught.in_words(shortcuts.count_shortcuts(question), runs[seed] if runs else None))
if st.button("Open in Train", help="The recipe of these runs, in the form of the Train page."):
    fill(recipe_of(VARIANTS[chosen], 1))
    st.switch_page(TRAIN_PAGE)
