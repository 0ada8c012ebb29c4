"""Make docs/draw.webp, the README's picture: a 7 and a 5 drawn on the draw page, and their sum.

Run it from the repository's folder: python -m docs.draw_picture
"""

import io
import tempfile
from pathlib import Path

from PIL import Image

from tests.harness import pen
from tests.harness.drawing import answer, canvas
from tests.harness.server import REPOSITORY, chromium, open_page, serving

WIDTH, HEIGHT = 900, 560  # pixels
FRAMES_OF_A_DIGIT, STEP_MILLISECONDS, LAST_MILLISECONDS = 9, 110, 3_000
CURSOR = """
    document.body.insertAdjacentHTML("beforeend", `<i id="pen" style="position: fixed; z-index: 9999; margin: -7px;
        width: 14px; height: 14px; border: 3px solid #222; border-radius: 50%; pointer-events: none"></i>`)
    addEventListener("mousemove", ({ clientX, clientY }) => Object.assign(pen.style, {
        left: `${clientX}px`, top: `${clientY}px` }), true)"""


def frames(page):
    """Draw a 7 and a 5 on the opened page, and yield a picture of it every few points of the pen, and at the end."""
    samples = pen.samples()
    for half, label in (("top", 7), ("bottom", 5)):
        strokes = pen.placed(next(sample for sample in samples if sample["label"] == label)["strokes"])
        box, every = canvas(page, half).bounding_box(), sum(map(len, strokes)) // FRAMES_OF_A_DIGIT
        scale, count = box["width"] / pen.CANVAS, 0
        for points in strokes:
            for i, (x, y) in enumerate(points):
                page.mouse.move(box["x"] + scale * x, box["y"] + scale * y)
                if i == 0:
                    page.mouse.down()
                count += 1
                if count % every == 0:
                    yield page.screenshot()
            page.mouse.up()
        answer(page, "Now draw the other digit" if half == "top" else "The sum is 12")
        page.wait_for_timeout(500)  # Streamlit fades what it replaces
        yield page.screenshot()


def main():
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(REPOSITORY / "app.py", Path(folder) / "log") as server,
        chromium() as browser,
    ):
        page = open_page(browser, viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(server.url)
        answer(page, "Draw two digits")
        canvas(page, "bottom").wait_for()
        page.evaluate(CURSOR)
        first, *others = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in frames(page)]
    durations = [STEP_MILLISECONDS] * len(others) + [LAST_MILLISECONDS]
    picture = REPOSITORY / "docs" / "draw.webp"
    first.save(picture, save_all=True, append_images=others, duration=durations, loop=0, quality=60, method=6)
    print(f"{picture}: {len(durations)} frames, {picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
