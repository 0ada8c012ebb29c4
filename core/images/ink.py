"""Canvas pixels to a 28×28 digit, the way MNIST made its own.

MNIST's makers cropped the ink, scaled it with anti-aliasing into a box of 20×20 pixels, its aspect kept, and moved it
by whole pixels so that its centre of mass lay at the centre of 28×28 pixels (LeCun, Cortes and Burges). So do we.
"""

import numpy as np
from PIL import Image

from core.model.networks import SIDE

BOX = 20  # pixels of the longer side of the ink
CENTRE = SIDE // 2  # MNIST's mean centre of mass, on both axes, in pixel indices
LEAST = 0.05  # of black on white: a picture without more is blank, but for a scanner's noise
FAINTEST = 0.1  # ink under this fraction of the darkest does not count when cropping: the rim that anti-aliasing leaves


def digit_from_canvas(rgba: np.ndarray) -> np.ndarray | None:
    """Return the digit (28, 28) uint8, white on black, of a canvas (height, width[, 1–4]) uint8; None if it is blank.

    Ink is what is not transparent or, on a picture that is opaque but for its corners, what differs from its
    background, dark or light.
    Raises ValueError for an array that is not a picture.
    """
    ink = _ink(rgba)
    if ink.max(initial=0) < LEAST:
        return None
    marked = ink >= FAINTEST * ink.max()
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    crop = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return _centred(_fitted(crop))


def drawn_digit(rgba: np.ndarray) -> np.ndarray:
    """Return what `digit_from_canvas` does of a canvas on which something is drawn. Raises ValueError if nothing is."""
    digit = digit_from_canvas(rgba)
    if digit is None:
        raise ValueError("nothing is drawn on this canvas")
    return digit


def _ink(canvas: np.ndarray) -> np.ndarray:
    """The amount of ink at each pixel, (height, width) float32 in 0…1."""
    canvas = np.asarray(canvas)
    if canvas.dtype != np.uint8 or canvas.ndim not in (2, 3) or (canvas.ndim == 3 and not 1 <= canvas.shape[2] <= 4):
        raise ValueError(f"a canvas is (height, width, 1 to 4 channels) of uint8, not {canvas.shape} of {canvas.dtype}")
    if canvas.ndim == 2:
        canvas = canvas[..., None]
    if canvas.size == 0:
        return np.zeros((1, 1), np.float32)
    if canvas.shape[2] not in (2, 4):
        return _contrast(canvas, np.ones(canvas.shape[:2], bool))
    alpha, colours = canvas[..., -1], canvas[..., :-1]
    opaque = alpha >= 128
    if (~opaque).mean() > 0.01 and (np.median(_rim(alpha)) < 128 or _are_alike(colours[opaque])):
        return alpha.astype(np.float32) / 255
    return _contrast(colours, opaque)  # a picture, some of whose corners may be cut off


def _are_alike(colours):
    """Whether these pixels (n, channels) are all of about one colour, as ink is and a picture is not."""
    return np.ptp(colours, axis=0).max() < 64


def _contrast(colours, opaque):
    """How far each pixel is from the background, which is what most of the rim shows; 0 where nothing is shown."""
    grey = colours.mean(axis=2, dtype=np.float32) / 255
    shown = _rim(opaque)
    background = np.median(_rim(grey)[shown]) if shown.any() else 0.0
    return np.where(opaque, np.abs(grey - background) / max(background, 1 - background), 0.0)


def _rim(picture):
    """The pixels along the four edges, one after the other."""
    return np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])


def _fitted(crop: np.ndarray) -> np.ndarray:
    """The ink scaled so that its longer side is 20 pixels, each pixel the mean of what it covers."""
    longer = max(crop.shape)
    height, width = (max(1, round(side * BOX / longer)) for side in crop.shape)
    return np.asarray(Image.fromarray(crop).resize((width, height), Image.Resampling.BOX))


def _centred(box: np.ndarray) -> np.ndarray:
    """The box on 28×28 pixels, its centre of mass within half a pixel of the centre, as far as it stays inside."""
    digit = np.zeros((SIDE, SIDE), np.float32)
    total = box.sum()
    height, width = box.shape
    y = _whole_pixels(CENTRE - float((box.sum(axis=1) * np.arange(height)).sum() / total))
    x = _whole_pixels(CENTRE - float((box.sum(axis=0) * np.arange(width)).sum() / total))
    y, x = min(max(y, 0), SIDE - height), min(max(x, 0), SIDE - width)
    digit[y : y + height, x : x + width] = box
    return np.rint(255 * digit / digit.max()).astype(np.uint8)


def _whole_pixels(shift):
    """A shift rounded. A symmetric digit lies half-way between two pixels, so what is nearly a tie is taken as one:
    otherwise the last bits of a sum would decide, which differ from one machine, or from Python to JavaScript.
    """
    return round(round(shift, 3))
