"""Real pen strokes drawn as the page's canvas draws them."""

import gzip
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from tests.needs import missing

CANVAS = 280  # pixels a side
LONGER_SIDE = 200  # of the strokes' extent on the canvas, pen not counted
PEN = 26
FINER = 4  # drawn this much larger, then reduced: anti-aliasing
STROKES = Path(__file__).parent.parent.parent / "shared" / "data" / "pen" / "pendigits-train.jsonl.gz"


def samples() -> list[dict]:
    """The digits of STROKES: label, writer, strokes (lists of (x, y), y down)."""
    if not STROKES.exists():
        missing(f"the pen strokes of UCI's Pen-Based Recognition of Handwritten Digits at {STROKES}")
    with gzip.open(STROKES, "rt") as file:
        return [json.loads(line) for line in file]


def placed(strokes: list, longer_side: float = LONGER_SIDE, size: int = CANVAS) -> list[np.ndarray]:
    """Strokes scaled to `longer_side` pixels and moved to the middle of the canvas: arrays (points, 2) of x and y."""
    points = np.concatenate([np.asarray(stroke, float) for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    factor = longer_side / max((high - low).max(), 1)
    return [(np.asarray(stroke, float) - (low + high) / 2) * factor + size / 2 for stroke in strokes]


def draw(strokes: list, pen: float = PEN, longer_side: float = LONGER_SIDE, size: int = CANVAS) -> np.ndarray:
    """The canvas (size, size, 4) uint8, black ink on transparent, with round ends and joints."""
    image = Image.new("L", (size * FINER, size * FINER))
    brush, radius = ImageDraw.Draw(image), pen * FINER / 2
    for stroke in placed(strokes, longer_side, size):
        points = [tuple(point) for point in stroke * FINER]
        brush.line(points, fill=255, width=round(2 * radius))
        for x, y in points:
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    rgba = np.zeros((size, size, 4), np.uint8)
    rgba[..., 3] = np.asarray(image.reduce(FINER))
    return rgba
