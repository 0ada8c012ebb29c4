"""Numbers as people type them: with a decimal comma, in groups of thousands, or as 1e3."""

import re

# three digits to a group, one and the same mark between all groups
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}([ .,'’_\u00a0\u202f])\d{3}(\1\d{3})*")


def read_number(text: str, whole: bool) -> int | float | None:
    """Read a number that somebody typed; None if it is none, or could mean two.

    A comma is the decimal mark, as a point is: "0,5" is 0.5, while "1,500" could be 1.5 or 1500. Where `whole` numbers
    are asked for, "1,500", "1.500" and "1 500" are all 1500, and so is "1.5e3"; "2.5" is 2.5, for the caller to refuse.
    """
    text = text.strip().replace("−", "-")
    if whole and (match := GROUPED.fullmatch(text)):
        text = text.replace(match[1], "")
    elif text.count(",") == 1 and "." not in text and not GROUPED.fullmatch(text):
        text = text.replace(",", ".")
    try:
        if whole and re.fullmatch(r"[+-]?\d+", text):
            return int(text)  # of any length: a float would round it
        number = float(text)
    except ValueError:
        return None
    return int(number) if whole and number.is_integer() else number
