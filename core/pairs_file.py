"""A table of pairs, a CSV file: in each line a picture of the top digit, one of the bottom digit, and their sum.

One picture may show both digits; the other's place is empty then. Commas separate the fields, or semicolons, which
Excel writes in countries that write 0,5 for a half; the first line decides.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.images.picture import PictureError, open_picture, read_picture
from core.runs import files
from core.teach import Pair

HEADING = ["top", "bottom", "sum"]


def read_pairs(path: Path) -> tuple[list[Pair], list[str]]:
    """Return the pairs, and what is wrong with every line that is none, in messages that begin with its number.

    A picture's name is relative to the table's folder. Empty lines and the heading "top,bottom,sum" are left out.
    Raises OSError if the table cannot be read, and ValueError if it is no text.
    """
    pairs, faults = [], []
    for number, cells in lines(path):
        try:
            pairs.append(_pair(cells, path.parent))
        except ValueError as error:
            faults.append(f"line {number}: {error}")
    return pairs, faults


def lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each line, without empty lines and a heading. Raises as `read_pairs`."""
    separator = ","
    with io.TextIOWrapper(files.open_to_read(path), newline="", encoding="utf-8-sig") as file:
        try:
            for number, line in enumerate(file, 1):  # each by itself: a quote left open spoils no other line
                if number == 1 and ";" in line and "," not in line:
                    separator = ";"
                cells = [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
                heading = [cell.lower() for cell in cells] in (HEADING, HEADING[:2], HEADING[:1])
                if any(cells) and not (number == 1 and heading):
                    yield number, cells
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError("is no table of text, as CSV is") from error


def two_digits(names: list[str], folder: Path = Path()) -> np.ndarray:
    """Return the digits (2, 28, 28) of two pictures, or of one that shows both. Raises ValueError if they show none."""
    if not names:
        raise ValueError("names no picture")
    digits: list[np.ndarray] = []
    for name in names:
        try:
            digits += list(read_picture(open_picture(folder / name), 3 - len(names)).digits)
        except FileNotFoundError:
            raise ValueError(f"{name} is not there") from None
        except PictureError as error:
            raise ValueError(f"{name} {error}") from error
    return np.stack(digits)


def _pair(cells, folder):
    if len(cells) != len(HEADING):
        fields = "1 field" if len(cells) == 1 else f"{len(cells)} fields"
        separated = "separated by commas, or in all lines by semicolons"
        raise ValueError(f"has {fields}; wanted are 3, {separated}: top picture, bottom picture, sum")
    if not re.fullmatch(r"\d{1,2}", cells[2]):
        raise ValueError(f"{cells[2][:20]!r} is no sum; wanted is a whole number from 0 to 18")
    return Pair(*two_digits([name for name in cells[:2] if name], folder), int(cells[2]))
