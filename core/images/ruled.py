"""Lines that run across the paper, which are no ink: those of ruled and squared paper, and the sides of a frame."""

import numpy as np

from core.images.neighbours import extreme

STEEPEST = 0.25  # slope of lines in a picture that was not held straight: 14°
SLOPES = np.linspace(-STEEPEST, STEEPEST, 101)
COLUMNS = 120  # in which lines are looked for
SHORTEST = 1 / 6  # of the picture's side: a line that crosses its corner
LIGHTEST = 0.96  # of what is beside it, a line reflects less
HIDING = 0.6  # of what is beside it, a line reflects less that is too dark to see ink through
SLANT = 7  # columns that a stroke may go aside while it crosses such a line


def without_lines(reflected: np.ndarray, on_paper: np.ndarray) -> np.ndarray:
    """Return what paper and ink (height, width) would reflect without the lines across them, in both directions.

    `on_paper` (height, width) is False on a desk.
    """
    across = _without(reflected, _lines(reflected, on_paper))
    return _without(across.T, _lines(across.T, on_paper.T)).T


def _without(reflected, lines):
    """Divide a picture by its lines. What a dark one hides is as dark as what is on both its sides, or brighter.

    What is fainter there than half a line, or than any that hides, is a rest of the line: it becomes as bright as the
    paper beside it.
    """
    hidden, rows = lines < HIDING, np.arange(len(reflected))[:, None]
    above = np.maximum.accumulate(np.where(lines < 1, 0, rows), axis=0)
    below = np.minimum.accumulate(np.where(lines < 1, len(rows) - 1, rows)[::-1], axis=0)[::-1]
    darkest = extreme(reflected, SLANT, np.minimum, axes=(1,))
    beside, near = (
        np.maximum(*(np.take_along_axis(picture, row, axis=0) for row in (above, below)))
        for picture in (reflected, darkest)
    )
    without = np.where(hidden, np.maximum(reflected, near), reflected / np.maximum(HIDING, lines))
    rest = without > np.where(hidden, HIDING, (1 + lines) / 2)
    return np.where(rest, np.maximum(beside, without), without)


def _lines(reflected, on_paper):
    """What lines that run from left to right reflect at each pixel: 1 beside them, 0 where they hide what is there."""
    height, width = reflected.shape
    columns = np.arange(0, width, max(1, width // COLUMNS))
    columns = columns[on_paper[:, columns].mean(axis=0) > 0.3]
    if len(columns) < 20:
        return np.ones_like(reflected)
    values = np.where(on_paper, np.minimum(reflected, 1), np.nan)[:, columns]
    beyond = round(STEEPEST * width * (0.5 - SHORTEST))  # where lines across a corner have their middle
    rows = np.arange(-beyond, height + beyond)
    profiles = np.stack([_profile(values, rows, slope * (columns - width / 2)) for slope in SLOPES])
    last = max(1, height - 1)
    top, bottom = _slopes(profiles, rows / last)
    profile = profiles[_between(top, bottom, rows / last), np.arange(len(rows))]
    thickest = max(4, round(0.015 * max(height, width)))  # what is thicker is a stroke
    closed = extreme(extreme(profile, thickest + 1, np.maximum, (0,)), thickest + 1, np.minimum, (0,))
    profile = profile / closed  # of what is beside it, not of all the paper: a corner may be dim
    dark = profile < LIGHTEST
    if not dark.any():
        return np.ones_like(reflected)
    for start, end in np.flatnonzero(np.diff(np.pad(dark, 1).astype(np.int8))).reshape(-1, 2):
        if profile[start:end].min() < HIDING:
            profile[start:end] = 0
    profile = np.where(dark, profile, 1.0)
    profile = extreme(profile, 5, np.minimum, (0,))
    down, across = np.arange(height)[:, None], np.arange(width) - width / 2
    converging = (SLOPES[bottom] - SLOPES[top]) / last
    middle = (down - SLOPES[top] * across) / (1 + converging * across)  # where each pixel's line has its middle
    return np.interp(middle.ravel(), rows, profile, 1.0, 1.0).reshape(height, width)


def _profile(values, rows, shifts):
    """How bright a line from each row on would be, which goes down by so many pixels in each column.

    It is dark if nearly all of it is: the brightest fifth may be where it is worn or leaves the paper.
    """
    height = len(values)
    moved = rows[:, None] + np.rint(shifts).astype(int)
    inside = (moved >= 0) & (moved < height)
    sheared = np.where(inside, values[np.clip(moved, 0, height - 1), np.arange(len(shifts))], np.nan)
    known = np.isfinite(sheared).sum(axis=1)
    ordered = np.sort(sheared, axis=1)  # what is unknown comes last
    profile = ordered[np.arange(len(rows)), np.maximum(0, (known * 4) // 5 - 1)]
    profile = np.where(known >= SHORTEST * len(shifts), profile, 1.0)
    return np.minimum(1, profile / np.median(profile))


def _slopes(profiles, down):
    """The lines' slopes at the picture's top and bottom, as indices of SLOPES, from profiles (slopes, rows).

    Lines that are parallel on paper meet in one point of a photograph, as two sides of a frame do however it is drawn:
    from line to line the slope changes evenly. So it is told by two, those along which the rows are darkest.
    """
    darkness = ((1 - profiles) ** 2).astype(np.float32)
    bottoms = np.arange(len(SLOPES))
    energies = [
        darkness[_between(top, bottoms[:, None], down), np.arange(len(down))].sum(axis=1) for top in range(len(SLOPES))
    ]
    return np.unravel_index(np.argmax(energies), (len(SLOPES), len(SLOPES)))


def _between(top, bottom, down):
    """The indices of SLOPES of rows that lie so far `down` from the picture's top, 0, to its bottom, 1."""
    return np.clip(np.rint(top + (bottom - top) * down).astype(int), 0, len(SLOPES) - 1)
