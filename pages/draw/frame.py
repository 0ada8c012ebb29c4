"""A picture with a frame over it, whose four corners are moved by mouse, finger or arrow keys; frame.js moves them."""

from pathlib import Path

import streamlit as st
from PIL import Image

from core.images.picture import WHOLE, Crop
from pages.shared import pictures

CORNERS = {  # its name → its sides, as numbers of a crop
    "Upper left": (0, 1),
    "Upper right": (2, 1),
    "Lower left": (0, 3),
    "Lower right": (2, 3),
}
HANDLES = "".join(
    f'<b role="slider" tabindex="0" aria-label="{name} corner" data-across="{across}" data-down="{down}"></b>'
    for name, (across, down) in CORNERS.items()
)
_component = st.components.v2.component(
    "frame_over_picture",
    html=f'<div class="picture-frame"><div><img alt="What was taken for ink is in colour"><i></i></div>{HANDLES}</div>',
    js=(Path(__file__).parent / "frame.js").read_text(),
    isolate_styles=False,  # its styles are in style.css
)


def show(picture: Image.Image, key: str) -> None:
    """Show a picture with the frame over it as it was last moved."""
    _component(
        key=key,
        data={"picture": pictures.png_url(picture), "crop": moved_to(key)},
        on_crop_change=lambda: None,  # without it Streamlit keeps nothing that the browser tells
    )


def moved_to(key: str) -> Crop:
    """Return the crop that the frame was moved to; `WHOLE` before, and for anything else that a browser sends."""
    try:
        left, top, right, bottom = st.session_state[key]["crop"]
        if 0 <= left < right <= 1 and 0 <= top < bottom <= 1:
            return left, top, right, bottom
    except (KeyError, TypeError, ValueError):
        pass
    return WHOLE


def move(key: str, crop: Crop) -> None:
    """Let the frame start from `crop`. Comes before it is first shown."""
    st.session_state[key] = {"crop": crop}
