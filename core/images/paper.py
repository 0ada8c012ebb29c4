"""Ink on paper, in a photograph or a scan: each pixel is judged against the paper near it, not against a level.

Light falls on paper unevenly, but it multiplies: what a pixel reflects, divided by what the paper near it reflects, is
the same in the sun and in a shadow. The paper near a pixel is the picture closed by a square wider than any stroke
(Serra 1982): strokes vanish from it, the edge of a shadow stays where it is. Ruled lines belong to the paper, too.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from core.images.marks import Marks, components, frames, gathered, longer_sides
from core.images.neighbours import blurred, dilated, extreme
from core.images.ruled import without_lines

WORKING_PIXELS = 720  # of the longer side: larger pictures are reduced to it, small ones enlarged to FEWEST_PIXELS
FEWEST_PIXELS = 280
WIDEST_STROKE = 0.25  # of the picture's shorter side
FAINTEST = 0.1  # contrast of the faintest ink: a hard pencil has 0.2
DARKEST_PAPER = 0.25  # of the brightest paper: what is darker is a desk, not a shadow
THINNEST_STROKE = 0.1  # of the digit's longer side: a ballpoint's line is thickened to it, as MNIST's digits are
SMALLEST_DIGIT = 12  # pixels of its longer side, times its contrast: of a faint one more is needed
WIDEST_DIGIT = 3  # times its height: what is wider is a line
MOST_MARKS = 400
SAME_PEN = 0.4  # of the darkest mark's contrast: what is fainter is light, or a grain of the desk
EVEN = 0.6  # of a digit's pixels have half the contrast of its darkest ones; of a stroke with a shadow at it fewer do
EDGE_PIXELS = 9  # ink is at its full contrast within so many, in a photograph in focus
REAL_EDGE = 0.95  # of a mark's outline: the rest may be where only the paper's estimate steps, not the picture
EDGE_CONTRAST = 0.5  # of a digit that the picture's edge touches: the shadow of a hand or a pen there is fainter
ENLARGED = 200  # pixels of a digit's longer side while its stroke is measured and thickened


class PaperError(ValueError):
    """A picture whose ink cannot be told; the message goes on where the picture's name ends."""


@dataclass(frozen=True)
class Ink:
    """What was taken for ink: `digits`, a mask (height, width) of each, and `contrast` (height, width) in 0…1."""

    contrast: np.ndarray
    digits: list[np.ndarray]


def find_ink(grey: np.ndarray, shown: np.ndarray, count: int) -> Ink:
    """Find `count` digits on paper: grey (height, width) in 0…1, `shown` False where a picture is transparent.

    They come in reading order: from above, or from the left where they stand side by side. Raises PaperError.
    """
    if not _has_paper(grey, shown):
        grey = 1 - grey  # chalk on a board, or light ink on a dark screen
    contrast, noise = _contrast(grey, shown)
    # where a shadow has joined the ink, or reaches the picture's edge, the darkest alone may come apart from it
    for only_darkest, alone in ((False, True), (True, True), (False, False)):
        marks = _marks(contrast, noise, grey, only_darkest)
        try:
            digits = _digits(marks, contrast, shown, count, alone)
        except PaperError as error:
            refusal = error
        else:
            return Ink(contrast, digits)
    raise refusal


def canvas_of(contrast: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return a digit of a picture as a canvas shows it, (height, width) uint8, white ink on black.

    `mask` (height, width) is where its ink lies. A line thinner than a pen's is thickened.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    around = dilated(mask, 3)
    full = np.quantile(contrast[mask], 0.7)
    ink = np.clip(np.where(around, contrast, 0) / full, 0, 1)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    factor = ENLARGED / max(ink.shape)
    height, width = (max(1, round(side * factor)) for side in ink.shape)
    margin = round(THINNEST_STROKE * ENLARGED)
    large = np.asarray(Image.fromarray(ink.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR))
    large = np.pad(large, margin)
    thicker = THINNEST_STROKE * ENLARGED - _stroke_width(large > 0.5)
    if thicker >= 2:
        disk = Image.fromarray(np.rint(255 * large).astype(np.uint8))
        for _ in range(int(thicker / 2)):
            disk = disk.filter(ImageFilter.MaxFilter(3))
        large = np.asarray(disk.filter(ImageFilter.GaussianBlur(1.5)), np.float32) / 255
    return np.rint(255 * large).astype(np.uint8)


def _contrast(grey, shown):
    """How much darker each pixel is than the paper near it, as a share of the paper; and the paper's noise."""
    smooth = np.where(shown, blurred(grey), 0)
    side = max(3, round(WIDEST_STROKE * min(grey.shape)))
    paper = extreme(extreme(smooth, side, np.maximum), side, np.minimum)
    bright = np.quantile(paper[shown], 0.95) if shown.any() else 0
    on_paper = shown & (paper >= DARKEST_PAPER * bright) & (paper > 0.05)
    if not on_paper.any():
        return np.zeros_like(grey), 0.0
    reflected = smooth / np.maximum(paper, 1e-3)
    reflected = reflected / np.median(reflected[on_paper])  # a closing follows the brightest grains
    drawn = np.where(on_paper, np.clip(1 - reflected, 0, 1), 0)
    reflected = without_lines(np.where(_framed(drawn), 1, reflected), on_paper)
    contrast = np.where(on_paper, np.clip(1 - reflected, 0, 1), 0)
    noise = np.median(np.abs(1 - reflected[on_paper])) / 0.6745
    return contrast.astype(np.float32), float(noise)


def _framed(contrast):
    """Where a frame is drawn (height, width). Its middle is empty but for other marks, unlike that of squared paper.

    It is looked for before ruled lines are left out, which may be three of its sides. Where it meets such lines it is
    one mark with them, and is not found.
    """
    inked = contrast[contrast > FAINTEST]
    if not inked.size:
        return np.zeros(contrast.shape, bool)
    marks, empty = components(contrast > max(FAINTEST, 0.3 * float(np.quantile(inked, 0.9)))), []
    for number in frames(marks, np.flatnonzero(longer_sides(marks.boxes) >= SMALLEST_DIGIT)):
        top, left, bottom, right = marks.boxes[number]
        down, across = (bottom - top) // 6, (right - left) // 6
        if not (marks.labels[top + down : bottom - down, left + across : right - across] == number + 1).any():
            empty.append(number + 1)
    return dilated(np.isin(marks.labels, empty), 5)


def _marks(contrast, noise, grey, only_darkest=False):
    """The marks of ink: what is dark by itself, and what is half as dark and touches that.

    With `only_darkest` what is half as dark as the darkest ink, such as a shadow, is left out.
    """
    least = max(FAINTEST, 5 * noise)
    inked = contrast[contrast > least]
    if inked.size < 12:
        return components(np.zeros_like(contrast, bool))
    strong = max(least, 0.5 * float(np.quantile(inked, 0.99 if only_darkest else 0.9)))
    weak = components(contrast > max((1 if only_darkest else 0.6) * strong, 3.5 * noise))
    dark = np.bincount(weak.labels[contrast > strong], minlength=len(weak.areas) + 1)[1:] >= 6
    kept = np.flatnonzero(dark & _sharp(weak, contrast, grey))
    names = np.zeros(len(weak.areas) + 1, np.int32)
    names[kept + 1] = np.arange(1, len(kept) + 1)
    return Marks(names[weak.labels], weak.boxes[kept], weak.areas[kept])


def _sharp(marks, contrast, grey):
    """Whether the ink of each mark begins within few pixels, on most of its outline. What begins slowly is a shadow.

    And whether the picture itself steps there. A hand's shadow is too wide for ink, its fingers are not: the paper's
    estimate follows the palm alone, so the fingers would be marks that end where nothing is seen to end.
    """
    outline = (marks.labels > 0) & (extreme(marks.labels, 3, np.minimum) == 0)
    most, least = (extreme(contrast, EDGE_PIXELS, which)[outline] for which in (np.maximum, np.minimum))
    smooth = blurred(grey)
    brightest, darkest = (extreme(smooth, EDGE_PIXELS, which)[outline] for which in (np.maximum, np.minimum))
    step, seen = most - least, 1 - darkest / np.maximum(brightest, 1e-3)
    numbers, peaks = marks.labels[outline] - 1, _peaks(marks, contrast)
    length, steep, real = (
        np.bincount(numbers[which], minlength=len(peaks))
        for which in (slice(None), step > 0.5 * peaks[numbers], seen > 0.5 * step)
    )
    return (2 * steep > length) & (real >= REAL_EDGE * length)


def _peaks(marks, contrast):
    """The greatest contrast (n,) in each mark."""
    peaks = np.zeros(len(marks.areas) + 1)
    np.maximum.at(peaks, marks.labels.ravel(), contrast.ravel())
    return peaks[1:]


def _digits(marks, contrast, shown, count, alone):
    """A mask (height, width) of each of `count` digits, in reading order. Raises PaperError.

    If `alone`, no digit may be cut off by the picture's edge.
    """
    kept = _not_of_the_surroundings(marks, contrast, shown, alone)
    if not len(kept):
        raise PaperError("shows no digit: nothing is drawn in it")
    if len(kept) > MOST_MARKS:
        raise PaperError("shows too many marks to tell a digit from; take the picture nearer and on plain paper")
    digits = gathered(marks, kept, count)
    if len(digits) != count:
        raise PaperError(_miscounted(len(digits), count))
    masks = [np.isin(marks.labels, numbers + 1) for numbers in digits]
    if not all(_even(contrast[mask]) for mask in masks):
        raise PaperError("shows a shadow on the ink; take the picture where no shadow falls")
    boxes = [_box(marks, numbers) for numbers in digits]
    for mask, (top, left, bottom, right) in zip(masks, boxes, strict=True):
        height, width = bottom - top, right - left
        if max(height, width) * contrast[mask].max() < SMALLEST_DIGIT:
            raise PaperError("shows no digit that is large and dark enough to read; take the picture nearer")
        if width > WIDEST_DIGIT * height:
            raise PaperError("shows a line, not a digit; turn the picture if it lies on its side")
        if mask.sum() > 0.8 * height * width and min(height, width) > 0.4 * max(height, width):
            raise PaperError("shows a patch, not a digit; draw on plain paper and keep shadows off it")
    if count == 2:
        middles = [np.array([box[0] + box[2], box[1] + box[3]]) for box in boxes]
        axis = np.abs(middles[0] - middles[1]).argmax()
        if middles[0][axis] > middles[1][axis]:
            masks.reverse()
    return masks


def _even(contrast):
    """Whether most of the ink is about as dark as its darkest: contrast (n,) of a digit, no ink with a shadow at it."""
    return (contrast > 0.5 * np.quantile(contrast, 0.95)).mean() >= EVEN


def _not_of_the_surroundings(marks, contrast, shown, alone):
    """The numbers of the marks that are no frame, no line across the picture and nothing that is cut off by its edge.

    If nothing else is there, and unless `alone`, a large digit that is dark and evenly so may touch the edge.
    """
    height, width = shown.shape
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    boxes, sides = marks.boxes, longer_sides(marks.boxes)
    if not len(boxes):
        return np.array([], int)
    tall, wide = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    lines = (np.minimum(tall, wide) < 0.04 * min(height, width)) & ((tall > 0.7 * height) | (wide > 0.7 * width))
    kept = np.flatnonzero(~lines)
    kept = np.setdiff1d(kept, frames(marks, kept))
    near, far = boxes[:, :2] <= [rows[0] + 2, columns[0] + 2], boxes[:, 2:] >= [rows[-1] - 1, columns[-1] - 1]
    touched = near.sum(axis=1) + far.sum(axis=1)  # of the picture's four edges
    peaks = _peaks(marks, contrast)
    whole = kept[touched[kept] == 0]
    if len(whole) and max(sides[whole]) >= SMALLEST_DIGIT:
        large = whole[sides[whole] >= 0.25 * max(sides[whole])]
        return whole[peaks[whole] >= SAME_PEN * max(peaks[large])]
    if alone:
        return kept[:0]
    even = np.array([_even(contrast[marks.labels == number + 1]) for number in kept], bool)
    rim = np.concatenate([marks.labels[0], marks.labels[-1], marks.labels[:, 0], marks.labels[:, -1]])
    along = np.bincount(rim, minlength=len(boxes) + 1)[kept + 1] / len(rim)
    thick = np.minimum(tall, wide)[kept] >= 0.04 * min(height, width)
    large = sides[kept] >= 0.3 * min(height, width)
    return kept[thick & large & even & (touched[kept] <= 2) & (along < 0.35) & (peaks[kept] >= EDGE_CONTRAST)]


def _miscounted(number, count):
    """The message of why so many digits are not what was asked for."""
    if count == 1:
        return f"shows {number} digits; give a picture of one"
    if number == 1:
        return "shows one digit only; write two, one above the other or side by side, and leave a gap between them"
    return f"shows {number} digits; write two alone, one above the other or side by side"


def _has_paper(grey, shown):
    """Whether ink is dark here: most of the picture is bright, or a bright area is wider than a stroke."""
    median = np.median(grey[shown]) if shown.any() else 1.0
    if median > 0.5:
        return True
    side = max(3, round(WIDEST_STROKE * min(grey.shape)))
    patch = extreme(np.where(shown, grey, 0), side, np.minimum).max()  # the darkest pixel of the brightest square
    bright = np.quantile(grey[shown], 0.99)
    return patch > 0.5 * bright + 0.5 * median or bright - median < 0.5 * median


def _box(marks, numbers):
    boxes = marks.boxes[numbers]
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _stroke_width(mask):
    """The width of a stroke in pixels: twice its area over its outline, as of a long band."""
    outline = np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1])
    return 2 * mask.sum() / max(1, outline * 0.785)  # a slanting outline counts its steps: 4/π of its length
