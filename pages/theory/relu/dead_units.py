"""The dead units of a trained network, counted over 1,000 test digits, and cut out."""

import html

import numpy as np
import streamlit as st

from core.images import mnist
from core.model import forward
from core.runs import store
from core.theory import relu
from pages.shared import picker
from pages.shared.cached import cached, weights_of
from pages.shared.curves import PALETTE
from pages.shared.readings import run_name
from pages.shared.text import small


@cached(max_entries=8)
def _activity(run: store.Run) -> list[relu.LayerActivity]:
    text = "Reading 1,000 test digits, for the first time with these weights."
    bar, digits = st.progress(0.0, text), mnist.embedded().test_images
    layers = relu.activity(run.network, weights_of(run), digits, lambda done: bar.progress(done, text))
    bar.empty()
    return layers


def show() -> None:
    available = picker.loadable_or_stop()
    run, result = picker.choose_run(available)
    st.caption(picker.run_description(run, result))
    weights = picker.weights_or_stop(run)
    layers = _activity(run)
    if not layers:
        st.info(f"{run_name(run)} has no ReLU, so none of its units can die. Choose another network.")
        return
    st.write(
        "A filter or unit counts as dead if it answers 0 to every one of the 1,000 embedded test digits, a filter at "
        "every pixel. Dead on these 1,000, that is: another picture might still wake it."
    )
    for layer in layers:
        _layer(layer)
    _cut(run, weights, layers)


def _layer(layer):
    dead, count = len(layer.dead), len(layer.shares)
    st.html(f'<p class="identity"><b>{dead}</b> of {count:,} {layer.kind} dead after {html.escape(layer.label)}</p>')
    answering = layer.shares[layer.shares > 0]
    tenths = np.histogram(answering, bins=10, range=(0, 1))[0].tolist()
    names = ["never", *(f"≤{percent}" for percent in range(10, 101, 10))]
    counts = [dead, *tenths]
    columns = "".join(
        f'<div class="{"never" if name == "never" else ""}"><em>{number or ""}</em>'
        f'<i style="height:{70 * number / max(counts):.1f}%;background:{PALETTE[0]}"></i><span>{name}</span></div>'
        for name, number in zip(names, counts, strict=True)
    )
    label = (
        f"How often they answer: {dead} of {count} never, the median of all in {np.median(layer.shares):.1%} of cases"
    )
    st.html(f'<div class="bars" role="img" aria-label="{html.escape(label)}">{columns}</div>')
    of = "digits and pixels" if layer.kind == "filters" else "digits"
    st.caption(f"How many {layer.kind} answer more than 0 to how many per cent of all {of}, ten per cent a bar.")


def _cut(run, weights, layers):
    numbers = relu.into_dead(weights, layers)
    if not numbers:
        st.write("Nothing is dead here: every filter and unit answers to some digit.")
        return
    st.subheader("Cut them out", anchor=False)
    st.write(
        f"{numbers:,} of the network's {run.network.parameters:,} parameters lead into dead units. Set to 0 they "
        "should change no answer."
    )
    if not st.button("Set them to 0 and read the 1,000 digits again", key="cut"):
        return
    inputs = relu.as_inputs(run.network, mnist.embedded().test_images)
    text = "Reading the digits with the network as it is, and again with these parameters at 0."
    bar, cut = st.progress(0.0, text), relu.cut_out(weights, layers)
    before = forward.logits(run.network, weights, inputs, lambda done: bar.progress(done / 2, text))
    after = forward.logits(run.network, cut, inputs, lambda done: bar.progress(0.5 + done / 2, text))
    bar.empty()
    most = np.abs(before - after).max()
    st.html(f'<p class="identity">max |difference| of {before.size:,} logits = <b>{small(most)}</b></p>')
