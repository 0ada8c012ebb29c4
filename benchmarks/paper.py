"""How well digits on paper are read, by kind of picture, beside a single level for the whole picture.

    python -m benchmarks.paper [--digits 100] [--kinds shadow ruled …] [--run sum_posterior] [--seed 0]

Half the digits are MNIST test images, half are written by the six held-out writers of core/images/pen.py. Each is put
on paper made here and photographed: KINDS says how. Five minutes for all kinds with 100 digits each.
"""

import argparse
import io
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the server

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from core.images import ink, mnist, pen
from core.images.picture import PictureError, digit_from_picture, open_picture, read_picture
from core.model import forward
from core.runs import checkpoints, store

SURE = 0.9  # probability from which a wrong answer is a sure one


def written(generator: np.random.Generator, labels_and_images) -> tuple[int, np.ndarray]:
    """Choose a digit: its label and its ink (280, 280) in 0…1, an image of MNIST's or pen strokes of any thickness."""
    labels, images = labels_and_images
    if generator.random() < 0.5:
        index = generator.integers(len(labels))
        image = Image.fromarray(images[index]).resize((280, 280), Image.Resampling.BICUBIC)
        return int(labels[index]), np.asarray(image, np.float32) / 255
    judges = pen.held_out()
    digit = judges[generator.integers(len(judges))]
    return digit.label, pen.draw(digit.strokes, generator.uniform(8, 30))[..., 3].astype(np.float32) / 255


def put(page: np.ndarray, digit: np.ndarray, side: int, generator, darkness=None, middle=(0.5, 0.5)) -> None:
    """Write a digit onto a page (height, width), so many pixels large and about so far down and across."""
    height, width = page.shape
    darkness = generator.uniform(0.6, 0.95) if darkness is None else darkness
    small = np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BOX))
    free = np.array([height - side, width - side])
    top, left = (np.clip(np.array(middle) + generator.uniform(-0.15, 0.15, 2), 0, 1) * free).astype(int)
    page[top : top + side, left : left + side] *= 1 - darkness * small


def blank(generator, height=320, width=320) -> np.ndarray:
    """A page of white or yellowish paper, with its grain."""
    return generator.uniform(0.82, 0.97) * (1 + generator.normal(0, 0.008, (height, width)))


def axes(page):
    """Return how far down and across each pixel lies, both in −½…½."""
    height, width = page.shape
    return np.meshgrid(np.linspace(-0.5, 0.5, height), np.linspace(-0.5, 0.5, width), indexing="ij")


def lit(page, generator):
    """Darken a page by a slope of light and towards its corners."""
    y, x = axes(page)
    angle = generator.uniform(0, 2 * np.pi)
    slope = 1 + generator.uniform(0.3, 0.8) * (np.cos(angle) * x + np.sin(angle) * y)
    return page * slope * (1 - generator.uniform(0, 0.6) * (x**2 + y**2))


def shaded(page, generator):
    """Let a shadow with a straight edge, hard or soft, fall on a page."""
    y, x = axes(page)
    angle, offset = generator.uniform(0, 2 * np.pi), generator.uniform(-0.25, 0.25)
    softness = generator.uniform(0.003, 0.08)
    into = 1 / (1 + np.exp(-(np.cos(angle) * x + np.sin(angle) * y - offset) / softness))
    return page * (1 - generator.uniform(0.25, 0.6) * into)


def lines(page, generator, pitch, both=False, darkness=None):
    """Print lines on a page that is held a little askew."""
    y, x = (axis * size for axis, size in zip(axes(page), page.shape, strict=True))
    angle, phase = generator.uniform(-0.06, 0.06), generator.uniform(0, pitch, 2)
    darkness = generator.uniform(0.1, 0.4) if darkness is None else darkness
    thickness = generator.uniform(0.8, 2)
    for i, across in enumerate((y * np.cos(angle) + x * np.sin(angle), x * np.cos(angle) - y * np.sin(angle))):
        if both or not i:
            distance = np.abs((across + phase[i]) % pitch - pitch / 2)
            page *= 1 - darkness * np.clip(thickness / 2 + 0.5 - distance, 0, 1)


def clean(digit, generator):
    page = blank(generator)
    put(page, digit, int(generator.uniform(130, 230)), generator)
    return page


def uneven_light(digit, generator):
    return lit(clean(digit, generator), generator)


def shadow(digit, generator):
    return shaded(clean(digit, generator), generator)


def cast(page, generator, outlines):
    """Let a shadow of these polygons, its edge hard or soft, fall on a page."""
    height, width = page.shape
    image = Image.new("L", (width, height))
    for outline in outlines:
        ImageDraw.Draw(image).polygon([tuple(point) for point in outline.tolist()], fill=255)
    shade = np.asarray(image.filter(ImageFilter.GaussianBlur(generator.uniform(0.5, 4))), np.float32) / 255
    return page * (1 - generator.uniform(0.2, 0.4) * shade)


def hand(digit, generator):
    """The shadow of an arm and a hand with four fingers, which are as wide as strokes."""
    page = clean(digit, generator)
    size, angle = page.shape[0] * generator.uniform(0.13, 0.2), generator.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = np.array(page.shape[::-1]) * generator.uniform(0.35, 0.65, 2)
    boxes = [(-8, -0.7, 0, 0.7), (-1, -1, 0.6, 1)]
    boxes += [(0, y, generator.uniform(1.2, 2.2), y + 0.4) for y in (-1, -0.47, 0.07, 0.6)]
    corners = [np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]) for x0, y0, x1, y1 in boxes]
    return cast(page, generator, [middle + size * each @ turn for each in corners])


def window(digit, generator):
    """The shadow of a window's bars, which cross."""
    page = clean(digit, generator)
    side, angle = page.shape[0], generator.uniform(0, np.pi / 2)
    turn, outlines = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]), []
    pitch, bar = side * generator.uniform(0.25, 0.5), side * generator.uniform(0.02, 0.05)
    for at in np.arange(-side, side, pitch) + generator.uniform(0, pitch):
        along = np.array([[-2 * side, at], [2 * side, at], [2 * side, at + bar], [-2 * side, at + bar]])
        outlines += [side / 2 + along @ turn, side / 2 + along[:, ::-1] @ turn]
    return cast(page, generator, outlines)


def ruled(digit, generator):
    page = blank(generator, 400, 400)
    lines(page, generator, generator.uniform(25, 70))
    put(page, digit, int(generator.uniform(130, 250)), generator)
    return page


def squared(digit, generator):
    page = blank(generator, 400, 400)
    lines(page, generator, generator.uniform(18, 45), both=True)
    put(page, digit, int(generator.uniform(130, 250)), generator)
    return page


def seen_askew(page, generator):
    """Return a page as a camera that is not held straight above it sees it: its parallels meet."""
    height, width = page.shape
    seen = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) + generator.uniform(-0.08, 0.08, (4, 2))
    corners = np.array([[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]])  # of the page, which reaches past the picture
    equations = [
        row
        for (x, y), (u, v) in zip(seen, corners, strict=True)
        for row in ([x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y])
    ]
    a, b, c, d, e, f, g, h = np.linalg.solve(np.array(equations), corners.ravel())
    coefficients = (a, b * width / height, c * width, d * height / width, e, f * height, g / width, h / height)
    image = Image.fromarray(page.astype(np.float32))
    return np.asarray(
        image.transform((width, height), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC), float
    )


def squared_askew(digit, generator):
    """Strong lines of squared paper, seen from a side."""
    page = blank(generator, 480, 480)
    lines(page, generator, generator.uniform(20, 45), both=True, darkness=generator.uniform(0.4, 0.8))
    put(page, digit, int(generator.uniform(150, 250)), generator)
    return lit(seen_askew(page, generator), generator)


def pencil(digit, generator):
    page = blank(generator)
    grain = np.clip(generator.normal(0.8, 0.25, digit.shape), 0, 1).astype(np.float32)
    put(page, digit * grain, int(generator.uniform(130, 230)), generator, generator.uniform(0.25, 0.5))
    return lit(page, generator)


def noise(digit, generator):
    page = lit(clean(digit, generator), generator) * generator.uniform(0.3, 0.6)
    return page + generator.normal(0, generator.uniform(0.02, 0.05), page.shape)


def small(digit, generator):
    page = blank(generator, 1200, 900)
    put(page, digit, int(generator.uniform(60, 120)), generator, middle=generator.uniform(0.2, 0.8, 2))
    return shaded(lit(page, generator), generator)


def desk(digit, generator):
    """Paper that lies askew on a desk with a grain, dark or lighter."""
    side = 400
    y, x = np.mgrid[:side, :side] - side / 2
    angle, half = generator.uniform(-0.2, 0.2), generator.uniform(110, 165, 2)
    down, across = y * np.cos(angle) + x * np.sin(angle), x * np.cos(angle) - y * np.sin(angle)
    grain = np.sin(down / generator.uniform(2, 8) + 2 * np.sin(across / 40)) * generator.uniform(0, 0.1)
    table = generator.uniform(0.1, 0.55) * (1 + grain)
    page = blank(generator, side, side)
    put(page, digit, int(generator.uniform(0.9, 1.3) * half.min()), generator, middle=(0.5, 0.5))
    inside = (np.abs(down) < half[0]) & (np.abs(across) < half[1])
    return lit(np.where(inside, page, table), generator)


def frame(digit, generator):
    """A black frame: the picture's own edge, or a box drawn around the digit."""
    page = blank(generator)
    put(page, digit, int(generator.uniform(120, 190)), generator)
    inset, thick = int(generator.choice([0, 0, 6, 20])), int(generator.uniform(2, 9))
    outside = np.ones(page.shape, bool)
    outside[inset + thick : -inset - thick, inset + thick : -inset - thick] = False
    y, x = np.indices(page.shape)
    outside &= np.minimum(np.minimum(y, x), np.minimum(page.shape[0] - 1 - y, page.shape[1] - 1 - x)) >= inset
    return np.where(outside, 0.08, page)


def drawn_frame(digit, generator):
    """A frame drawn by hand around the digit: no side is quite level, no two are parallel."""
    page = blank(generator, 400, 400)
    put(page, digit, int(generator.uniform(120, 190)), generator)
    corners = (np.array([[0.08, 0.08], [0.92, 0.08], [0.92, 0.92], [0.08, 0.92]]) * 400).astype(float)
    corners += generator.uniform(-12, 12, (4, 2))
    image = Image.new("L", page.shape)
    points = [tuple(point) for point in corners.tolist()]
    ImageDraw.Draw(image).line([*points, points[0]], fill=255, width=int(generator.uniform(2, 6)))
    drawn = np.asarray(image.filter(ImageFilter.GaussianBlur(0.7)), np.float32) / 255
    return lit(page * (1 - generator.uniform(0.6, 0.9) * drawn), generator)


def everything(digit, generator):
    """Pencil on ruled paper with a shadow over it."""
    page = blank(generator, 400, 400)
    lines(page, generator, generator.uniform(30, 70))
    put(page, digit, int(generator.uniform(150, 250)), generator, generator.uniform(0.4, 0.6))
    return shaded(page, generator)


def board(digit, generator):
    """Chalk on a blackboard."""
    page = np.ones((320, 320))
    put(page, digit, int(generator.uniform(130, 230)), generator, generator.uniform(0.6, 0.85))
    return lit(1.08 - page, generator)


KINDS = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        *(clean, uneven_light, shadow, hand, window, ruled, squared, squared_askew, pencil, noise, small, desk),
        *(frame, drawn_frame, everything, board),
    )
}


def two(first, second, generator):
    """Two digits on a lit page with a shadow: side by side or one above the other."""
    page = blank(generator, 400, 400)
    beside = generator.random() < 0.5
    for digit, at in ((first, 0.15), (second, 0.85)):
        put(page, digit, int(generator.uniform(130, 170)), generator, middle=(0.5, at) if beside else (at, 0.5))
    return shaded(page, generator)


def photographed(page: np.ndarray, generator) -> io.BytesIO:
    """Return a page as a camera's JPEG: a little blurred, brightened for the eye, coloured a little."""
    light = np.clip(page / max(1.0, np.quantile(page, 0.99)), 0, 1) ** (1 / generator.uniform(1.0, 1.6))
    tint = 1 - generator.uniform(0, 0.08, 3)
    rgb = np.rint(255 * light[..., None] * tint).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=int(generator.uniform(60, 95)))
    file.seek(0)
    return file


def one_level(file):
    """The digit as an upload was read before: against one background for the whole picture."""
    with Image.open(file) as picture:
        digit = ink.digit_from_canvas(np.asarray(picture.convert("L")))
    if digit is None:
        raise PictureError("shows no digit")
    return digit


def judge(kind, read, run, count, seed, data) -> dict[str, float]:
    """Read `count` pictures of a kind: the shares that are right, refused, and wrong with SURE probability or more."""
    weights, tally = checkpoints.load_weights(run), {"right": 0, "refused": 0, "sure but wrong": 0}
    for i in range(count):
        generator = np.random.default_rng([seed, i])
        label, digit = written(generator, data)
        try:
            seen = read(photographed(KINDS[kind](digit, generator), generator))
        except PictureError:
            tally["refused"] += 1
            continue
        probabilities = forward.predict_digit(run.network, weights, seen)
        right = probabilities.argmax() == label
        tally["right"] += right
        tally["sure but wrong"] += not right and probabilities.max() >= SURE
    return {name: number / count for name, number in tally.items()}


def judge_two(run, count, seed, data) -> dict[str, float]:
    """Read `count` pictures of two digits; right are those of which both are."""
    weights, tally = checkpoints.load_weights(run), {"right": 0, "refused": 0, "sure but wrong": 0}
    for i in range(count):
        generator = np.random.default_rng([seed, i])
        first, second = written(generator, data), written(generator, data)
        try:
            seen = read_picture(open_picture(photographed(two(first[1], second[1], generator), generator)), 2).digits
        except PictureError:
            tally["refused"] += 1
            continue
        prediction = forward.predict(run.network, weights, *seen)
        right = prediction.digits == (first[0], second[0])
        tally["right"] += right
        tally["sure but wrong"] += not right and prediction.sum_probabilities.max() >= SURE
    return {name: number / count for name, number in tally.items()}


def main() -> int:
    """Print a line for each kind: what is read against the paper near the ink, and before."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--digits", type=int, default=100)
    parser.add_argument("--kinds", nargs="*", choices=[*KINDS, "two"], default=[*KINDS, "two"])
    parser.add_argument("--run", default="sum_posterior")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    run, full = store.read(store.locate(given.run)), mnist.load(download=False)
    data = full.test_labels, full.test_images
    print(f"{'kind':16}{'right':>8}{'refused':>9}{'sure but wrong':>16}{'one level: right':>18}{'sure but wrong':>16}")
    for kind in given.kinds:
        if kind == "two":
            now, before = judge_two(run, given.digits, given.seed, data), None
        else:
            now = judge(kind, digit_from_picture, run, given.digits, given.seed, data)
            before = judge(kind, one_level, run, given.digits, given.seed, data)
        line = f"{kind:16}{now['right']:8.2f}{now['refused']:9.2f}{now['sure but wrong']:16.2f}"
        print(line + (f"{before['right']:18.2f}{before['sure but wrong']:16.2f}" if before else ""), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
