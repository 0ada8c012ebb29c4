"""The report's theoretical part 4: parameters against constraints, in a calculator and for every network of the app."""

import streamlit as st

from core.theory import counting
from pages.theory.counting import balance, calculator, findings

st.title("Counting", anchor=False)
st.markdown(
    "A **parameter** is a number that training may choose; a **constraint** is a number that the training data ask "
    "for, one for each image and category. **With more parameters than constraints a network could learn its images by "
    "heart instead of learning to read.**"
)
st.markdown(
    r"$$\text{convolution: } F\cdot(k\cdot k\cdot C)+F\qquad\text{FC: } n\cdot m+m\qquad"
    r"\text{constraints: images}\times\text{categories}$$"
)

st.header("A calculator, with the report's three questions", anchor=False)
calculator.show()

st.header("Every network of the app", anchor=False)
balances = counting.balances()
st.markdown(
    "Each experiment counted the same way: the parameters of its network against the constraints of its own training "
    "set. The measured **gap** is train less test accuracy: how much better it does on what it has seen."
)
left, right = st.columns(2, gap="large")
with left:
    st.markdown("**Parameters against constraints.** Above the line there are more parameters.")
    balance.against(balances)
with right:
    st.markdown("**Does the count tell the gap?** A point for each experiment.")
    balance.gaps(balances)
findings.table(balances)
st.caption(
    "Accuracies are means over the runs here. Train accuracy is the end of the training curve, on batches as training "
    "saw them: where images are moved about or values dropped, that is harder than the test, so a gap may be negative."
)
st.subheader("What the count says, and what not", anchor=False)
findings.lessons(balances)
