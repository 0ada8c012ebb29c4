"""Real pen strokes: 7,494 digits by 30 writers, drawn as the page's canvas draws them, as they are or varied.

Their origin and licence are in core/images/data/README.md. MNIST's writers went to school in one country; these are
other hands, and a stroke can be varied in ways that an image cannot: in its slant, in its speed, in where it ends.
Nothing here looks at a label, so a network that is told sums alone still learns from sums alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from core.images.ink import drawn_digit
from core.model.networks import SIDE

STROKES = Path(__file__).parent / "data" / "pen_digits.npz"
HELD_OUT_WRITERS = (2, 7, 12, 17, 22, 27)  # every fifth from the second on; the other 24 train

CANVAS = 280  # pixels a side of the page's canvas
PEN = 26  # pixels; gives MNIST's own amount of ink to a digit of 200 pixels
LONGER_SIDE = 200  # pixels of the strokes' extent on the canvas, pen not counted
FINER = 4  # an image is drawn this much larger, then reduced: anti-aliasing

MOST_DRAWINGS = 8  # of each training digit; a training that sees fewer of them draws fewer
SPACING = 1 / 24  # of the longer side: between the points of a stroke before it is varied
# (seed, drawings) → what `training_images` made last: half a minute's work, 38 MB
_drawn: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}


@dataclass(frozen=True)
class PenDigit:
    """A digit as it was written: its label, its writer (1…30) and its strokes, arrays (points, 2) of x and y down."""

    label: int
    writer: int
    strokes: tuple[np.ndarray, ...] = field(repr=False)


@cache
def digits() -> tuple[PenDigit, ...]:
    """Return all 7,494 digits in the order of their source."""
    with np.load(STROKES, allow_pickle=False) as arrays:
        points = arrays["steps"].T.cumsum(axis=0, dtype=np.int16).astype(float)
        strokes = np.split(points, arrays["points"].cumsum(dtype=int)[:-1])
        first = np.concatenate([[0], arrays["strokes"].cumsum(dtype=int)])
        named = zip(arrays["labels"].tolist(), arrays["writers"].tolist(), strict=True)
        return tuple(PenDigit(*one, tuple(strokes[first[i] : first[i + 1]])) for i, one in enumerate(named))


def to_train() -> list[PenDigit]:
    """Return the digits of the 24 writers that may be trained on."""
    return [digit for digit in digits() if digit.writer not in HELD_OUT_WRITERS]


def held_out() -> list[PenDigit]:
    """Return the digits of the 6 held-out writers, on which nothing here is ever trained."""
    return [digit for digit in digits() if digit.writer in HELD_OUT_WRITERS]


def centred(strokes, longer_side: float = LONGER_SIDE, size: int = CANVAS) -> list[np.ndarray]:
    """Scale strokes to `longer_side` pixels and move them to the middle of the canvas: arrays (points, 2)."""
    points = np.concatenate([np.asarray(stroke, float) for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    factor = longer_side / max((high - low).max(), 1e-6)
    return [(np.asarray(stroke, float) - (low + high) / 2) * factor + size / 2 for stroke in strokes]


def draw(
    strokes, pen: float = PEN, longer_side: float = LONGER_SIDE, size: int = CANVAS, finer: int = FINER
) -> np.ndarray:
    """Draw strokes as the canvas does: (size, size, 4) uint8, black ink on transparent, with round ends and joints."""
    image = Image.new("L", (size * finer, size * finer))
    brush, radius = ImageDraw.Draw(image), pen * finer / 2
    for stroke in centred(strokes, longer_side, size):
        points = stroke * finer
        brush.line([tuple(point) for point in points.tolist()], fill=255, width=round(2 * radius))
        for x, y in points[_corners(points)].tolist():
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    rgba = np.zeros((size, size, 4), np.uint8)
    rgba[..., 3] = np.asarray(image.reduce(finer) if finer > 1 else image)
    return rgba


def _corners(points):
    """Which points of a line want a round pen of their own: its ends, and where it turns enough to show a notch."""
    steps = np.diff(points[:, 0] + 1j * points[:, 1])
    turns = steps[1:] * steps[:-1].conj()
    smooth = turns.real > 0.97 * np.abs(turns)  # less than 14°
    return np.concatenate([[True], ~smooth, [True]])[: len(points)]


def training_images(
    seed: int, drawings: int, on_progress: Callable[[float], object] = lambda done: None
) -> tuple[np.ndarray, np.ndarray]:
    """Draw each digit of the training writers so many times: images (n, 28, 28) uint8, and their labels (n,) uint8.

    Each drawing is made from (seed, its number) alone. The last ones made are kept. `on_progress` hears the fraction
    done.
    """
    if (seed, drawings) not in _drawn:
        originals = to_train()
        images = np.empty((drawings * len(originals), SIDE, SIDE), np.uint8)
        for i in range(len(images)):
            images[i] = varied_image(originals[i % len(originals)].strokes, np.random.default_rng([seed, 4, i]))
            if i % 500 == 0:
                on_progress(i / len(images))
        _drawn.clear()
        _drawn[seed, drawings] = images, np.tile(np.array([digit.label for digit in originals], np.uint8), drawings)
    return _drawn[seed, drawings]


def varied_image(strokes, generator: np.random.Generator) -> np.ndarray:
    """Vary strokes, draw them small or large with a thin or thick pen: the digit (28, 28) uint8 that a network sees."""
    pen, longer_side = generator.uniform(14, 32), generator.uniform(140, 235)
    # on half a canvas, which gives the same digit in half the time
    return drawn_digit(draw(varied(strokes, generator), pen / 2, longer_side / 2, CANVAS // 2, finer=2))


def varied(strokes, generator: np.random.Generator) -> list[np.ndarray]:
    """Write strokes as another hand might have: arrays (points, 2) in units of their longer side.

    The pen's path bends and stretches smoothly in its own time, from the first stroke to the last (a stem gets
    longer, a loop opens); the ends are cut short or run on in a curve; then the paper is warped, slanted and turned,
    and the hand trembles a little.
    """
    strokes = [_even(stroke) for stroke in centred(strokes, 1.0, 0)]
    ends = np.cumsum([len(stroke) for stroke in strokes])[:-1]
    path = np.concatenate(strokes)
    strokes = np.split(_rewritten(path, generator), ends)
    strokes = [_other_end(_other_end(stroke, generator)[::-1], generator)[::-1] for stroke in strokes]
    ends = np.cumsum([len(stroke) for stroke in strokes])[:-1]
    path = np.concatenate(centred(strokes, 1.0, 0))
    path = path + _paper(path, generator)
    path = path @ _hand(generator)
    path = path + _smooth(generator, len(path), len(path) // 3 + 2, 2).T * generator.uniform(0, 0.012)
    return np.split(path, ends)


def _even(stroke):
    """The stroke with points at even distances along it."""
    along = np.concatenate([[0.0], np.hypot(*np.diff(stroke, axis=0).T).cumsum()])
    at = np.linspace(0, along[-1], max(2, round(along[-1] / SPACING) + 1))
    return np.stack([np.interp(at, along, stroke[:, axis]) for axis in (0, 1)], axis=1)


def _smooth(generator, length, knots, rows):
    """Random curves (rows, length) of standard deviation 1 at their knots, between which they are straight."""
    at = np.linspace(0, knots - 1, length)
    left = np.minimum(at.astype(int), knots - 2)
    values, part = generator.standard_normal((rows, knots)), at - left
    return values[:, left] * (1 - part) + values[:, left + 1] * part


def _rewritten(path, generator):
    """The path (points, 2) with each of its steps turned and stretched a little, as smooth noise in time has it."""
    strength = generator.uniform(0, 1)
    turn, stretch = _smooth(generator, len(path) - 1, 5, 2) * strength * [[0.15], [0.2]]
    steps = np.diff(path, axis=0)
    cos, sin = np.cos(turn) * np.exp(stretch), np.sin(turn) * np.exp(stretch)
    turned = np.stack([cos * steps[:, 0] - sin * steps[:, 1], sin * steps[:, 0] + cos * steps[:, 1]], axis=1)
    return np.concatenate([path[:1], path[:1] + turned.cumsum(axis=0)])


def _other_end(stroke, generator):
    """The stroke with its end cut short, run on in a curve, or, most often, as it was."""
    chance, amount, curl = generator.uniform(0, 1), generator.uniform(0, 1), generator.normal(0, 0.35)
    if chance < 0.25:
        return stroke[: max(2, len(stroke) - int(amount * 0.12 * len(stroke)))]
    if chance < 0.5 and len(stroke) > 4:
        count = int(amount * 0.15 / SPACING)
        step = (stroke[-1] - stroke[-4]) / 3
        turn = np.arctan2(step[1], step[0]) + curl * np.arange(1, count + 1)
        return np.concatenate(
            [stroke, stroke[-1] + np.stack([np.cos(turn), np.sin(turn)], axis=1).cumsum(axis=0) * SPACING]
        )
    return stroke


def _paper(points, generator):
    """How far each of the points (n, 2), within ±1/2, moves when the paper is warped by slow waves on both axes."""
    phase, strength = generator.uniform(0, 2 * np.pi, (2, 2)), generator.uniform(0, 0.06)
    frequency = generator.uniform(2, 6, (2, 2))
    waves = np.sin(points[:, :, None] * frequency + phase)
    return strength * (waves @ np.ones(2))[:, ::-1] + strength * waves[:, :, 0]


def _hand(generator):
    """The matrix (2, 2) by which the hand slants, narrows or widens, and turns."""
    turn, slant, aspect = generator.normal(0, [0.1, 0.2, 0.15])
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return np.array([[np.exp(aspect), 0], [slant, 1]]) @ turned
