"""The two kinds of table: facts, a line for each thing, and a grid of shaded cells, digits by digits."""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.model.operations import DIGITS
from pages.shared.colours import COLOURS

GREY_RGB = "125,135,148"


@dataclass(frozen=True)
class Cell:
    """A cell of a grid: its text, what it says to a pointer, how strong its colour is (0…1), and its class in CSS."""

    text: object = ""
    title: str = ""
    shade: float = 0.0
    rgb: str = GREY_RGB
    kind: str = ""

    @property
    def html(self) -> str:
        kind = f' class="{self.kind}"' if self.kind else ""
        background = f' style="background:rgba({self.rgb},{self.shade:.2f})"' if self.shade else ""
        title = f' title="{html.escape(self.title)}"' if self.title else ""
        return f"<td{kind}{title}{background}>{self.text}</td>"


def grid(
    columns: Sequence[object],
    rows: Iterable[tuple[object, Sequence[Cell]]],
    *,
    corner: str = "",
    kind: str = "products",
    label: str = "",
    coloured: bool = False,
) -> str:
    """Return HTML of cells by row and column. `coloured`: numbers of rows are top digits, of columns bottom ones."""

    def headed(name, half):
        colour = f' style="color:{COLOURS[half]}"' if coloured and isinstance(name, int) else ""
        return f"<th{colour}>{name}</th>"

    named = f' aria-label="{html.escape(label)}"' if label else ""
    head = "".join(headed(name, "bottom") for name in columns)
    body = "".join(f"<tr>{headed(name, 'top')}{''.join(cell.html for cell in cells)}</tr>" for name, cells in rows)
    return f'<table class="{kind}"{named}><tr><th>{corner}</th>{head}</tr>{body}</table>'


def of_digits(cell, **settings) -> str:
    """Return HTML of a grid of all top digits (rows) with all bottom digits: `cell(top, bottom)` makes each Cell."""
    rows = ((top, [cell(top, bottom) for bottom in range(DIGITS)]) for top in range(DIGITS))
    return grid(range(DIGITS), rows, **settings)


def facts(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, kind: str = "facts", label: str = "", marked: int = -1
) -> str:
    """Return HTML of a line for each thing, named by its first cell; cells are HTML, and so are the heads.

    The table scrolls in its own box where it is too wide; of kind "facts" each line becomes a list of its own on a
    phone. The line `marked` stands out.
    """
    named = f' aria-label="{html.escape(label)}"' if label else ""
    head = "".join(f"<th>{head}</th>" for head in heads)
    body = ""
    for number, (first, *others) in enumerate(rows):
        told = [f' data-head="{head}"' if kind == "facts" else "" for head in heads[1:]]
        cells = "".join(f"<td{head}>{cell}</td>" for head, cell in zip(told, others, strict=True))
        body += f"<tr{' class=marked' if number == marked else ''}><th>{first}</th>{cells}</tr>"
    table = f'<table class="{kind}"{named}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="wide" tabindex="0">{table}</div>'
