"""A digit moved by whole pixels: what the network answers then, and in which layer the move stops being a move."""

from dataclasses import dataclass

import numpy as np

from core.insight.beside import logits_beside
from core.insight.layer_outputs import Stage, layer_outputs
from core.insight.receptive_field import receptive_field, stride
from core.model import operations
from core.model.forward import Weights
from core.model.networks import SIDE, Network

FARTHEST = 6  # pixels
EXACT = 1e-4  # a relative error below this is float32's, not the layer's


def shifted(image: np.ndarray, right: int, down: int) -> np.ndarray:
    """Move an image or maps (height, width, …) by whole pixels: 0 comes in, and what leaves is lost."""
    moved = np.zeros_like(image)
    height, width = image.shape[:2]
    if abs(down) < height and abs(right) < width:
        target = moved[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]
        target[:] = image[max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)]
    return moved


@dataclass(frozen=True)
class Shifts:
    """A network's answer to each move of a digit: `sums` and `certainty` (13, 13), rows down −6…6, columns right −6…6.

    `lost` (13, 13) is the share of the digit's ink that left the picture.
    """

    sums: np.ndarray
    certainty: np.ndarray
    lost: np.ndarray


def answers_to_shifts(
    network: Network, weights: Weights, top: np.ndarray, bottom: np.ndarray, half: str = "top"
) -> Shifts:
    """Move one of two digits (28, 28) uint8 everywhere within FARTHEST pixels."""
    digit, other = (top, bottom) if half == "top" else (bottom, top)
    moves = range(-FARTHEST, FARTHEST + 1)
    images = np.stack([shifted(digit, right, down) for down in moves for right in moves])
    probabilities = operations.softmax(logits_beside(network, weights, images, other, half))
    shape = (len(moves), len(moves))
    ink = images.sum(axis=(1, 2), dtype=np.int64) / max(1, int(digit.sum(dtype=np.int64)))
    return Shifts(
        probabilities.argmax(axis=1).reshape(shape), probabilities.max(axis=1).reshape(shape), 1 - ink.reshape(shape)
    )


@dataclass(frozen=True)
class LayerShift:
    """How well one layer's output for the moved digit is its output for the digit at rest, moved.

    `right`, `down` are the move in positions of the layer's maps, which best explains it, or None where there are no
    positions any more. Errors are relative: |moved − expected| / |expected| (L2). `error` is over all positions that
    both have; `inside` leaves out those that see the padding around the picture, and is None where no other is left.
    """

    label: str
    right: int | None
    down: int | None
    error: float
    inside: float | None

    @property
    def is_shift(self) -> bool:
        """Whether the output has moved and done nothing else, as far as the padding's influence does not reach."""
        return self.right is not None and (self.error if self.inside is None else self.inside) < EXACT


def layer_shifts(
    network: Network, weights: Weights, top: np.ndarray, bottom: np.ndarray, half: str, right: int, down: int
) -> list[LayerShift]:
    """Follow one of two digits, moved and at rest, through every layer that reads it alone."""
    digits = {"top": top, "bottom": bottom}
    at_rest = layer_outputs(network, weights, **digits, half=half)
    moved = layer_outputs(network, weights, **(digits | {half: shifted(digits[half], right, down)}), half=half)
    return [_layer_shift(*pair, right, down) for pair in zip(at_rest, moved, strict=True) if not pair[0].together]


def _layer_shift(at_rest: Stage, moved: Stage, right: int, down: int) -> LayerShift:
    label = at_rest.step.label
    if not at_rest.is_maps:
        return LayerShift(label, None, None, _relative(moved.output, at_rest.output), None)
    pixels = stride(at_rest.steps)
    candidates = [
        (*_compared(at_rest, moved, x, y), x, y) for x in _nearest(right / pixels) for y in _nearest(down / pixels)
    ]
    error, inside, x, y = min(candidates, key=lambda candidate: candidate[0])
    return LayerShift(label, x, y, error, inside)


def _compared(at_rest, moved, right, down):
    """Errors of one candidate move: over all positions in the picture, and over those that see no padding."""
    height, width, _ = at_rest.output.shape
    present = shifted(np.ones((height, width), bool), right, down)
    rows, columns = _clear_of_padding(at_rest.steps, height), _clear_of_padding(at_rest.steps, width)
    clear = np.outer(rows, columns)
    clear &= shifted(clear, right, down)
    expected = shifted(at_rest.output, right, down)
    inside = _relative(moved.output[clear], expected[clear]) if clear.any() else None
    return _relative(moved.output[present], expected[present]), inside


def _clear_of_padding(steps, length):
    """Which rows (or columns) of a layer's maps see no padding around the picture."""
    fields = [receptive_field(steps, index, index) for index in range(length)]
    return np.array([field.top >= 0 and field.bottom < SIDE for field in fields])


def _nearest(move):
    """The whole numbers around a move: one, where it is whole itself."""
    return sorted({int(np.floor(move)), int(np.ceil(move))})


def _relative(moved, expected):
    return float(np.linalg.norm(moved - expected) / max(np.linalg.norm(expected), 1e-12))
