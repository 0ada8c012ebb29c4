"""Numbers and other people's words as the pages write them."""

import re


def small(value: float) -> str:
    """A difference or a gradient, to two digits if it is small; 0 only if it is exactly that."""
    if value == 0:
        return "0"
    return (f"{value:.4f}" if abs(value) >= 1e-3 else f"{value:.1e}").replace("-", "−")


def plain(text: str) -> str:
    """Markdown that shows a text as it is: a title or a tensor's name may be anything, a picture's address too."""
    return re.sub(r"([\\`*_\[\]<>!#$|~:&])", r"\\\1", text)
