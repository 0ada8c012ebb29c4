"""Which pages there are, and under which addresses: the script of every visit, run by app.py."""

from pathlib import Path

import streamlit as st

st.set_page_config(page_title="Digit Sum Lab", layout="wide")
st.html(Path(__file__).parent / "shared/style.css")
st.navigation(
    {
        "Lab": [
            st.Page("draw/page.py", title="Draw", default=True),
            st.Page("train/page.py", title="Train", url_path="train"),
            st.Page("compare/page.py", title="Compare", url_path="compare"),
            st.Page("report/page.py", title="Report", url_path="report"),
            st.Page("pocket/page.py", title="Pocket", url_path="pocket"),
        ],
        "Insight": [
            st.Page("inside/page.py", title="Inside", url_path="inside"),
            st.Page("mistakes/page.py", title="Mistakes", url_path="mistakes"),
            st.Page("long_addition/page.py", title="Long addition", url_path="long_addition"),
            st.Page("questions/page.py", title="Change the question", url_path="questions"),
        ],
        "Theory": [
            st.Page("theory/convolution/page.py", title="Convolution", url_path="convolution"),
            st.Page("theory/relu/page.py", title="ReLU", url_path="relu"),
            st.Page("theory/backpropagation/page.py", title="Backpropagation", url_path="backpropagation"),
            st.Page("theory/counting/page.py", title="Counting", url_path="counting"),
        ],
    },
    position="top",
).run()
