"""The real pen strokes as tests take them, drawn by the canvas' own pen (core/images/pen.py)."""

from core.images import pen
from core.images.pen import CANVAS, LONGER_SIDE, PEN, draw
from core.images.pen import centred as placed

__all__ = ["CANVAS", "LONGER_SIDE", "PEN", "draw", "placed", "samples"]


def samples() -> list[dict]:
    """The digits of core/images/data/pen_digits.npz: label, writer, strokes (arrays of (x, y), y down)."""
    return [{"label": digit.label, "writer": digit.writer, "strokes": digit.strokes} for digit in pen.digits()]
