"""What is drawn, for as long as the session lives: for each half a history, whose last entry is what is shown."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from PIL import Image

from core.images import pen
from pages.shared.colours import COLOURS
from pages.shared.pictures import png_url

HALVES = ("top", "bottom")
SIDE_PIXELS = pen.CANVAS  # of a canvas, along each axis
LONGEST_HISTORY = 40


@dataclass(frozen=True)
class Drawing:
    """What one canvas shows: the strokes as the component describes them, and the digit they make, if any.

    `picture` (28, 28) is the test image under the strokes, if there is one; `label` is its true digit as long as
    nobody has drawn over it. `change` counts what has been shown in either half.
    """

    strokes: dict
    digit: np.ndarray | None
    picture: np.ndarray | None = None
    label: int | None = None
    change: int = 0


BLANK = Drawing({"objects": []}, None)


def histories() -> dict[str, list[Drawing]]:
    """Return all that each half has shown, the last of it now."""
    if "histories" not in st.session_state:
        st.session_state.histories = {half: [BLANK] for half in HALVES}
    return st.session_state.histories


def drawings() -> dict[str, Drawing]:
    """Return what each half shows now."""
    return {half: history[-1] for half, history in histories().items()}


def push(half: str, drawing: Drawing) -> None:
    """Let a half show something else; Undo brings back what it showed."""
    history = histories()[half]
    latest = max(shown.change for shown in drawings().values())
    history.append(replace(drawing, change=latest + 1))
    del history[:-LONGEST_HISTORY]


def show_digit(half: str, digit: np.ndarray, label: int | None) -> None:
    """Let a half show an image (28, 28) uint8, whose true digit is `label` if that is known."""
    push(half, Drawing({"objects": [picture(digit, half)]}, digit, digit, label))


def picture(digit: np.ndarray, half: str) -> dict:
    """Return a digit's pixels as an object of the canvas, which the pen can draw over: opaque where it is bright."""
    image = Image.new("RGB", (SIDE_PIXELS, SIDE_PIXELS), COLOURS[half])
    image.putalpha(Image.fromarray(digit).resize(image.size, Image.Resampling.BICUBIC))
    return {
        "type": "Image",
        "left": 0,
        "top": 0,
        "originX": "left",
        "originY": "top",
        "width": SIDE_PIXELS,
        "height": SIDE_PIXELS,
        "src": png_url(image),
    }
