"""The linear network is one matrix: its layers multiplied out, and held against the layered network."""

import numpy as np
import streamlit as st

from core.insight.one_matrix import is_linear, multiplied_out
from core.model import forward
from core.model.networks import SIDE
from core.model.operations import DIGITS
from pages.inside.halves import choose_half
from pages.shared import cached, pictures
from pages.shared.cached import answers_of, test_set
from pages.shared.text import number, plain

COMPARED = 1000  # test digits
PAIRS = ("your pair", "swapped", "half of each")


def show(run, weights, subject) -> None:
    linear = is_linear(run.network)
    if not linear:
        _offer_linear(run)
    if run.network.reads_pairs:
        _halfway(run, weights, subject)
        return
    half = choose_half()
    one = multiplied_out(run.network, weights, subject.digit(half))
    layered, images = answers_of(run).top[:COMPARED], test_set().test_images[:COMPARED]
    multiplied = one.logits(images)
    apart = float(np.abs(multiplied - layered).max())
    if linear:
        _say_equal(run.network, one, layered, apart)
    else:
        same = (multiplied.argmax(axis=1) == layered.argmax(axis=1)).mean()
        _say_different(run.network, one, layered, apart, same)
    _pictures(one)
    _for_digit(one, run, weights, subject.digit(half))


def _say_equal(network, one, layered, apart):
    st.html(
        f'<p class="fact"><b>{network.parameters:,}</b> parameters act as <b>{one.parameters:,}</b>: '
        f"{SIDE * SIDE}×{DIGITS} of one matrix and {DIGITS} of its bias.</p>"
    )
    st.write(
        f"Without a ReLU every layer multiplies and adds, so all of them are one multiplication. On {len(layered):,} "
        f"test digits the matrix and the layers differ by {apart:.1e} at most, with logits up to "
        f"{np.abs(layered).max():.1f}: what float32 rounds away."
    )


def _say_different(network, one, layered, apart, same):
    st.html(
        f'<p class="fact">This digit\'s matrix misses other digits by up to <b>{apart:.1f}</b>, with logits up to '
        f"{np.abs(layered).max():.1f}.</p>"
    )
    st.write(
        "While one digit is read, every ReLU is open or shut, and what is left is a matrix too. Another digit opens "
        f"others, and needs another matrix: this one gives the network's answer to {same:.1%} of {len(layered):,} test "
        f"digits. So the {network.parameters:,} parameters are not worth a mere {one.parameters:,}."
    )


def _offer_linear(run):
    there = next((other.name for other, _ in cached.loadable_runs() if is_linear(other.network)), None)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.write(
            f"`{run.network.name}` has layers that are not linear. The report's question 2 is a network without any."
        )
        if there is None:
            st.page_link("train/page.py", label="Train linear")
        else:
            st.button(f"Show {plain(there)}", on_click=_choose, args=(there,), type="primary")


def _choose(name):
    st.session_state["run"] = name


def _halfway(run, weights, subject):
    """A linear network answers to the mean of two pictures with the mean of its answers."""
    top, bottom = (digit.astype(np.float32) / 255 for digit in (subject.top, subject.bottom))
    pairs = np.stack([np.concatenate(pair) for pair in ((top, bottom), (bottom, top))])
    mean = pairs.mean(axis=0, keepdims=True)
    of_pairs, of_mean = np.split(forward.logits(run.network, weights, np.concatenate([pairs, mean])), [2])
    apart = np.abs(of_mean[0] - of_pairs.mean(axis=0)).max()
    st.html(
        f'<p class="fact">Half of one picture and half of another: a linear network would answer with half of each '
        f"answer. This one misses that by up to <b>{apart:.2f}</b>, with logits up to {np.abs(of_pairs).max():.1f}.</p>"
    )
    images = zip((*pairs, mean[0]), PAIRS, strict=True)
    st.html(
        pictures.row([pictures.figure(pictures.grey_url(image), caption, caption, "tall") for image, caption in images])
    )


def _pictures(one):
    largest = float(np.abs(one.matrix).max())
    st.subheader("The matrix: a picture for each digit", anchor=False)
    columns = [pictures.signed_url(column.reshape(SIDE, SIDE), largest) for column in one.matrix.T]
    figures = [pictures.figure(picture, f"weights of {d}", str(d), "wide") for d, picture in enumerate(columns)]
    st.html(pictures.row(figures) + pictures.legend(largest))
    st.caption("Ink on green speaks for the digit, ink on magenta against it. Multiply, add up: that is the logit.")


def _for_digit(one, run, weights, digit):
    st.subheader("What it says of this digit", anchor=False)
    logits, layered = one.logits(digit[None])[0], forward.logits(run.network, weights, digit[None])[0]
    answer = int(logits.argmax())
    products = one.products(digit, answer)
    st.html(
        f'<p class="fact">The matrix answers <b>{answer}</b>: the pixels add up to {number(products.sum(), ".3f")}, '
        f"the bias adds {number(one.bias[answer], '.3f')}, together {number(logits[answer], '.3f')}. The layers "
        f"say {number(layered[answer], '.3f')}.</p>"
    )
    weights_of = one.matrix[:, answer].reshape(SIDE, SIDE)
    figures = [
        pictures.figure(pictures.grey_url(digit, 255), "the digit", "the digit", "large"),
        pictures.figure(
            pictures.signed_url(weights_of), f"weights of {answer}", f"times the weights of {answer}", "large"
        ),
        pictures.figure(pictures.signed_url(products), "product, pixel by pixel", "what each pixel adds", "large"),
    ]
    st.html(pictures.row(figures) + pictures.legend(float(np.abs(products).max())))
    st.html(pictures.signed_bars("Logit of each digit", logits, [str(d) for d in range(DIGITS)]))
