"""Add numbers of several digits with a network that was only ever told the sums of two digits."""

import streamlit as st

from core.insight import long_addition
from core.model import answers
from core.model.forward import percent
from core.runs import store
from pages.long_addition import column_addition, far
from pages.shared import answer, cached, picker

MOST_SHOWN = 3  # of the most probable sums

st.title("Long addition", anchor=False)
st.write(
    "Two numbers, added as at school. The network reads one digit at a time and was never shown a number of two "
    "digits; the rest is arithmetic with what it is unsure of."
)
available = [
    (run, result)
    for run, result in picker.loadable_or_stop()
    if run.network.names_digits or not run.network.reads_pairs
]
if not available:
    st.info("No network here names digits. Train sum_posterior, or one that reads single digits, then come back.")
    st.stop()
left, right = st.columns(2, vertical_alignment="bottom")  # so that a laptop shows the sum written out, too
with left:
    run, result = picker.choose_run(available, "Networks that name digits. sum_posterior learned them from sums alone.")
try:
    read = answers.as_pairs(cached.answers_of(run))
except store.RunError as error:
    picker.stop_unloadable(error)
with right:
    numbers = column_addition.choose(run, read)
columns = long_addition.columns_of(numbers.top, numbers.bottom)
likely = long_addition.most_probable(columns, MOST_SHOWN)
total, chance = likely[0]
judged = "" if numbers.truth is None else " Right."
if numbers.truth is not None and numbers.truth != total:
    given = long_addition.probability(columns, numbers.truth)
    judged = f" It is {numbers.truth:,}, which gets {percent(given, 1)}."
answer.show("The sum is", f"{percent(chance)} sure.{judged}", total)
column_addition.show(numbers, columns, total)
if len(likely) > 1:
    others = ", ".join(f"{total:,} ({percent(chance, 1)})" for total, chance in likely[1:])
    st.caption(f"The next most probable sums: {others}.")
st.caption(picker.run_description(run, result))

st.header("How far does it go?", anchor=False)
far.show(run)
