"""Numbers and other people's text as the pages write them."""

import re

from core.runs import pace, store

# Streamlit makes links, arrows, dashes, icons and emoji of finished text, escaped or not; a space of no width at
# these positions keeps it from that.
MAKES_MORE_OF_TEXT = re.compile(
    r"(?<=:)(?=//|[\w+-]+[:/])|(?<=www)(?=\.)|(?<=@)|(?<=-)(?=[->])|(?<=<)(?=[-=])|(?<=>)(?==)", re.IGNORECASE
)

# Characters with which Markdown would begin something: anywhere, at the start of a line, or beside no letter.
MARKS = re.compile(r"[\\`*\[\]<>!#$|~]|:(?=\S)|&(?=[#\w])|^[-+=]|(?<![^\W_])_|_(?![^\W_])")


def number(value: float | str, form: str = "") -> str:
    """Format a number in one of Python's formats, with a true minus sign."""
    return format(value, form).replace("-", "−")


def small(value: float) -> str:
    """Format a difference or a gradient, to two digits if it is small; 0 only if it is exactly that."""
    if value == 0:
        return "0"
    return number(value, ".4f" if abs(value) >= 1e-3 else ".1e")


def rounded(value: float, digits: int = 3) -> str:
    """Format a number to so many figures, never with an exponent where it is large: 0.0123, 12.3, 1,020."""
    if abs(value) >= 10**digits - 0.5:
        return number(value, ",.0f")
    return number(value, f".{digits}g")


def counted(count: int, what: str) -> str:
    """Write how many there are of something whose plural ends in s: 1 digit, 1,024 digits."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def plain(text: object) -> str:
    """Write text from outside as Markdown that shows it as it is, in one line: no link, picture, colour or list.

    Whatever comes from a link, a file, a run's name or another program goes through here before it is shown in
    Markdown: messages, captions, headings, and the labels of buttons.
    """
    printable = "".join(character if character.isprintable() else " " for character in str(text))
    line = MAKES_MORE_OF_TEXT.sub("\u200b", " ".join(printable.split()))
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", MARKS.sub(r"\\\g<0>", line))  # the outer one: no list begins


def trained_on(run: store.Run) -> str:
    """Say which images a run trains on, to follow "trained on"; empty before its trainer has looked what there is."""
    counted = re.search(r"([\d,]+) images to train", run.data)
    if not counted:
        return run.data
    source = "MNIST" if run.data_name == "full" else "the part of MNIST that comes with the app"
    pen = ", and on the pen strokes of 24 people" if run.recipe.step_pen_digits else ""
    if run.recipe.examples is None:
        return f"all {counted[1]} training images of {source}{pen}"
    return f"{run.recipe.examples:,} of the {counted[1]} training images of {source}{pen}"


def measured(run: store.Run, result: dict) -> str:
    """Say a finished run's accuracy, on what, and after how long a training on which machine."""
    sentence = f"Accuracy {result['accuracy']:.4f} ± {result['standard_error']:.4f} on {result['data']}"
    if result.get("seconds"):
        machine = "on the machine it was shipped from" if store.is_shipped(run) else "here"
        sentence += f", after {pace.duration(result['seconds'])} of training {machine}"
    if "pen_accuracy" in result:
        sentence += f". Of pairs drawn by six people it never met it reads {result['pen_accuracy']:.4f}"
    return f"{sentence}."
