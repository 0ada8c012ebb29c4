"""The separate marks of a picture's ink, and which of them make a digit: components by runs, gathered by distance."""

from dataclasses import dataclass

import numpy as np

SPECK = 0.12  # of the largest mark's longer side: what is shorter is dirt
JOINED = 0.12  # of the largest mark's longer side: marks this near each other are one digit, as the strokes of a 5
APART = 0.35  # of the same: marks of one digit are never further from each other
DIGIT = 0.45  # of the same: a digit beside another is at least so large; a plus sign between two is smaller


@dataclass(frozen=True)
class Marks:
    """Components of a mask (height, width): `labels` 0 outside and 1…n inside, boxes (n, 4), areas (n,) in pixels.

    A box is (top, left, bottom, right), its ends excluded.
    """

    labels: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray


def components(mask: np.ndarray) -> Marks:
    """Return the components of a mask (height, width), 8-connected: runs along the rows, joined where they touch."""
    height, width = mask.shape
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    stride = width + 2
    above = (rows - 1) * stride
    first = np.searchsorted(rows * stride + ends, above + starts, "left")
    last = np.searchsorted(rows * stride + starts, above + ends, "right")
    parents = list(range(len(rows)))

    def root(run):
        while parents[run] != run:
            parents[run] = parents[parents[run]]
            run = parents[run]
        return run

    for run, (low, high) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        for other in range(low, high):
            a, b = root(run), root(other)
            parents[max(a, b)] = min(a, b)
    names, number = np.unique([root(run) for run in range(len(rows))], return_inverse=True)
    boxes = np.tile([height, width, 0, 0], (len(names), 1))
    for column, (bound, values) in enumerate(
        ((np.minimum, rows), (np.minimum, starts), (np.maximum, rows + 1), (np.maximum, ends))
    ):
        bound.at(boxes[:, column], number, values)
    areas = np.bincount(number, ends - starts, len(names)).astype(int)
    steps = np.zeros((height, width + 1), np.int32)
    steps[rows, starts] += (number + 1).astype(np.int32)
    np.subtract.at(steps, (rows, ends), (number + 1).astype(np.int32))
    return Marks(steps.cumsum(axis=1)[:, :width], boxes, areas)


def longer_sides(boxes: np.ndarray) -> np.ndarray:
    """Return the longer side (n,) of boxes (n, 4)."""
    return np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])


def frames(marks: Marks, kept: np.ndarray) -> np.ndarray:
    """Return those of the kept marks (their numbers from 0) that are frames: hollow, around another one or a box."""
    boxes, sides = marks.boxes[kept], longer_sides(marks.boxes[kept])
    hollow = marks.areas[kept] < 0.3 * (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)

    def holds_another(i):
        inside = (boxes[:, :2] > boxes[i, :2]).all(axis=1) & (boxes[:, 2:] < boxes[i, 2:]).all(axis=1)
        return (inside & (sides > 0.15 * sides[i])).any()

    return kept[[i for i in np.flatnonzero(hollow) if holds_another(i) or _is_box(marks, kept[i])]]


def _is_box(marks, number):
    """Whether a mark's four sides are straight and nearly level or upright, as a frame's are and those of no digit."""
    top, left, bottom, right = marks.boxes[number]
    mark = marks.labels[top:bottom, left:right] == number + 1
    return all(_is_straight(side) for side in (mark, mark[::-1], mark.T, mark.T[::-1]))


def _is_straight(mark):
    """Whether the upper side of a mark is a straight line but for its corners: the one through both of its halves."""
    first, across = mark.argmax(axis=0), np.arange(mark.shape[1])
    corner, half = len(first) // 10, len(first) // 2
    halves = slice(corner, half), slice(half, len(first) - corner)
    if corner < 1:
        return False
    (x0, y0), (x1, y1) = ((across[each].mean(), np.median(first[each])) for each in halves)
    slope = (y1 - y0) / (x1 - x0)
    off = np.abs(first - y0 - slope * (across - x0))[corner:-corner]
    return abs(slope) < 0.25 and (off <= max(2, 0.02 * len(mark))).mean() > 0.9


def gathered(marks: Marks, kept: np.ndarray, count: int) -> list[np.ndarray]:
    """Gather the kept marks (their numbers from 0) into digits: a list of arrays of numbers, the largest digit first.

    Marks near each other are joined, then the nearest digits as long as there are more than `count` of them and the
    gap between them is such as one digit has. What is small beside the largest is left out, as is dirt.
    """
    sides = longer_sides(marks.boxes)
    kept = kept[sides[kept] >= SPECK * sides[kept].max()]
    unit = sides[kept].max()
    digits = [([number], marks.boxes[number]) for number in kept[np.argsort(-sides[kept])].tolist()]
    while len(digits) > 1:
        gaps = [(_gap(digits[i][1], digits[j][1]), i, j) for j in range(len(digits)) for i in range(j)]
        gap, i, j = min(gaps)
        large = [side >= DIGIT * unit for side in longer_sides(np.stack([box for _, box in digits]))]
        if gap > (APART if sum(large) > count and not (large[i] and large[j]) else JOINED) * unit:
            break
        numbers, box = digits.pop(j)
        digits[i] = digits[i][0] + numbers, _around(digits[i][1], box)
    whole = longer_sides(np.stack([box for _, box in digits]))
    order = [i for i in np.argsort(-whole) if whole[i] >= DIGIT * whole.max()]
    return [np.array(digits[i][0]) for i in order]


def _gap(one, other):
    """The distance between two boxes, 0 where they overlap."""
    down = max(one[0] - other[2], other[0] - one[2], 0)
    across = max(one[1] - other[3], other[1] - one[3], 0)
    return float(np.hypot(down, across))


def _around(one, other):
    """The box around two boxes."""
    return np.concatenate([np.minimum(one, other)[:2], np.maximum(one, other)[2:]])
