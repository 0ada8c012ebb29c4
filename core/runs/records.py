"""What a run's small files say: each field is checked, and what does not fit is left out.

Anybody may have written them, by hand or with another version, and one foreign file must take no page from everybody.
So nothing is read past these functions: they return Python's own values, numbers that are finite and within bounds,
and words that can be shown.
"""

import datetime
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

from core.recipe import MOST_STEPS
from core.runs import files
from core.runs.curves import QUANTITIES

LARGEST_BYTES = 16_000_000  # no file of ours comes near it
LARGEST = 1e300  # of a number: float64 ends a little above it, and sums of numbers must not reach that

Check = Callable[[object], bool]


def number(low: float, high: float, whole: bool = False) -> Check:
    """Return a check of a value: a finite number from `low` to `high`, whole if so asked. True is no number."""
    kinds = int if whole else (int, float)
    return lambda value: isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high


share, step, positive = number(0, 1), number(0, MOST_STEPS, whole=True), number(0, LARGEST)


def is_text(value: object) -> bool:
    """Return whether a value is a string."""
    return isinstance(value, str)


def printable(text: str, most: int = 2000) -> str:
    """Return the text without control characters and marks that turn its direction, cut to `most` characters."""
    kept = (c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return "".join(kept).strip()[:most]


def is_printable(name: str) -> bool:
    """Return whether a name is a line that can be shown as it is."""
    return name == printable(name) and "\n" not in name


def read_object(path: Path) -> tuple[dict, str]:
    """Read the JSON object in a file and no fault; or an empty one, and why it cannot be read. None: no fault."""
    try:
        contents = json.loads(_read_bytes(path))
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, f"{path.name} cannot be read ({error.strerror or error})"
    except (ValueError, RecursionError):
        return {}, f"{path.name} cannot be read (it is damaged: no JSON)"
    return (contents, "") if isinstance(contents, dict) else ({}, f"{path.name} is no JSON object")


def fitting(contents: dict, required: dict[str, Check], optional: dict[str, Check]) -> tuple[dict, list[str]]:
    """Return the fields that pass their check, and the names of those that do not, also of required ones that miss.

    Fields that nobody knows are left out silently: another version may have more. Texts come back printable.
    """
    checks = required | optional
    kept = {name: contents[name] for name, check in checks.items() if name in contents and check(contents[name])}
    odd = [name for name in checks if name not in kept and (name in required or contents.get(name) is not None)]
    return {name: printable(value) if isinstance(value, str) else value for name, value in kept.items()}, odd


def read_fields(path: Path, required: dict[str, Check], optional: dict[str, Check]) -> tuple[dict, str]:
    """Read these fields of a file's JSON object, and a message of what is left out; empty if a required one is."""
    contents, fault = read_object(path)
    if not contents:
        return {}, fault
    kept, odd = fitting(contents, required, optional)
    whole = not set(required) & set(odd)
    return (kept if whole else {}), f"{path.name}: {', '.join(odd)} cannot be used" if odd else ""


def read_points(path: Path) -> tuple[list[dict], str]:
    """Read the points of a curve, oldest first, and a message of how many lines are left out.

    A point has a step, the required ones of QUANTITIES, and the others where they are known. A last line without its
    end, which a crash tore, is left out silently.
    """
    try:
        lines = _read_bytes(path).split(b"\n")[:-1]
    except FileNotFoundError:
        return [], ""
    except OSError as error:
        return [], f"{path.name} cannot be read ({error.strerror or error})"
    points = [point for line in lines if line.strip() and (point := _point(line))]
    odd = sum(bool(line.strip()) for line in lines) - len(points)
    what = "line is no point" if odd == 1 else "lines are no points"
    return points, f"{path.name}: {odd:,} {what} of a curve" if odd else ""


_CHECKS = {q: number(q.low, min(q.high, LARGEST)) for q in QUANTITIES}
REQUIRED_OF_A_POINT = {"step": step} | {q.name: check for q, check in _CHECKS.items() if q.required}
OPTIONAL_OF_A_POINT = {q.name: check for q, check in _CHECKS.items() if not q.required}


def _point(line):
    try:
        contents = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(contents, dict):
        return None
    kept, odd = fitting(contents, REQUIRED_OF_A_POINT, OPTIONAL_OF_A_POINT)
    return None if set(odd) & set(REQUIRED_OF_A_POINT) else kept


def is_time(text: str) -> bool:
    """Return whether a text is a time in ISO 8601 of the years in which runs are made, which tables can show."""
    try:
        return 1970 <= datetime.datetime.fromisoformat(text).year < 2200
    except ValueError:
        return False


def _read_bytes(path):
    """Raises OSError; a folder, a pipe or a file too large is refused."""
    with files.open_to_read(path) as file:
        data = file.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise OSError(f"it has more than {LARGEST_BYTES:,} bytes")
    return data
