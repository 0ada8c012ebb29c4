"""What the draw page says of the network that answers."""

import html

import numpy as np
import streamlit as st

from core.model import forward
from core.model.forward import Weights
from core.model.networks import Network, uncut


def about(network: Network, weights: Weights, top: np.ndarray | None, bottom: np.ndarray | None) -> None:
    """A network's idea, its layers with the parameter arithmetic, and what cutting the halves apart changes."""
    st.write(network.summary)
    st.html(
        f"<pre class='arithmetic'>{html.escape(chr(10).join(network.parameter_lines))}</pre>"
    )  # st.code brings a highlighter along
    read = "pair of digits" if network.reads_pairs else "digit"
    st.write(f"One {read} takes {network.multiply_adds / 1e6:.1f} million multiply-adds.")
    if network.reads_pairs:
        st.write("The two halves are cut apart before the first convolution, so neither sees the other's edge.")
        if top is not None and bottom is not None and st.toggle("Read them as one picture of 56×28"):
            whole = forward.predict(uncut(network), weights, top, bottom)
            st.write(f"The sum is {whole.sum}, {forward.percent(whole.sum_probabilities.max())} sure.")
