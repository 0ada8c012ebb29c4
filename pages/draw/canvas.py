"""The two drawing canvases: what they tell is taken in, and Undo, Clear, Swap and Surprise me change what they show.

The canvas component tells its drawing after each stroke and knows nothing of our buttons. So the drawings live in the
session (drawings.py), and a button changes them and then makes the canvas start again from what it should show.
"""

import base64
import contextlib
import dataclasses
import io
import re
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image
from streamlit_drawable_canvas import st_canvas

from core.images import ink, mnist, pen
from pages.shared.colours import COLOURS
from pages.shared.drawings import BLANK, HALVES, SIDE_PIXELS, Drawing, drawings, histories, picture, push, show_digit
from pages.shared.streamlit_internals import skip_pandas

skip_pandas()

MOST_STROKES = 500

SCRIPT = f"<script>{(Path(__file__).parent / 'canvas.js').read_text()}</script>"


def scripts() -> None:
    """Put into the page what the canvases need of the browser, told anew of each start and of the last change."""
    # it lets a held pen draw: it runs at first and whenever canvases have told that they started again
    started = [st.session_state.get(f"{half}_started") for half in HALVES]
    release = f"<script>window.digitSumLabReleasePen?.();  // {started}</script>"
    with st.container(key="scripts", gap=None):
        st.html(SCRIPT, unsafe_allow_javascript=True)
        st.html(release, unsafe_allow_javascript=True)
        st.html(f'<i class="last-changed" data-half="{last_changed()}"></i>')
        st.button("Tell again", key="tell_again")  # pressed by the script alone, when the server was away


def take_in() -> None:
    """Take in what was drawn since the last look. Comes first in a rerun and in every button, before they change it."""
    for half in HALVES:
        strokes, picture = _reported(half)
        if picture is None:
            continue
        st.session_state[f"{half}_started"] = st.session_state[f"{half}_number"]
        if strokes["objects"] == st.session_state.get(f"{half}_taken"):
            continue
        st.session_state[f"{half}_taken"] = strokes["objects"]
        shown, digit = drawings()[half], ink.digit_from_canvas(picture)
        known, drawn = len(shown.strokes["objects"]), len(strokes["objects"])
        if drawn == known:  # the component tells back what it was started from
            if shown.digit is None:
                histories()[half][-1] = dataclasses.replace(shown, digit=digit)
            continue
        # strokes in quick succession come together, but each is one to undo; its digit is told when it is shown again
        for count in range(known + 1, drawn):
            push(half, Drawing({"objects": strokes["objects"][:count]}, None, shown.picture))
        push(half, Drawing(strokes, digit, shown.picture))


def draw_canvas(half: str) -> None:
    """Show the canvas of a half."""
    state, key = st.session_state, f"{half}_canvas"
    # the first visit, or back from another page, which made the component forget, or the server forgot the session
    if key not in state or f"{half}_start" not in state:
        restart(half)
    # the canvas is in the page by the time that its package takes for granted what the browser told; `take_in` does not
    with contextlib.suppress(AttributeError, KeyError, TypeError):
        st_canvas(
            stroke_width=pen.PEN,
            stroke_color=COLOURS[half],
            background_color=state[f"{half}_background"],
            width=SIDE_PIXELS,
            height=SIDE_PIXELS,
            initial_drawing=state[f"{half}_start"],
            return_image_data=True,
            key=key,
        )


def take_over() -> None:
    """Show again what the browser still shows of a session that ended with its server, and was never told here.

    Comes once the canvases are in the page, as only then the session knows what the browser told of them.
    """
    state, taken_over = st.session_state, False
    for half in HALVES:
        if state.get(f"{half}_number") != 1 or f"{half}_taken" in state:
            continue
        strokes, pixels, background = _told(half)
        if pixels is None or not strokes["objects"]:
            continue
        digit = ink.digit_from_canvas(pixels)
        has_picture = any(shape.get("type") == "Image" for shape in strokes["objects"])
        push(half, Drawing(strokes, digit, digit if has_picture else None))
        state[f"{half}_taken"], state[f"{half}_number"] = strokes["objects"], int(background[1:7], 16)
        restart(half)
        taken_over = True
    if taken_over:
        st.rerun()


def restart(*halves: str) -> None:
    """Make the canvases start again from what they should show now.

    Each start has a background of its own: fully transparent, its colour a running number. It makes the component load
    the drawing again, and every report carries it, so that one from before the start is known as late and left out.
    """
    for half in halves:
        number = (st.session_state.get(f"{half}_number", 0) + 1) % 2**24
        st.session_state[f"{half}_number"] = number
        st.session_state[f"{half}_background"] = f"#{number:06x}00"
        st.session_state[f"{half}_start"] = drawings()[half].strokes


def undo(half: str) -> None:
    """Back to what the half showed before its last change."""
    take_in()
    history = histories()[half]
    if len(history) > 1:
        history.pop()
    restart(half)


def clear(*halves: str) -> None:
    """Blank canvases; Undo brings the drawings back."""
    take_in()
    for half in halves:
        if drawings()[half].strokes["objects"]:
            push(half, BLANK)
        restart(half)


def swap() -> None:
    """The top digit becomes the bottom one, and the other way round."""
    take_in()
    shown = drawings()
    if any(drawing.strokes["objects"] for drawing in shown.values()):
        for half, other in zip(HALVES, reversed(HALVES), strict=True):
            push(half, _in_colour_of(half, shown[other]))
    restart(*HALVES)


def surprise() -> None:
    """A random pair of test digits, which no training here has seen."""
    take_in()
    data, generator = mnist.embedded(), np.random.default_rng()
    for half in HALVES:
        index = generator.integers(len(data.test_labels))
        show_digit(half, data.test_images[index], int(data.test_labels[index]))
        restart(half)


def last_changed() -> str:
    """The half whose last change is the latest of all that can be taken back; "" where nothing can."""
    changes = {half: histories()[half][-1].change for half in HALVES if can_undo(half)}
    return max(changes, key=lambda half: changes[half], default="")


def can_undo(half: str) -> bool:
    """Whether there is a change to take back."""
    return len(histories()[half]) > 1


def _reported(half):
    """The strokes and the pixels that the canvas last reported; pixels None if there are none of its present start."""
    strokes, pixels, background = _told(half)
    if background != st.session_state.get(f"{half}_background"):
        return BLANK.strokes, None
    return strokes, pixels


def _told(half):
    """The strokes, pixels and background that the browser last told of a canvas; pixels None for anything else.

    What a browser sends can be forged, so nothing is taken for granted.
    """
    try:
        drawing = st.session_state[f"{half}_canvas"]["drawing"]
        strokes, url = drawing["raw"], drawing["data"]
        objects, background = strokes["objects"], strokes["background"]
        if len(objects) > MOST_STROKES or not re.fullmatch("#[0-9a-f]{6}00", background):
            return BLANK.strokes, None, None
        if not (isinstance(objects, list) and all(isinstance(shape, dict) for shape in objects)):
            return BLANK.strokes, None, None
        return {"objects": objects}, _pixels(url), background
    except (AttributeError, KeyError, TypeError, ValueError):
        return BLANK.strokes, None, None


def _pixels(url):
    """The canvas' RGBA pixels from the data URL of a PNG. Raises ValueError or TypeError for anything else."""
    try:
        with Image.open(io.BytesIO(base64.b64decode(url.split(",", 1)[1])), formats=["PNG"]) as picture:
            if picture.size == (SIDE_PIXELS, SIDE_PIXELS):
                return np.asarray(picture.convert("RGBA"))
    except (AttributeError, IndexError, OSError, SyntaxError) as error:
        raise ValueError("not a canvas") from error
    raise ValueError("not a canvas of ours")


def _in_colour_of(half, drawing):
    objects = [
        {**shape, "stroke": COLOURS[half]} if shape.get("type") != "Image" else picture(drawing.picture, half)
        for shape in drawing.strokes["objects"]
        if shape.get("type") != "Image" or drawing.picture is not None
    ]
    return dataclasses.replace(drawing, strokes={"objects": objects})
