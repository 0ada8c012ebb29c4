"""A picture file to 28×28 digits: a drawing, a scan or a photograph of one digit or of two."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.images import ink, paper

LARGEST_PICTURE_PIXELS = 64_000_000  # a phone's camera makes 48 million; four bytes each are a quarter of a gigabyte
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")  # after "ftyp" in the fifth byte
SOLID = 0.9  # of its box: a picture that a transparent margin surrounds; what somebody drew fills less
Image.MAX_IMAGE_PIXELS = None  # Pillow warns and refuses with messages of its own, far above that


class PictureError(ValueError):
    """A file that gives no digit; the message says why, and goes on where the file's name ends."""


@dataclass(frozen=True)
class Reading:
    """What a picture shows: `digits` (n, 28, 28) uint8, and the picture it was read from (height, width) in 0…1.

    `masks` (n, height, width) is what was taken for the ink of each digit.
    """

    digits: np.ndarray
    grey: np.ndarray = field(repr=False)
    masks: np.ndarray = field(repr=False)


def digit_from_picture(file: Path | BinaryIO) -> np.ndarray:
    """Return the digit (28, 28) uint8, white on black, of a picture file, whose ink may be dark or light.

    Raises PictureError if it is no picture, too large or does not show one digit, and FileNotFoundError.
    """
    return read_picture(file, 1).digits[0]


def read_picture(
    file: Path | BinaryIO, count: int, quarter_turns: int = 0, crop: tuple[float, float, float, float] = (0, 0, 1, 1)
) -> Reading:
    """Read `count` digits of a picture, first turned clockwise by quarters, then cropped.

    `crop` is (left, top, right, bottom) as fractions of the turned picture. Raises as `digit_from_picture`.
    """
    grey, shown, alpha = _looked_at(file, quarter_turns, crop)
    try:
        if _alpha_is_ink(grey, alpha):
            inked = paper.find_ink(1 - alpha, np.ones_like(shown), count)
            grey = 1 - alpha
        else:
            inked = paper.find_ink(grey, shown, count)
    except paper.PaperError as error:
        raise PictureError(str(error)) from error
    digits = [ink.drawn_digit(paper.canvas_of(inked.contrast, mask)) for mask in inked.digits]
    return Reading(np.stack(digits), grey, np.stack(inked.digits))


def grey_picture(
    file: Path | BinaryIO, quarter_turns: int = 0, crop: tuple[float, float, float, float] = (0, 0, 1, 1)
) -> np.ndarray:
    """Return the picture (height, width) in 0…1 that `read_picture` looks at. Raises as `digit_from_picture`."""
    return _looked_at(file, quarter_turns, crop)[0]


def _looked_at(file, quarter_turns, crop):
    """What `_opened` gives, turned and cropped."""
    planes = [np.rot90(plane, -quarter_turns) for plane in _opened(file)]
    rows, columns = (slice(*_cut(crop[i::2], planes[0].shape[1 - i])) for i in (1, 0))
    return [plane[rows, columns] for plane in planes]


def _opened(file):
    """A picture's grey in 0…1, whether each pixel is shown, and its alpha in 0…1, all (height, width) float or bool."""
    if isinstance(file, Path) and file.exists() and not file.is_file():  # a pipe or a device may never end
        raise PictureError("is no file")
    try:
        with Image.open(file) as picture:
            if picture.width * picture.height > LARGEST_PICTURE_PIXELS:
                raise PictureError(f"has more than {LARGEST_PICTURE_PIXELS:,} pixels; make it smaller")
            if picture.mode == "F":
                raise PictureError("has greys as fractions; give a PNG of whole numbers")
            picture.draft("L", (2 * paper.WORKING_PIXELS,) * 2)  # a JPEG gives a reduced picture in a tenth of the time
            orientation = picture.getexif().get(0x0112)
            whole = picture.mode.startswith("I")
            transparent = picture.mode in ("LA", "RGBA", "PA", "La", "RGBa") or "transparency" in picture.info
            if whole:
                planes = [_reduced(Image.fromarray(np.asarray(picture).astype(np.float32)))]
                planes[0] = np.clip(planes[0] / _white(picture), 0, 1)
            else:
                converted = picture.convert("LA" if transparent else "L")
                planes = [_reduced(band) / 255 for band in converted.split()]
    except (FileNotFoundError, PictureError):
        raise
    except UnidentifiedImageError:
        raise PictureError(_unknown(file)) from None
    except (OSError, ValueError, SyntaxError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or was cut short"
        raise PictureError(f"cannot be read as a picture ({reason})") from error
    planes = [_upright(plane, orientation) for plane in planes]
    alpha = planes[1] if len(planes) > 1 and np.ptp(planes[1]) > 0 else np.ones_like(planes[0])
    return planes[0], alpha >= 0.5, alpha


def _white(picture):
    """The brightest value that a picture of whole numbers can hold: 2ⁿ − 1, n from 8 on, as its own values need."""
    return 2 ** max(8, int(picture.getextrema()[1]).bit_length()) - 1


def _reduced(band):
    """A band at the size at which ink is looked for, (height, width) float32."""
    longer = max(band.size)
    factor = min(1, paper.WORKING_PIXELS / longer) if longer > paper.FEWEST_PIXELS else paper.FEWEST_PIXELS / longer
    if factor != 1:
        size = [max(1, round(side * factor)) for side in band.size]
        band = band.resize(size, Image.Resampling.BOX if factor < 1 else Image.Resampling.BICUBIC)
    return np.asarray(band, np.float32)


def _upright(plane, orientation):
    """The plane as a camera's note on how it was held, EXIF's orientation 1 to 8, has it."""
    image = Image.fromarray(plane)
    image.getexif()[0x0112] = orientation or 1
    return np.asarray(ImageOps.exif_transpose(image))


def _alpha_is_ink(grey, alpha):
    """Whether what is not transparent is a drawing, and no picture with transparent corners or a shadow around it."""
    opaque = alpha >= 0.5
    if opaque.mean() > 0.99:
        return False
    rim = np.concatenate([opaque[0], opaque[-1], opaque[:, 0], opaque[:, -1]])
    if np.median(rim):
        return np.ptp(grey[opaque]) < 0.25
    if not opaque.any():
        return True
    rows, columns = np.flatnonzero(opaque.any(axis=1)), np.flatnonzero(opaque.any(axis=0))
    box = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    return np.ptp(grey[opaque]) < 0.25 or opaque.sum() < SOLID * box


def _cut(bounds, size):
    """The first and the last-but-one pixel of a side cropped by fractions; at least a pixel is left."""
    first = min(size - 1, max(0, round(bounds[0] * size)))
    return first, max(first + 1, min(size, round(bounds[1] * size)))


def _unknown(file):
    """The message of why a file that Pillow does not know is not read."""
    if isinstance(file, Path):
        with file.open("rb") as stream:
            head = stream.read(12)
    else:
        file.seek(0)
        head = file.read(12)
    if head[4:8] == b"ftyp" and head[8:12] in HEIC:
        return (
            "is a HEIC photo, which is not read here; save it as JPEG, or set an iPhone's camera to "
            "Settings, Camera, Formats, Most Compatible"
        )
    return "is not a picture that can be read; give a PNG or a JPEG"
