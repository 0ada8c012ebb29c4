"""The layers, a class each: all that one kind of layer is, in one class.

Shape and weights, multiply-adds, label, forward and backward pass in NumPy, receptive field, and the Keras layer that
trains it. To add a kind of layer, add a class: the arithmetic, the pages, training and prediction follow. (The reader
in a visitor's browser, core/pocket, has the same in JavaScript; layers that split and join halves are in halves.py.)

All convolutions have stride 1 and SAME padding; all pooling is 2×2 with stride 2.
"""

from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Any, ClassVar

import numpy as np

from core.model import operations

Shape = tuple[int, ...]


class Layer:
    """What a layer is unless its class says otherwise: it owns no weights and keeps the shape.

    Shapes leave out the batch. Between Split and Join or AddDigits the batch is twice as long, the top and bottom half
    of each input in turn, and shapes are those of one half.
    """

    kind: ClassVar[str] = ""  # the first part of its tensors' canonical names, numbered: conv1, fc2
    stride: ClassVar[int] = 1  # pixels of its input between neighbouring values of its output
    halves_out: ClassVar[int | None] = None  # how many parts an input has after it; None: as before
    changes_values: ClassVar[bool] = True  # False where prediction hands the values on as they are
    linear: ClassVar[bool] = False  # whether its output is a linear function of its input

    def label(self, shape_in: Shape, shared: bool = False) -> str:
        """Return its line in a list of layers; `shared` says that both halves go through the same weights."""
        raise NotImplementedError

    def shape_out(self, shape_in: Shape) -> Shape:
        """Return the shape of its output."""
        return shape_in

    def weight_shapes(self, shape_in: Shape) -> dict[str, Shape]:
        """Return the shapes of its kernel and its bias, of its kernel alone, or nothing."""
        return {}

    def multiply_adds(self, shape_in: Shape) -> int:
        """Return the multiply-adds of one pass, which only layers with weights are counted for."""
        return 0

    def forward(self, x: np.ndarray, *weights: np.ndarray) -> np.ndarray:
        """Return its output for x (n, …), given its weights in the order of `weight_shapes`."""
        return x

    def backward(self, g: np.ndarray, x: np.ndarray, y: np.ndarray, kernel: np.ndarray | None = None) -> np.ndarray:
        """Return the gradient at its input x (n, …), whose output was y, from the gradient g (n, …) at y.

        g may have more rows than a single x has: several gradients at one input. Where a change upwards and one
        downwards differ, the gradient is that of one side: 0 for a ReLU at 0, the first value's for equal values under
        a max pool.
        """
        return g

    def sees(self, first: int, last: int, length: int) -> tuple[int, int]:
        """Return the first and last index of its input, along one axis of `length`, that outputs first…last see."""
        return first, last

    def keras(self, layers: Any, **options: Any) -> Any:
        """Return its Keras layer; `layers` is keras.layers, handed in so that this module imports no TensorFlow."""
        raise NotImplementedError


@dataclass(frozen=True)
class Window(Layer):
    """What the convolutions share: a window of size×size slides over the picture, with SAME padding and stride 1."""

    size: int

    linear = True

    def sees(self, first, last, length):
        return first - (self.size - 1) // 2, last + self.size // 2


@dataclass(frozen=True)
class Convolution(Window):
    """A convolution with `filters` filters of size×size, each over all channels."""

    filters: int

    kind = "conv"

    def label(self, shape_in, shared=False):
        return f"conv {self.size}×{self.size}×{shape_in[2]}→{self.filters}"

    def shape_out(self, shape_in):
        return (*shape_in[:2], self.filters)

    def weight_shapes(self, shape_in):
        return {"kernel": (self.size, self.size, shape_in[2], self.filters), "bias": (self.filters,)}

    def multiply_adds(self, shape_in):
        return prod(shape_in) * self.size**2 * self.filters

    def forward(self, x, kernel, bias):
        return operations.convolve(x, kernel) + bias

    def backward(self, g, x, y, kernel=None):
        return operations.convolve_back(g, kernel)

    def keras(self, layers, **options):
        return layers.Conv2D(self.filters, self.size, padding="same", **options)


@dataclass(frozen=True)
class DepthwiseConvolution(Window):
    """A convolution that filters each channel by itself, with one size×size filter for each.

    It owns no bias: the 1×1 convolution that mixes its channels has one, and a second would change nothing.
    """

    kind = "depthwise"
    padding: ClassVar[str] = "same"

    def label(self, shape_in, shared=False):
        return f"depthwise conv {self.size}×{self.size}, {shape_in[2]} channels"

    def weight_shapes(self, shape_in):
        return {"kernel": (self.size, self.size, shape_in[2], 1)}

    def multiply_adds(self, shape_in):
        return prod(shape_in) * self.size**2

    def forward(self, x, kernel):
        return operations.convolve_depthwise(x, kernel)

    def backward(self, g, x, y, kernel=None):
        return operations.convolve_depthwise_back(g, kernel)

    def keras(self, layers, kernel_initializer, bias_initializer, **options):
        options["depthwise_initializer"] = kernel_initializer
        return layers.DepthwiseConv2D(self.size, padding=self.padding, use_bias=False, **options)


@dataclass(frozen=True)
class GlobalDepthwiseConvolution(DepthwiseConvolution):
    """A filter as large as the picture, size×size, for each channel: a mean of it with learned weights.

    It owns no bias either: the FC layer after it has one.
    """

    kind = "global"
    padding = "valid"

    def label(self, shape_in, shared=False):
        return f"depthwise conv {self.size}×{self.size} over all of {shape_in[2]} channels"

    def shape_out(self, shape_in):
        return (shape_in[2],)

    def multiply_adds(self, shape_in):
        return prod(shape_in)

    def forward(self, x, kernel):
        return np.einsum("nhwc,hwc->nc", x, kernel[..., 0])

    def backward(self, g, x, y, kernel=None):
        return g[:, None, None] * kernel[..., 0].astype(g.dtype)

    def sees(self, first, last, length):
        return 0, length - 1

    def keras(self, layers, **options):
        convolution = super().keras(layers, **options)
        return lambda x: layers.Flatten(dtype=options["dtype"])(convolution(x))


@dataclass(frozen=True)
class Dense(Layer):
    """A fully connected layer ("FC" in the report)."""

    units: int

    kind = "fc"
    linear = True

    def label(self, shape_in, shared=False):
        return f"FC {prod(shape_in)}→{self.units}" + ", shared" * shared

    def shape_out(self, shape_in):
        return (self.units,)

    def weight_shapes(self, shape_in):
        return {"kernel": (prod(shape_in), self.units), "bias": (self.units,)}

    def multiply_adds(self, shape_in):
        return prod(shape_in) * self.units

    def forward(self, x, kernel, bias):
        return operations.multiply(x.reshape(len(x), -1), kernel) + bias

    def backward(self, g, x, y, kernel=None):
        return operations.multiply_back(g, kernel).reshape(len(g), *x.shape[1:])

    def sees(self, first, last, length):
        return 0, length - 1


@dataclass(frozen=True)
class ReLU(Layer):
    """max(x, 0)."""

    def label(self, shape_in, shared=False):
        return "ReLU"

    def forward(self, x):
        return np.maximum(x, 0)

    def backward(self, g, x, y, kernel=None):
        return g * (x > 0)

    def keras(self, layers, **options):
        return layers.ReLU(**options)


class Pool(Layer):
    """What both kinds of pooling share: 2×2 values become one."""

    stride = 2

    def shape_out(self, shape_in):
        height, width, channels = shape_in
        return (height // 2, width // 2, channels)

    def sees(self, first, last, length):
        return 2 * first, 2 * last + 1


@dataclass(frozen=True)
class MaxPool(Pool):
    """The largest of every 2×2 values."""

    def label(self, shape_in, shared=False):
        return "max pool 2×2"

    def forward(self, x):
        return reduce(np.maximum, operations.corners(x))

    def backward(self, g, x, y, kernel=None):
        return operations.spread(g, x, operations.first_largest(x))

    def keras(self, layers, **options):
        return layers.MaxPooling2D(2, **options)


@dataclass(frozen=True)
class AveragePool(Pool):
    """The mean of every 2×2 values."""

    linear = True

    def label(self, shape_in, shared=False):
        return "average pool 2×2"

    def forward(self, x):
        return sum(operations.corners(x)) / 4

    def backward(self, g, x, y, kernel=None):
        return operations.spread(g, x, 0.25)

    def keras(self, layers, **options):
        return layers.AveragePooling2D(2, **options)


@dataclass(frozen=True)
class Dropout(Layer):
    """Keeps each value with the recipe's keep_prob while training; does nothing at 1, and never at prediction."""

    changes_values = False
    linear = True

    def label(self, shape_in, shared=False):
        return "dropout"


@dataclass(frozen=True)
class Softmax(Layer):
    """Scores to probabilities."""

    def label(self, shape_in, shared=False):
        return "softmax"

    def forward(self, x):
        return operations.softmax(x)

    def backward(self, g, x, y, kernel=None):
        return y * (g - (g * y).sum(axis=-1, keepdims=True))

    def keras(self, layers, **options):
        return layers.Softmax(**options)
