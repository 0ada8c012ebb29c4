"""Digits from paper: a photograph or a picture of one digit or of both, with what was taken for ink shown in it."""

import contextlib

import numpy as np
import streamlit as st
from PIL import Image, ImageColor

from core.images.picture import PictureError, Reading, grey_picture, read_picture
from pages.draw import canvas
from pages.shared import answer, pictures
from pages.shared.colours import COLOURS
from pages.shared.drawings import HALVES, show_digit
from pages.shared.one_of import one_of
from pages.shared.text import plain

TYPES = ["png", "jpg", "jpeg", "bmp", "gif", "tiff", "webp"]
SHOWS = {"both": "Both digits", "top": "Left or top", "bottom": "Right or bottom"}  # what a picture shows, in words
TURNS = "paper_turns"  # key of the session: the quarters by which the picture was turned


@st.dialog("Digits from paper", width="medium")
def from_paper() -> None:
    """Take a picture, show what is read in it, let it be turned and cropped, and put its digits into the frames."""
    shows = one_of(st.segmented_control, "The picture shows", list(SHOWS), "paper_shows", format_func=SHOWS.get)
    by_camera = st.toggle("Use the camera", key="paper_camera", help="Your browser asks you first.")
    if by_camera:
        file = st.camera_input("Hold the page flat and near", key="paper_photo")
    else:
        file = st.file_uploader("A photograph or a scan", TYPES, key="paper_file")
    if file is None:
        st.caption("Dark pen on light paper, or chalk on a board. Both digits: beside or above each other, with a gap.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Turn", on_click=_turn, help="By a quarter, clockwise.")
        across = st.slider("Left and right edge", 0, 100, (0, 100), format="%d%%", key="paper_across")
        down = st.slider("Upper and lower edge", 0, 100, (0, 100), format="%d%%", key="paper_down")
    turns = st.session_state.get(TURNS, 0)
    crop = (across[0] / 100, down[0] / 100, across[1] / 100, down[1] / 100)
    try:
        reading = read_picture(file, 2 if shows == "both" else 1, turns, crop)
    except PictureError as error:
        with contextlib.suppress(PictureError):  # of a file that is no picture there is nothing to show
            st.image(grey_picture(file, turns, crop), clamp=True)
        st.error(f"The picture {plain(error)}. Turn it, move its edges inwards, or take another one.")
        return
    halves = HALVES if shows == "both" else (shows,)
    ink = pictures.png_url(_coloured(reading, halves))
    digits = [
        pictures.digit_image(digit, half, half, answer.half_name(half))
        for half, digit in zip(halves, reading.digits, strict=True)
    ]
    st.html(f'<img class="paper" alt="What was taken for ink is in colour" src="{ink}">')
    st.html(f'<div class="digits small">{"".join(digits)}</div>')
    if st.button("Read them" if shows == "both" else "Read it", type="primary", key="paper_read"):
        canvas.take_in()
        for half, digit in zip(halves, reading.digits, strict=True):
            show_digit(half, digit, None)
            canvas.restart(half)
        st.session_state[TURNS] = 0
        st.rerun()


def _turn():
    st.session_state[TURNS] = (st.session_state.get(TURNS, 0) + 1) % 4


def _coloured(reading: Reading, halves):
    """The picture in grey, and in each half's colour what was taken for its ink."""
    grey = np.clip(255 * reading.grey, 0, 255)
    pixels = np.repeat(grey[..., None], 3, axis=2)
    for half, mask in zip(halves, reading.masks, strict=True):
        pixels[mask] = ImageColor.getrgb(COLOURS[half])
    return Image.fromarray(pixels.astype(np.uint8))
