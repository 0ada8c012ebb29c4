"""Which pixels of the digit a value inside a network can see: counted backwards through the layers."""

from dataclasses import dataclass

from core.model.networks import AveragePool, Convolution, Dense, MaxPool, Step


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
        """The part of it that lies in an image of this height and width."""
        return Field(max(self.top, 0), max(self.left, 0), min(self.bottom, height - 1), min(self.right, width - 1))


def receptive_field(steps: tuple[Step, ...], row: int, column: int) -> Field:
    """What a value at (row, column) of the last step's maps sees of the first step's input, padding around it included.

    A SAME convolution of size k sees (k−1)//2 before and k//2 after each place, 2×2 pooling sees two places for one;
    an FC layer sees all of its input, whatever row and column are.
    """
    rows, columns = (row, row), (column, column)
    for step in reversed(steps):
        match step.layer:
            case Dense():
                height, width = step.shape_in[:2] if len(step.shape_in) == 3 else (1, 1)
                rows, columns = (0, height - 1), (0, width - 1)
            case Convolution(size):
                before, after = (size - 1) // 2, size // 2
                rows, columns = ((first - before, last + after) for first, last in (rows, columns))
            case MaxPool() | AveragePool():
                rows, columns = ((2 * first, 2 * last + 1) for first, last in (rows, columns))
    return Field(rows[0], columns[0], rows[1], columns[1])


def stride(steps: tuple[Step, ...]) -> int:
    """How many pixels of the first step's input lie between neighbouring places of the last step's maps."""
    return 2 ** sum(step.layer in (MaxPool(), AveragePool()) for step in steps)
