"""One layer backwards in NumPy: from the gradient at what comes out of it to the gradient at what goes in.

What `core.model.forward` is to the way there, this is to the way back; tests hold it against TensorFlow's GradientTape.
"""

import numpy as np

from core.model import forward
from core.model.networks import (
    AddDigits,
    AveragePool,
    Convolution,
    Dense,
    Dropout,
    Join,
    Layer,
    MaxPool,
    ReLU,
    Softmax,
    Split,
)


def back_through(
    layer: Layer, g: np.ndarray, x: np.ndarray, y: np.ndarray, kernel: np.ndarray | None = None
) -> np.ndarray:
    """The gradients at x (n, …) of a layer that made y of x, from the gradients g (n, …) at y.

    g may have more rows than a single x has: several gradients at one input. Where a change upwards and one downwards
    differ, the gradient is that of one side: 0 for a ReLU at 0, the first value's for equal values under a max pool.
    Raises ValueError for Split, before which nothing is learned.
    """
    match layer:
        case Convolution() | Dense():
            return through_weights(kernel, g).reshape(len(g), *x.shape[1:])
        case ReLU():
            return g * (x > 0)
        case MaxPool():
            return _spread(x, g, _firsts(x))
        case AveragePool():
            return _spread(x, g, 0.25)
        case Dropout():
            return g
        case Softmax():
            return y * (g - (g * y).sum(axis=-1, keepdims=True))
        case Join():
            return g.reshape(-1, *x.shape[1:])
        case AddDigits():
            probabilities = np.exp(y)
            of_sums = np.where(probabilities > forward.PROBABILITY_FLOOR, g / probabilities, 0)
            of_pairs = (of_sums @ forward.SUM_OF_PAIR.T).reshape(len(g), x.shape[-1], x.shape[-1])
            of_top = (of_pairs * x[1::2, None, :]).sum(axis=2)
            of_bottom = (of_pairs * x[0::2, :, None]).sum(axis=1)
            return np.stack([of_top, of_bottom], axis=1).reshape(x.shape)
        case Split():
            raise ValueError("Split comes before any weights: nothing is learned there")


def through_weights(kernel, g):
    """g through a convolution backwards, which is a convolution with the turned kernel; or through an FC layer."""
    if kernel.ndim == 2:
        return np.concatenate([g @ rows.T for rows in forward.row_blocks(kernel, g.dtype)], axis=1)
    if len(kernel) % 2 == 0:  # SAME pads one more below than above; with a row of zeros it is the same on both sides
        kernel = np.pad(kernel, ((1, 0), (1, 0), (0, 0), (0, 0)))
    return forward.convolve(g, kernel[::-1, ::-1].swapaxes(2, 3).astype(g.dtype))


def _firsts(x):
    """1 where a value is the first largest of its 2×2, as every framework breaks ties; (n, 2h, 2w, c)."""
    n, height, width, channels = x.shape
    quarters = x[:, : height // 2 * 2, : width // 2 * 2].reshape(n, height // 2, 2, width // 2, 2, channels)
    fours = quarters.transpose(0, 1, 3, 5, 2, 4).reshape(n, height // 2, width // 2, channels, 4)
    chosen = (np.arange(4) == fours.argmax(axis=-1)[..., None]).reshape(*fours.shape[:4], 2, 2)
    return chosen.transpose(0, 1, 4, 2, 5, 3).reshape(n, height // 2 * 2, width // 2 * 2, channels)


def _spread(x, g, share):
    """g (n, h, w, c) over the 2×2 values that each pooled value came from; 0 where an odd edge was left out."""
    spread = np.zeros((len(g), *x.shape[1:]), g.dtype)
    spread[:, : 2 * g.shape[1], : 2 * g.shape[2]] = g.repeat(2, axis=1).repeat(2, axis=2) * share
    return spread
