"""A picture file to 28×28 digits: a drawing, a scan or a photograph of one digit or of two."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from core.images import ink, paper

LARGEST_PICTURE_PIXELS = 64_000_000  # a phone's camera makes 48 million; four bytes each are a quarter of a gigabyte
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")  # after "ftyp" in the fifth byte
SOLID = 0.7  # of its box: a picture that a transparent margin surrounds, as an oval one, 0.79; what is drawn fills less
TURN = Image.Transpose  # counter-clockwise
QUARTERS = (None, TURN.ROTATE_270, TURN.ROTATE_180, TURN.ROTATE_90)
Crop = tuple[float, float, float, float]  # the left, top, right and bottom side, as fractions of the picture
WHOLE: Crop = (0, 0, 1, 1)
Image.MAX_IMAGE_PIXELS = None  # Pillow warns and refuses with messages of its own, far above that


class PictureError(ValueError):
    """A file that gives no digit; the message says why, and goes on where the file's name ends."""


@dataclass(frozen=True)
class Picture:
    """What digits are read from: `grey` (height, width) in 0…1, and `shown`, False where the picture is transparent."""

    grey: np.ndarray = field(repr=False)
    shown: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Reading:
    """What a picture shows: `digits` (n, 28, 28) uint8, and `masks` (n, height, width), the ink of each."""

    digits: np.ndarray
    masks: np.ndarray = field(repr=False)


def digit_from_picture(file: Path | BinaryIO) -> np.ndarray:
    """Return the digit (28, 28) uint8, white on black, of a picture file, whose ink may be dark or light.

    Raises PictureError if it is no picture, too large or does not show one digit, and FileNotFoundError.
    """
    return read_picture(open_picture(file), 1).digits[0]


def read_picture(picture: Picture, count: int) -> Reading:
    """Read `count` digits of a picture. Raises PictureError if it does not show so many."""
    try:
        inked = paper.find_ink(picture.grey, picture.shown, count)
    except paper.PaperError as error:
        raise PictureError(str(error)) from error
    digits = [ink.drawn_digit(paper.canvas_of(inked.contrast, mask)) for mask in inked.digits]
    return Reading(np.stack(digits), np.stack(inked.digits))


def open_picture(file: Path | BinaryIO, quarter_turns: int = 0, crop: Crop = WHOLE) -> Picture:
    """Return the picture of a file, upright as its camera was held, then turned clockwise by quarters, then cropped.

    A drawing on a transparent ground comes as dark ink on white. Raises PictureError if it is no picture or too large,
    and FileNotFoundError.
    """
    if isinstance(file, Path) and file.exists() and not file.is_file():  # a pipe or a device may never end
        raise PictureError("is no file")
    try:
        with Image.open(file) as picture:
            if picture.width * picture.height > LARGEST_PICTURE_PIXELS:
                raise PictureError(f"has more than {LARGEST_PICTURE_PIXELS:,} pixels; make it smaller")
            if picture.mode == "F":
                raise PictureError("has greys as fractions; give a PNG of whole numbers")
            # a JPEG gives a reduced picture in a tenth of the time
            part = max(0.01, min(crop[2] - crop[0], crop[3] - crop[1]))
            picture.draft("L", (round(2 * paper.WORKING_PIXELS / part),) * 2)
            orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)
            whole = picture.mode.startswith("I")
            transparent = picture.mode in ("LA", "RGBA", "PA", "La", "RGBa") or "transparency" in picture.info
            if whole:
                bands, white = [Image.fromarray(np.asarray(picture).astype(np.float32))], _white(picture)
            else:
                bands, white = list(picture.convert("LA" if transparent else "L").split()), 255
    except (FileNotFoundError, PictureError):
        raise
    except UnidentifiedImageError:
        raise PictureError(_unknown(file)) from None
    except (OSError, ValueError, SyntaxError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or was cut short"
        raise PictureError(f"cannot be read as a picture ({reason})") from error
    turned = [_turned(band, orientation, quarter_turns) for band in bands]
    planes = [np.clip(_reduced(band.crop(box_of(crop, band.size))) / white, 0, 1) for band in turned]
    grey, alpha = planes[0], planes[-1]
    if len(planes) == 1 or np.ptp(alpha) == 0:
        return Picture(grey, np.ones(grey.shape, bool))
    if _alpha_is_ink(grey, alpha):
        return Picture(1 - alpha, np.ones(grey.shape, bool))
    return Picture(grey, alpha >= 0.5)


def box_of(crop: Crop, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the left, top, right and bottom pixel of a crop of a picture of (width, height); at least one is left."""
    left, right = _cut(crop[0], crop[2], size[0])
    top, bottom = _cut(crop[1], crop[3], size[1])
    return left, top, right, bottom


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


def _turned(band, orientation, quarter_turns):
    """The band upright, as EXIF's orientation 1 to 8 has it, then turned clockwise by quarters."""
    band.getexif()[ExifTags.Base.Orientation] = orientation
    upright = ImageOps.exif_transpose(band)
    turn = QUARTERS[quarter_turns % 4]
    return upright if turn is None else upright.transpose(turn)


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


def _cut(start, end, size):
    """The first and the last-but-one pixel of a side cropped by fractions; at least a pixel is left."""
    first = min(size - 1, max(0, round(start * size)))
    return first, max(first + 1, min(size, round(end * size)))


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
