"""Draw two digits and read their sum."""

import numpy as np
import streamlit as st

from core.model import forward
from pages.shared import canvas, parts

parts.style()
available = parts.loadable_runs()
if not available:
    st.title("Draw two digits")
    st.info("No checkpoint yet. Train one with `python -m core train --network sum_posterior`, then reload this page.")
    st.stop()

canvas.take_in()
side_by_side = st.session_state.get("side_by_side", False)
left, right = st.columns([3, 2] if side_by_side else [2, 3], gap="large")

with left:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("#### Digit Sum Lab", width="content")
        st.toggle(
            "Side by side", key="side_by_side", persist_state="session", on_change=canvas.restart, args=canvas.HALVES
        )
    frames = st.container(horizontal=side_by_side)
    for half in canvas.HALVES:
        with frames, st.container(key=f"{half}_half", width=canvas.SIDE_PIXELS):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{half.capitalize()} digit**", width="content")
                nothing = not canvas.can_undo(half)
                st.button("Undo", key=f"{half}_undo", on_click=canvas.undo, args=(half,), disabled=nothing)
                st.button("Clear", key=f"{half}_clear", on_click=canvas.clear, args=(half,))
            canvas.draw_canvas(half)
    with st.container(horizontal=True):
        st.button("Clear both", on_click=canvas.clear, args=canvas.HALVES)
        st.button("Swap", on_click=canvas.swap, help="The two digits change places. Does the sum stay?")
        st.button("Surprise me", on_click=canvas.surprise, help="Two random digits of MNIST, never trained on.")
    with st.container(gap=None):
        st.html(canvas.HIDE_TOOLBARS + canvas.HOLD_PEN, unsafe_allow_javascript=True)
        st.html(canvas.release_pen(), unsafe_allow_javascript=True)

drawn = canvas.drawings()
missing = [half for half in canvas.HALVES if drawn[half].digit is None]
prediction = None

with right:
    answer = st.container(key="answer")
    run, result = parts.choose_run(available)
    st.caption(parts.run_description(run, result))
    weights = parts.weights_or_stop(run)

    if not missing:
        prediction = forward.predict(run.network, weights, drawn["top"].digit, drawn["bottom"].digit)
    with answer:
        if len(missing) == 2:
            parts.answer("Draw two digits", "One in each frame, with mouse, finger or pen. Or press Surprise me.")
        elif missing:
            here = "bottom" if missing == ["top"] else "top"
            named = forward.predict_digit(run.network, weights, drawn[here].digit, here)
            note = "A sum needs two."
            if named is not None:
                note += f" The {here} one looks like a {named.argmax()} ({forward.percent(named.max())})."
            parts.answer(f"Now draw the {missing[0]} digit", note)
        else:
            labels = [drawn[half].label for half in canvas.HALVES]
            truth = "" if None in labels else f" The true sum is {sum(labels)}: {labels[0]} + {labels[1]}."
            parts.answer("The sum is", f"{prediction.reading}{truth}", prediction.sum)

    probabilities = np.zeros(19) if prediction is None else prediction.sum_probabilities
    parts.bars("Probability of each sum", probabilities, parts.SUM_COLOUR)
    st.markdown("**What the network sees**, 28×28 pixels each")
    images = [parts.digit_image(drawn[half].digit, half, half) for half in canvas.HALVES]
    st.html(f'<div class="digits">{"".join(images)}</div>')

    if prediction is not None and prediction.digit_probabilities is not None:
        st.subheader("How the two digits become a sum")
        for half, probabilities in zip(canvas.HALVES, prediction.digit_probabilities, strict=True):
            parts.bars(f"{half.capitalize()} digit", probabilities, parts.COLOURS[half], low=True)
        parts.products(*prediction.digit_probabilities)

    with st.expander("About this network"):
        parts.about(run.network, weights, drawn["top"].digit, drawn["bottom"].digit)
