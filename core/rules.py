"""What a field of a recipe may hold: a rule for each kind, which checks, reads and describes it."""

import re
from dataclasses import dataclass
from typing import Any

from core.typed import read_number


class RecipeError(ValueError):
    """A recipe cannot be; the message names the field, its value and what is allowed."""


@dataclass(frozen=True)
class Number:
    """A whole number where `low` is one, else any number, from `low` to `high`; None as well where that is `all`."""

    meaning: str
    low: float
    high: float
    or_all: bool = False

    @property
    def whole(self) -> bool:
        return isinstance(self.low, int)

    @property
    def allowed(self) -> str:
        return f"{'a whole number' if self.whole else 'a number'} from {self.low:,} to {self.high:,}"

    def holds(self, value: object) -> bool:
        """Return whether a value is allowed."""
        if value is None:
            return self.or_all
        kinds = int if self.whole else (int, float)
        # written so that NaN, which fails every comparison, is refused
        return isinstance(value, kinds) and not isinstance(value, bool) and self.low <= value <= self.high

    def read(self, text: str) -> object:
        """Return what a text means, or the text itself where it means nothing."""
        if self.or_all and text.lower() in ("none", "all"):
            return None
        number = read_number(text, whole=self.whole)
        return text if number is None else number

    def described(self, default: object) -> str:
        """Return a line of help."""
        return f"{self.meaning} From {self.low:,} to {self.high:,}; default {word(default)}"


@dataclass(frozen=True)
class Choice:
    """One of some names."""

    meaning: str
    options: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return ", ".join(self.options)

    def holds(self, value: object) -> bool:
        """Return whether a value is allowed."""
        return type(value) is str and value in self.options

    def read(self, text: str) -> object:
        """Return what a text means: itself."""
        return text

    def described(self, default: object) -> str:
        """Return a line of help."""
        return f"{self.meaning} One of {self.allowed}; default {word(default)}"


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    meaning: str
    allowed = "True, False"

    def holds(self, value: object) -> bool:
        """Return whether a value is allowed."""
        return isinstance(value, bool)  # 1 is no True here

    def read(self, text: str) -> object:
        """Return what a text means, or the text itself where it means nothing."""
        return {"true": True, "false": False}.get(text.lower(), text)

    def described(self, default: object) -> str:
        """Return a line of help."""
        return self.meaning


@dataclass(frozen=True)
class Text:
    """A text of one pattern, which `allowed` describes."""

    meaning: str
    pattern: str
    allowed: str

    def holds(self, value: object) -> bool:
        """Return whether a value is allowed."""
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None

    def read(self, text: str) -> object:
        """Return what a text means: itself."""
        return text

    def described(self, default: object) -> str:
        """Return a line of help."""
        return f"{self.meaning} {self.allowed.capitalize()}"


Rule = Number | Choice | Flag | Text


def word(value: Any) -> str:
    """Return a field's value in one word: all, yes, 0.5, sums."""
    if value is None or isinstance(value, bool):
        return {None: "all", True: "yes", False: "no"}[value]
    return repr(value).removesuffix(".0") if isinstance(value, int | float) else value


def check(name: str, rule: Rule, value: object, typed: str | None = None) -> None:
    """Check a field's value by its rule. Raises RecipeError, calling the value what was typed, if it is refused."""
    if not rule.holds(value):
        raise RecipeError(f"{name} is {repr(value) if typed is None else typed}; allowed: {rule.allowed}")


def read(name: str, rule: Rule, text: str) -> object:
    """Return a field's value from text, as it is typed into the form or stands in a link. Raises RecipeError."""
    value, typed = rule.read(text.strip()), text.strip()[:60]
    is_number = isinstance(rule, Number) and not isinstance(value, str)
    check(name, rule, value, (typed if is_number else repr(typed)) if typed else "empty")
    return value
