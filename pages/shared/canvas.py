"""The two drawing canvases: what they tell is taken in, and Undo, Clear, Swap and Surprise me change what they show.

The canvas component tells its drawing after each stroke and knows nothing of our buttons. So the drawings live in the
session (drawings.py), and a button changes them and then makes the canvas start again from what it should show.
"""

import base64
import contextlib
import dataclasses
import io

import numpy as np
import streamlit as st
from PIL import Image
from streamlit_drawable_canvas import st_canvas

from core.images import ink, mnist, pen
from pages.shared.drawings import BLANK, HALVES, SIDE_PIXELS, Drawing, drawings, histories, picture, place, push
from pages.shared.lean import skip_pandas
from pages.shared.parts import COLOURS

skip_pandas()

MOST_STROKES = 500

# The component's own toolbar is invisible until hovered and swallows touches at the canvas' top right; our buttons
# replace it. The component fills its shadow root some time after it is in the page, so we look again a little later.
HIDE_TOOLBARS = """<script>
(() => {
  const hide = () => document.querySelectorAll("[data-testid=stBidiComponentIsolated]").forEach(({ shadowRoot }) => {
    if (!shadowRoot || shadowRoot.querySelector("style.no-toolbar")) return;
    const style = document.createElement("style");
    style.className = "no-toolbar";
    style.textContent = ".dc-toolbar { display: none !important }";
    shadowRoot.append(style);
  });
  const soon = () => [0, 100, 500, 2000].forEach((milliseconds) => setTimeout(hide, milliseconds));
  soon();
  window.digitSumLabToolbars ??= new MutationObserver((changes) => {
    if (changes.some((change) => change.addedNodes.length)) soon();
  });
  window.digitSumLabToolbars.observe(document.body, { childList: true, subtree: true });
})();
</script>"""

# A canvas that starts again wipes away what was drawn since the button was pressed, untold. So the pen is held back
# from the press until the canvas tells that it has started, or gave up hope; then it draws at once what it was to draw.
# So every button starts a canvas again, also where it has nothing to change. And a stroke is told only 0.2 s after the
# pen was lifted, so until then a press on anything that starts a canvas again, or leaves the page, is held back too.
HOLD_PEN = """<script>
(() => {
  if (window.digitSumLabReleasePen) return;
  const held = [];
  let waiting = null, drawing = false, told = 0;
  const release = window.digitSumLabReleasePen = () => {
    clearTimeout(waiting);
    waiting = null;
    for (const [target, event] of held.splice(0)) target.dispatchEvent(event);
  };
  const hold = (event) => {
    const begins = event.type === "mousedown" || event.type === "touchstart", [target] = event.composedPath();
    const onCanvas = begins && target.matches("canvas.upper-canvas");
    drawing ||= onCanvas;
    if (drawing) told = event.timeStamp + 300;
    if (event.type === "mouseup" || event.type === "touchend") drawing = false;
    if (waiting === null) return;
    if (begins ? !onCanvas : !held.length) return;
    event.stopImmediatePropagation();
    event.preventDefault();  // a touch would come again as a mouse
    held.push([begins ? target : document, new event.constructor(event.type, event)]);
  };
  for (const type of ["mousedown", "mousemove", "mouseup", "touchstart", "touchmove", "touchend"]) {
    window.addEventListener(type, hold, { capture: true, passive: false });
  }
  window.addEventListener("click", (event) => {
    const pressed = event.target.closest(
      ".stButton button, .stCheckbox label, [data-testid$=NavLink], [data-testid$=NavDropdownLink]");
    if (!pressed) return;
    if (pressed.matches(".stButton button")) {
      clearTimeout(waiting);
      waiting = setTimeout(release, 5000);
    }
    if (event.timeStamp >= told) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    setTimeout(() => pressed.click(), told - event.timeStamp);
  }, { capture: true });
})();
</script>"""


def release_pen() -> str:
    """A script that lets a held pen draw: it runs at first and whenever canvases have told that they started again."""
    started = [st.session_state.get(f"{half}_started") for half in HALVES]
    return f"<script>window.digitSumLabReleasePen?.();  // {started}</script>"


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
        place(half, data.test_images[index], int(data.test_labels[index]))
        restart(half)


def can_undo(half: str) -> bool:
    """Whether there is a change to take back."""
    return len(histories()[half]) > 1


def _reported(half):
    """The strokes and the pixels that the canvas last reported; pixels None if there are none of its present start.

    What a browser sends can be forged, so nothing is taken for granted.
    """
    try:
        drawing = st.session_state[f"{half}_canvas"]["drawing"]
        strokes, url = drawing["raw"], drawing["data"]
        objects = strokes["objects"]
        if strokes.get("background") != st.session_state[f"{half}_background"] or len(objects) > MOST_STROKES:
            return BLANK.strokes, None
        if not (isinstance(objects, list) and all(isinstance(shape, dict) for shape in objects)):
            return BLANK.strokes, None
        return {"objects": objects}, _pixels(url)
    except (AttributeError, KeyError, TypeError, ValueError):
        return BLANK.strokes, None


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
