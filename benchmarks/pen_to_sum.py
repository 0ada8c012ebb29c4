"""How long from the pen's lift to the sum on the page, against a page that only echoes the canvas, in turn.

    python -m benchmarks.pen_to_sum [STROKES]

Both pages are open in Chromium. Each stroke is drawn by the mouse on the one, then on the other: in the app on the top
canvas, with something on the bottom one, in the echo on its only canvas. The clock runs in the page, from the mouse's
release to the first change of what answers: the line below the sum, the picture of what the network sees (which follows
the sum, and changes even where that does not), or the count of strokes. Then it says what a prediction alone
takes, every layer's output for a pair, in this process. Needs `pip install --group dev`.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the server

from core.images import mnist
from core.model import forward
from core.runs import checkpoints, store
from tests.harness.server import REPOSITORY, chromium, serving

ECHO_APP = """
import streamlit as st
from streamlit_drawable_canvas import st_canvas

drawn = st_canvas(stroke_width=26, width=280, height=280, return_image_data=True, key="canvas")
st.html(f"<p class='answer-note'>{len((drawn.json_data or {}).get('objects', []))} strokes</p>")
"""
# a promise of the milliseconds from the pen's lift to the first change of what answers
WATCH = """() => {
  const answers = () => [...document.querySelectorAll(".answer-note, .digit img")];
  const said = () => answers().map((element) => element.src ?? element.textContent).join();
  const before = said();
  window.answered = new Promise((resolve) => {
    document.addEventListener("mouseup", () => {
      const lifted = performance.now();
      const look = () => said() === before ? requestAnimationFrame(look) : resolve(performance.now() - lifted);
      look();
    }, { once: true, capture: true });
  });
}"""
PAIRS = 300


def main(strokes: int = 25) -> None:
    """Print the median milliseconds of both pages and their ratio, and of a prediction by each sum network."""
    milliseconds = {"echo": [], "lab": []}
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        echo = Path(folder) / "echo.py"
        echo.write_text(ECHO_APP)
        with (
            serving(echo, Path(folder) / "echo.log") as echo_server,
            serving(REPOSITORY / "app.py", Path(folder) / "lab.log") as lab_server,
        ):
            pages = {name: browser.new_page() for name in milliseconds}
            for page, server in zip(pages.values(), (echo_server, lab_server), strict=True):
                page.goto(server.url)
                page.locator("canvas.upper-canvas").last.wait_for()
                page.locator(".answer-note").wait_for()
            _draw(pages["lab"], 1, 40, 140)  # a bottom digit
            for number in range(strokes + 1):
                for name, page in pages.items():
                    taken = _draw(page, 0, 40 + 37 * number % 180, 40 + 53 * number % 180)
                    if number:  # the first one loads weights
                        milliseconds[name].append(taken)
    medians = {name: statistics.median(each) for name, each in milliseconds.items()}
    print(*(f"{name} {median:.0f} ms" for name, median in medians.items()), sep=", ", end="")
    print(f", ratio {medians['lab'] / medians['echo']:.2f}")
    for name in ("sum_posterior", "sum"):
        print(f"every layer of a pair, {name}: {1000 * _prediction_seconds(name):.2f} ms")


def _draw(page, canvas, x, y):
    """Draw a short stroke from (x, y) of a canvas; milliseconds from the pen's lift to the answer."""
    box = page.locator("canvas.upper-canvas").nth(canvas).bounding_box()
    page.evaluate(WATCH)
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.down()
    page.mouse.move(box["x"] + x + 30, box["y"] + y + 30, steps=4)
    page.mouse.up()
    return page.evaluate("window.answered")


def _prediction_seconds(name):
    """The median seconds of all activations of a pair of test digits."""
    run, digits = store.read(store.locate(name)), mnist.embedded().test_images
    weights, seconds = checkpoints.load_weights(run), []
    for i in range(PAIRS):
        pair = digits[2 * i : 2 * i + 2].reshape(1, 56, 28)
        began = time.perf_counter()
        forward.activations(run.network, weights, pair)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
