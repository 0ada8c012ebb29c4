"""What each layer of a network makes of one digit, and the filters that make it."""

from dataclasses import dataclass

import numpy as np

from core.model import forward
from core.model.forward import Weights
from core.model.layers import Convolution, DepthwiseConvolution
from core.model.networks import Network, Step


@dataclass(frozen=True)
class Stage:
    """What one layer makes of a digit: `output` is maps (height, width, channels), or units (n,).

    `steps` leads from the digit to this layer, which is its last one. `filters` (size, size, in, out) are those of the
    last convolution on the way, where the output is maps; `together` says that both digits are in the output.
    """

    steps: tuple[Step, ...]
    output: np.ndarray
    filters: np.ndarray | None
    together: bool

    @property
    def step(self) -> Step:
        return self.steps[-1]

    @property
    def is_maps(self) -> bool:
        return self.output.ndim == 3

    @property
    def activity(self) -> np.ndarray:
        """Mean |value| of each map, or |value| of each unit."""
        return np.abs(self.output).mean(axis=(0, 1)) if self.is_maps else np.abs(self.output)

    @property
    def most_active(self) -> np.ndarray:
        """The indices of maps or units, the most active first."""
        return np.argsort(-self.activity, kind="stable")

    def strongest(self, channel: int) -> tuple[int, int]:
        """Return row and column of a map where |value| is largest."""
        values = np.abs(self.output[..., channel])
        row, column = np.unravel_index(values.argmax(), values.shape)
        return int(row), int(column)

    def filter_of(self, channel: int) -> tuple[np.ndarray, int]:
        """Return the filter (size, size) behind a map, on the one input channel that it weighs most (Σ w² largest)."""
        if self.filters is None:
            raise ValueError("units have no filter: only maps do")
        of_map = self.filters[..., channel]
        heaviest = int((of_map**2).sum(axis=(0, 1)).argmax())
        return of_map[..., heaviest], heaviest


def layer_outputs(
    network: Network, weights: Weights, top: np.ndarray, bottom: np.ndarray, half: str = "top"
) -> list[Stage]:
    """Return the stages of one of two digits (28, 28), "top" or "bottom", from the first layer to the logits.

    A network that reads one digit reads that one. Layers that change no value on the way (split, dropout) are left out.
    """
    digits = {"top": top, "bottom": bottom}
    image = np.concatenate([top, bottom]) if network.reads_pairs else digits[half]
    outputs = forward.activations(network, weights, image[None])
    stages: list[Stage] = []
    before: tuple[Step, ...] = ()
    filters, together = None, False
    for step, output in zip(network.steps, outputs, strict=True):
        if not step.layer.changes_values:
            continue
        before += (step,)
        together = together or step.layer.halves_out == 1
        mine = output[1 if step.halves == 2 and half == "bottom" else 0]
        if isinstance(step.layer, Convolution | DepthwiseConvolution):
            filters = weights[step.kernels[-1 if half == "bottom" else 0]]
            if isinstance(step.layer, DepthwiseConvolution):  # one filter a map, over that map alone
                filters = filters.swapaxes(2, 3)
        stages.append(Stage(before, mine, filters if mine.ndim == 3 else None, together))
    return stages
