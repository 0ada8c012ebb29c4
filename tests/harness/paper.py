"""A sheet of paper with MNIST digits on it, lit from the left."""

import numpy as np
from PIL import Image

from core.images import mnist

PAPER, INK = 235, 40  # greys of the paper and of what is written on it
DIGIT_PIXELS = 160  # a digit's side, with the margin that MNIST leaves around it


def sheet(written: dict[int, tuple[int, int]]) -> Image.Image:
    """Draw a sheet of 640×480: each digit's label → its left and top pixel."""
    data = mnist.embedded()
    grey = np.full((480, 640), PAPER, float)
    for label, (left, top) in written.items():
        digit = Image.fromarray(data.test_images[list(data.test_labels).index(label)])
        ink = np.asarray(digit.resize((DIGIT_PIXELS, DIGIT_PIXELS))) / 255
        grey[top : top + DIGIT_PIXELS, left : left + DIGIT_PIXELS] += ink * (INK - PAPER)
    return Image.fromarray((grey * np.linspace(1, 0.75, 640)).astype(np.uint8))
