"""The report's theoretical part 3: how a convolution learns, as a matrix, through the FFT, and in a real network."""

import streamlit as st

from pages.shared.subject import choose_subject
from pages.theory.backpropagation import layer, speed, toeplitz

st.title("Backpropagation", anchor=False)
st.markdown(
    "To learn, a network must know how its error changes with every weight: the gradient. For a filter this is a "
    "convolution again: **the signal slides along the error, and where the two agree the filter changes most.**"
)
st.markdown(
    r"$$(f*I)(x)=\sum_a f_a\,I_{x-a}\qquad\Rightarrow\qquad\frac{\partial\,(f*I)(x)}{\partial f_i}=I_{x-i}"
    r"\qquad\Rightarrow\qquad\nabla_{\!f}L=T^{\top}g$$"
)
st.markdown(
    "Here $T$ has the row $[I_x,\\ I_{x-1},\\ \\dots]$ for each place $x$, and $g$ is the gradient of the loss $L$ at "
    "the output. **The report's slip:** it calls $T$ circulant. Its diagonals are constant, so it is *Toeplitz*; it "
    "becomes part of a circulant matrix when the signal is padded with zeros, as below."
)
subject = choose_subject()

st.header("Five ways to one gradient", anchor=False)
toeplitz.show(subject.top)
st.header("What each way costs", anchor=False)
speed.show()
st.header("The same in a real network", anchor=False)
layer.show(subject)
