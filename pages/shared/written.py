"""Numbers and other people's words as the pages write them."""

import re

# Streamlit makes links, arrows, dashes, icons and emoji of finished text, escaped or not; a space of no width at
# these positions keeps it from that.
MAKES_MORE_OF_TEXT = re.compile(
    r"(?<=:)(?=//|[\w+-]+[:/])|(?<=www)(?=\.)|(?<=@)|(?<=-)(?=[->])|(?<=<)(?=[-=])|(?<=>)(?==)", re.IGNORECASE
)

# Characters with which Markdown would begin something: anywhere, at the start of a line, or beside no letter.
MARKS = re.compile(r"[\\`*\[\]<>!#$|~]|:(?=\S)|&(?=[#\w])|^[-+=]|(?<![^\W_])_|_(?![^\W_])")


def small(value: float) -> str:
    """A difference or a gradient, to two digits if it is small; 0 only if it is exactly that."""
    if value == 0:
        return "0"
    return (f"{value:.4f}" if abs(value) >= 1e-3 else f"{value:.1e}").replace("-", "−")


def plain(text: object) -> str:
    """Write words from outside as Markdown that shows them as they are, in one line: no link, picture, colour or list.

    Whatever comes from a link, a file, a run's name or another program goes through here before it is shown in
    Markdown: messages, captions, headings, and the labels of buttons.
    """
    printable = "".join(character if character.isprintable() else " " for character in str(text))
    line = MAKES_MORE_OF_TEXT.sub("\u200b", " ".join(printable.split()))
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", MARKS.sub(r"\\\g<0>", line))  # the outer one: no list begins
