"""Which pages there are, and under which addresses: the script of every visit, run by app.py."""

import streamlit as st

st.set_page_config(page_title="Digit Sum Lab", layout="wide")
st.navigation(
    {
        "Lab": [
            st.Page("lab/draw.py", title="Draw", default=True),
            st.Page("lab/train.py", title="Train", url_path="train"),
            st.Page("lab/compare.py", title="Compare", url_path="compare"),
            st.Page("lab/report.py", title="Report", url_path="report"),
            st.Page("lab/pocket.py", title="Pocket", url_path="pocket"),
        ],
        "Insight": [
            st.Page("insight/inside.py", title="Inside", url_path="inside"),
            st.Page("insight/mistakes.py", title="Mistakes", url_path="mistakes"),
        ],
        "Theory": [
            st.Page("theory/convolution.py", title="Convolution", url_path="convolution"),
            st.Page("theory/relu.py", title="ReLU", url_path="relu"),
            st.Page("theory/backpropagation.py", title="Backpropagation", url_path="backpropagation"),
            st.Page("theory/counting.py", title="Counting", url_path="counting"),
        ],
    },
    position="top",
).run()
