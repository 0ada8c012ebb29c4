"""Draw two digits and read their sum."""

import streamlit as st

from core import likeness
from core.model import forward
from core.teach import Pair
from pages.draw import about, canvas, instead, teaching
from pages.draw.from_paper import from_paper
from pages.shared import answer, cached, phone, picker, pictures
from pages.shared.colours import COLOURS, SUM_COLOUR

available = cached.loadable_runs()
if not available:
    st.title("Draw two digits")
    st.info("No checkpoint yet. Train one with `python -m core train --network sum_posterior`, then reload this page.")
    st.stop()

canvas.take_in()
with st.container(key="draw"):  # style.css sets its parts beside each other, or one above the other
    paper, reading = st.container(key="paper"), st.container(key="reading")

with paper:
    with st.container(key="heading", horizontal=True, vertical_alignment="center"):
        st.title("Digit Sum Lab", anchor=False, width="content")
        st.toggle("Side by side", True, key="side_by_side", persist_state="session")
    st.html('<p class="what-this-is">A neural network reads the two digits that you draw, and says their sum.</p>')
    with st.container(key="halves"):
        for half in canvas.HALVES:
            with st.container(key=f"{half}_half"):
                with st.container(key=f"{half}_controls", horizontal=True, vertical_alignment="center"):
                    st.html(f'<b class="half-name">{answer.half_name(half)} digit</b>', width="content")
                    nothing = not canvas.can_undo(half)
                    st.button("Undo", key=f"{half}_undo", on_click=canvas.undo, args=(half,), disabled=nothing)
                    st.button("Clear", key=f"{half}_clear", on_click=canvas.clear, args=(half,))
                canvas.draw_canvas(half)
    with st.container(key="actions", horizontal=True):
        st.button("Clear both", key="clear_both", on_click=canvas.clear, args=canvas.HALVES, help="Key C. U undoes.")
        st.button("Swap", on_click=canvas.swap, help="The two digits change places. Does the sum stay?")
        st.button(
            "Surprise me",
            key="surprise",
            on_click=canvas.surprise,
            help="Fills both frames with handwritten digits that no network here was trained on. Key S.",
        )
        instead.choose_digits()
        if st.button("From paper", key="from_paper", help="A photograph, a scan, or the camera."):
            from_paper()
    canvas.scripts()
canvas.take_over()

drawn = canvas.drawings()
digits = {half: digit for half in canvas.HALVES if (digit := drawn[half].digit) is not None}
prediction = shown = None

with reading:
    in_sight, judged = st.container(key="in_sight"), st.container(key="teaching")
    run, result = picker.choose_run(
        available, "Networks that read sums come first, then those that read single digits."
    )
    st.caption(picker.run_description(run, result))
    trained = picker.weights_or_stop(run)
    with judged.empty():  # a slot of its own: a bar in the slot of "Not right?" would take the focus of that
        weights = teaching.taught(run, trained)

    # of a test digit it is known that it is one
    unknown = {half: None if drawn[half].label is not None else drawn[half].digit for half in canvas.HALVES}
    doubted = likeness.doubted(run.network, trained, result, unknown)
    if len(digits) == 2:
        prediction = forward.predict(run.network, weights, digits["top"], digits["bottom"])
        shown = Pair(digits["top"], digits["bottom"], prediction.sum)
    with in_sight:
        if not digits:
            answer.show("Draw two digits", "One in each frame, with mouse, finger or pen. Or press Surprise me.")
        elif prediction is None:
            [(half, digit)] = digits.items()
            named = forward.predict_digit(run.network, weights, digit, half)
            note = "A sum needs two."
            if named is not None:
                note += f" This one looks like a {named.argmax()} ({forward.percent(named.max())})."
            if doubted:
                note += f" It {likeness.DIFFERENT}."
            answer.show("Now draw the other digit", note)
        else:
            labels = [label for half in canvas.HALVES if (label := drawn[half].label) is not None]
            truth = f" The true sum is {sum(labels)}: {labels[0]} + {labels[1]}." if len(labels) == 2 else ""
            order = {"top": "first", "bottom": "second"}  # the frames are below or beside each other
            doubts = "".join(f" The {order[half]} drawing {likeness.DIFFERENT}." for half in doubted)
            answer.show("The sum is", f"{prediction.reading}{truth}{doubts}", prediction.sum)
    with judged:
        teaching.offer(run, trained, shown)

    if prediction is not None:
        answer.bars("Probability of each sum", prediction.sum_probabilities, SUM_COLOUR)
    if digits:
        st.markdown("**What the network sees**, 28×28 pixels each")
        images = [pictures.digit_image(drawn[half].digit, half, half, answer.half_name(half)) for half in canvas.HALVES]
        st.html(f'<div class="digits">{"".join(images)}</div>')

    if prediction is not None and prediction.digit_probabilities is not None:
        st.header("How the two digits become a sum", anchor=False)
        for half, probabilities in zip(canvas.HALVES, prediction.digit_probabilities, strict=True):
            answer.bars(f"{answer.half_name(half)} digit", probabilities, COLOURS[half], low=True)
        answer.products(*prediction.digit_probabilities)

    with st.popover("On your phone"):
        phone.offer(run)
    with st.expander("About this network"):
        about.about(run.network, weights, drawn["top"].digit, drawn["bottom"].digit)
