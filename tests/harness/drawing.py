"""The draw page in a real browser: its canvases, its answer and its buttons."""

import re

from tests.harness import pen


def arrive(page, url):
    """Go to the draw page, and wait until its canvases are ready and nothing is drawn."""
    page.goto(url)
    canvas(page, "bottom").wait_for()
    answer(page, "Draw two digits")


def canvas(page, half):
    return page.locator(f".st-key-{half}_half canvas.upper-canvas")


def draw(page, half, strokes):
    """Draw strokes, already placed on the canvas, with the mouse."""
    canvas(page, half).scroll_into_view_if_needed()
    box = canvas(page, half).bounding_box()
    scale = box["width"] / pen.CANVAS
    for points in strokes:
        (x, y), *others = [(box["x"] + scale * x, box["y"] + scale * y) for x, y in points]
        page.mouse.move(x, y)
        page.mouse.down()
        for x, y in others:
            page.mouse.move(x, y)
        page.mouse.up()


def draw_sample(page, half, sample):
    draw(page, half, pen.placed(sample["strokes"]))


def answer(page, words):
    """Wait until the answer reads like `words`, and give it."""
    found = page.locator(".answer").filter(has_text=re.compile(words))
    found.wait_for()
    return found.inner_text()


def click(page, name, half=None):
    if half:  # whose buttons have the half in their name: top, or left where the frames are side by side
        page.locator(f".st-key-{half}_half").get_by_role("button", name=re.compile(rf"^{name} \w+$")).click()
    else:
        page.get_by_role("button", name=name, exact=True).click()
