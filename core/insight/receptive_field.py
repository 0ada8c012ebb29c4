"""Which pixels of the digit a value inside a network can see: counted backwards through the layers."""

from dataclasses import dataclass
from math import prod

from core.model.networks import Step


@dataclass(frozen=True)
class Field:
    """Rows `top` to `bottom` and columns `left` to `right` of an image, the last ones included."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top + 1

    @property
    def width(self) -> int:
        return self.right - self.left + 1

    def within(self, height: int, width: int) -> "Field":
        """Return the part of it that lies in an image of this height and width."""
        return Field(max(self.top, 0), max(self.left, 0), min(self.bottom, height - 1), min(self.right, width - 1))


def receptive_field(steps: tuple[Step, ...], row: int, column: int) -> Field:
    """Return what a value at (row, column) of the last step's maps sees of the first step's input and its padding.

    A SAME convolution of size k sees (k−1)//2 before and k//2 after each position, 2×2 pooling two for one; an FC
    layer sees all of its input, whatever row and column are.
    """
    rows, columns = (row, row), (column, column)
    for step in reversed(steps):
        height, width = step.shape_in[:2] if len(step.shape_in) == 3 else (1, 1)
        rows, columns = step.layer.sees(*rows, height), step.layer.sees(*columns, width)
    return Field(rows[0], columns[0], rows[1], columns[1])


def stride(steps: tuple[Step, ...]) -> int:
    """Return the pixels of the first step's input between neighbouring values of the last step's maps."""
    return prod(step.layer.stride for step in steps)
