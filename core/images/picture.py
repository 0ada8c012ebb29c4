"""A picture file to a 28×28 digit: a drawing, a scan or a photo of one digit."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from core.images import ink

LARGEST_PICTURE_PIXELS = 25_000_000
Image.MAX_IMAGE_PIXELS = None  # Pillow warns and refuses in words of its own, far above that


class PictureError(ValueError):
    """A file that gives no digit; the message says why, and goes on where the file's name ends."""


def digit_from_picture(file: Path | BinaryIO) -> np.ndarray:
    """Return the digit (28, 28) uint8, white on black, of a picture file, whose ink may be dark or light.

    Raises PictureError if it is no picture, too large or blank, and FileNotFoundError.
    """
    try:
        with Image.open(file) as picture:
            if picture.width * picture.height > LARGEST_PICTURE_PIXELS:
                raise PictureError(f"has more than {LARGEST_PICTURE_PIXELS:,} pixels")
            transparent = picture.mode in ("LA", "RGBA", "PA") or "transparency" in picture.info
            if picture.mode == "F":
                raise PictureError("has greys as fractions; give a PNG of whole numbers")
            if picture.mode.startswith("I;16"):
                pixels = (np.asarray(picture) // 257).astype(np.uint8)
            else:
                pixels = np.asarray(picture.convert("RGBA" if transparent else "L"))
    except (FileNotFoundError, PictureError):
        raise
    except UnidentifiedImageError:
        raise PictureError("is not a picture that can be read; give a PNG") from None
    except (OSError, ValueError, SyntaxError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or was cut short"
        raise PictureError(f"cannot be read as a picture ({reason})") from error
    digit = ink.digit_from_canvas(pixels)
    if digit is None:
        raise PictureError("shows no digit: nothing is drawn in it")
    return digit
