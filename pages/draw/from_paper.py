"""Digits from paper: a photograph or a picture of one digit or of both, with what was taken for ink shown in it."""

import numpy as np
import streamlit as st
from PIL import Image

from core.images.picture import WHOLE, Crop, PictureError, box_of, open_picture, read_picture
from pages.draw import canvas, frame
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
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Turn", on_click=_turn, args=(file.file_id,), help="By a quarter, clockwise.")
        st.caption("Too much in it? Drag a corner, or move it with the arrow keys.", width="stretch")
    halves = HALVES if shows == "both" else (shows,)
    turns, key = st.session_state.get(TURNS, 0), _frame_key(file.file_id)
    crop = frame.moved_to(key)
    try:
        whole = open_picture(file, turns)
    except PictureError as error:
        st.error(f"The picture {plain(error)}. Take another one.")
        return
    try:
        framed = whole if crop == WHOLE else open_picture(file, turns, crop)
        reading = read_picture(framed, len(halves))
    except PictureError as error:
        frame.show(_coloured(whole.grey, crop, {}), key)
        st.error(f"The picture {plain(error)}. Turn it, drag a corner inwards, or take another one.")
        return
    frame.show(_coloured(whole.grey, crop, dict(zip(halves, reading.masks, strict=True))), key)
    digits = [
        pictures.digit_image(digit, half, half, answer.half_name(half))
        for half, digit in zip(halves, reading.digits, strict=True)
    ]
    st.html(f'<div class="digits small">{"".join(digits)}</div>')
    if st.button("Read them" if shows == "both" else "Read it", type="primary", key="paper_read"):
        canvas.take_in()
        for half, digit in zip(halves, reading.digits, strict=True):
            show_digit(half, digit, None)
            canvas.restart(half)
        st.session_state[TURNS] = 0
        st.rerun()


def _frame_key(file_id):
    """The session's key of the frame: another file, or a turn, has a frame of its own."""
    return f"paper_frame_{file_id}_{st.session_state.get(TURNS, 0)}"


def _turn(file_id):
    """Turn the picture by a quarter, clockwise, and what is framed of it with it."""
    left, top, right, bottom = frame.moved_to(_frame_key(file_id))
    st.session_state[TURNS] = (st.session_state.get(TURNS, 0) + 1) % 4
    frame.move(_frame_key(file_id), (1 - bottom, left, 1 - top, right))


def _coloured(grey: np.ndarray, crop: Crop, masks: dict[str, np.ndarray]) -> Image.Image:
    """Draw a picture (height, width) in grey, and within `crop`, in each half's colour, what was taken for its ink."""
    picture = Image.fromarray(np.rint(255 * grey).astype(np.uint8)).convert("RGB")
    left, top, right, bottom = box_of(crop, picture.size)
    for half, mask in masks.items():
        ink = Image.fromarray(255 * mask.astype(np.uint8)).resize((right - left, bottom - top))
        picture.paste(COLOURS[half], (left, top), ink)
    return picture
