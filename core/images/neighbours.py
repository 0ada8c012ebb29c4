"""What lies around each pixel of a picture: its mean, and its brightest or darkest, by squares."""

import numpy as np
from PIL import Image, ImageFilter


def blurred(picture: np.ndarray) -> np.ndarray:
    """Return the mean of each pixel (height, width) and its eight neighbours."""
    around = np.pad(picture, 1, mode="edge")
    rows = around[:-2] + around[1:-1] + around[2:]
    return (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9


def dilated(mask: np.ndarray, side: int) -> np.ndarray:
    """Return a mask (height, width) that is True wherever a square of odd `side` meets one that is."""
    return np.asarray(Image.fromarray(mask.astype(np.uint8)).filter(ImageFilter.MaxFilter(side))) > 0


def extreme(picture: np.ndarray, side: int, which: np.ufunc, axes: tuple[int, ...] = (0, 1)) -> np.ndarray:
    """Return the largest or smallest value (`which`) of a square of odd `side` around each pixel.

    The rim goes on outside. A window of twice the width is made of two, so that it takes as many steps as the side has
    binary digits.
    """
    half = side // 2
    for axis in axes:
        size, length = picture.shape[axis], 2 * half + 1
        padding = [(half, half) if i == axis else (0, 0) for i in range(picture.ndim)]
        window, covered = np.pad(picture, padding, mode="edge"), 1
        while covered < length:
            step = min(covered, length - covered)
            moved = window.take(range(step, window.shape[axis]), axis)
            window = which(window.take(range(window.shape[axis] - step), axis), moved)
            covered += step
        picture = window.take(range(size), axis)
    return picture
