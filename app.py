"""Digit Sum Lab: page configuration and navigation, nothing else."""

import streamlit as st

from pages.shared import limits  # noqa: F401, before anything imports NumPy, whose threads it limits

st.set_page_config(page_title="Digit Sum Lab", layout="wide")
st.navigation(
    {
        "Lab": [
            st.Page("pages/lab/draw.py", title="Draw", default=True),
            st.Page("pages/lab/train.py", title="Train", url_path="train"),
            st.Page("pages/lab/compare.py", title="Compare", url_path="compare"),
            st.Page("pages/lab/report.py", title="Report", url_path="report"),
        ],
        "Insight": [
            st.Page("pages/insight/inside.py", title="Inside", url_path="inside"),
            st.Page("pages/insight/mistakes.py", title="Mistakes", url_path="mistakes"),
        ],
        "Theory": [
            st.Page("pages/theory/convolution.py", title="Convolution", url_path="convolution"),
            st.Page("pages/theory/relu.py", title="ReLU", url_path="relu"),
            st.Page("pages/theory/backpropagation.py", title="Backpropagation", url_path="backpropagation"),
            st.Page("pages/theory/counting.py", title="Counting", url_path="counting"),
        ],
    },
    position="top",
).run()
