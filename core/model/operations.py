"""The arithmetic that the layers are made of, in NumPy: forwards, and backwards where that is more than a line."""

from collections.abc import Iterator

import numpy as np

DIGITS = 10
SUMS = 19  # 0+0 … 9+9

PROBABILITY_FLOOR = 1e-30  # probabilities below this have no finite gradient through their logarithm
# (100, 19): SUM_OF_PAIR[10·d₁ + d₂, s] is 1 where d₁ + d₂ = s, so a product with it sums over the pairs of each sum
SUM_OF_PAIR = np.equal.outer(np.add.outer(np.arange(DIGITS), np.arange(DIGITS)).ravel(), np.arange(SUMS))
SUM_OF_PAIR = SUM_OF_PAIR.astype(np.float32)
FEW_INPUTS = 4  # up to this many, vectors times an FC layer's matrix are quicker than one product of two matrices
BLOCK_ROWS = 256  # rows of a kernel that are converted at a time


def unit_range(images: np.ndarray) -> np.ndarray:
    """Return images as float32 in 0…1: uint8 in 0…255 divided by 255, floating-point values as they are."""
    return images.astype(np.float32) / 255 if images.dtype == np.uint8 else images.astype(np.float32)


def softmax(x: np.ndarray) -> np.ndarray:
    """Return exp(x) over its sum along the last axis, without overflow."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def add_distributions(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Return P(s) = Σ P(d)·P(s−d): distributions (…, 10) of two digits to that of their sum, (…, 19)."""
    return answer_distribution(top, bottom, SUM_OF_PAIR)


def answer_distribution(top: np.ndarray, bottom: np.ndarray, answer_of_pair: np.ndarray) -> np.ndarray:
    """Return P(answer) = Σ P(d₁)·P(d₂) over its pairs: distributions (…, 10) of two digits to (…, answers).

    `answer_of_pair` (100, answers) is as SUM_OF_PAIR, for any question about the two.
    """
    outer = top[..., :, None] * bottom[..., None, :]
    return outer.reshape(*outer.shape[:-2], DIGITS * DIGITS) @ answer_of_pair


def convolve(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return the SAME convolution of stride 1 (in signal processing a correlation): (n, h, w, in) to (n, h, w, out).

    Sliding windows and one matrix product.
    """
    size, _, channels, _ = kernel.shape
    n, height, width, _ = x.shape
    before = (size - 1) // 2
    padded = np.zeros((n, height + size - 1, width + size - 1, channels), x.dtype)
    padded[:, before : before + height, before : before + width] = x
    # a window's row is one run of memory, its channels among it, which makes the copy to rows quick
    lines = padded.reshape(n, height + size - 1, -1)
    windows = np.lib.stride_tricks.sliding_window_view(lines, (size, size * channels), axis=(1, 2))[:, :, ::channels]
    rows = windows.reshape(n * height * width, -1)  # a window each
    return (rows @ kernel.reshape(-1, kernel.shape[-1])).reshape(n, height, width, -1)


def convolve_back(g: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return the gradient at a SAME convolution's input from g (n, h, w, out): a convolution with the turned kernel."""
    return convolve(g, _turned(kernel).swapaxes(2, 3).astype(g.dtype))


def _turned(kernel):
    """A kernel turned by 180°. SAME pads one more below than above, so one of even size gets zeros at its start."""
    if len(kernel) % 2 == 0:
        kernel = np.pad(kernel, ((1, 0), (1, 0), (0, 0), (0, 0)))
    return kernel[::-1, ::-1]


def convolve_depthwise(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return the SAME convolution of each channel of x (n, h, w, c) with its own filter: kernel (size, size, c, 1)."""
    size = len(kernel)
    before = (size - 1) // 2
    height, width = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (before, size - 1 - before), (before, size - 1 - before), (0, 0)))
    shifts = np.ndindex(size, size)
    return sum(padded[:, i : i + height, j : j + width] * kernel[i, j, :, 0] for i, j in shifts)


def convolve_depthwise_back(g: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return the gradient at a depthwise convolution's input from g (n, h, w, c): the same with the turned kernel."""
    return convolve_depthwise(g, _turned(kernel).astype(g.dtype))


def multiply(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return x (n, in) @ kernel (in, out) in the precision of x, which is float64 where a visitor asks for it."""
    if x.dtype == kernel.dtype and len(x) > FEW_INPUTS:
        return x @ kernel
    inputs = x[:, None] if len(x) <= FEW_INPUTS else x  # (n, 1, in): a product each, of a vector
    blocks = enumerate(_row_blocks(kernel, x.dtype))
    return sum(inputs[..., BLOCK_ROWS * i :][..., : len(rows)] @ rows for i, rows in blocks).reshape(len(x), -1)


def multiply_back(g: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return g (n, out) @ kernelᵀ, the gradient at an FC layer's input."""
    return np.concatenate([g @ rows.T for rows in _row_blocks(kernel, g.dtype)], axis=1)


def _row_blocks(kernel: np.ndarray, dtype: np.dtype) -> Iterator[np.ndarray]:
    """The rows of a matrix in a precision, a few at a time: they stay in the cache, and a copy of all takes 26 MB."""
    return (kernel[i : i + BLOCK_ROWS].astype(dtype, copy=False) for i in range(0, len(kernel), BLOCK_ROWS))


def corners(x: np.ndarray) -> list[np.ndarray]:
    """Return the first, second, third and fourth value of every 2×2, each (n, h/2, w/2, c); an odd edge is left out."""
    height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    return [x[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]


def spread(g: np.ndarray, x: np.ndarray, share: float | np.ndarray) -> np.ndarray:
    """Return g (n, h, w, c) over the 2×2 values of x that each pooled value came from; 0 at an odd edge left out."""
    over = np.zeros((len(g), *x.shape[1:]), g.dtype)
    over[:, : 2 * g.shape[1], : 2 * g.shape[2]] = g.repeat(2, axis=1).repeat(2, axis=2) * share
    return over


def first_largest(x: np.ndarray) -> np.ndarray:
    """Return 1 where a value is the first largest of its 2×2, as every framework breaks ties; (n, 2h, 2w, c)."""
    n, height, width, channels = x.shape
    quarters = x[:, : height // 2 * 2, : width // 2 * 2].reshape(n, height // 2, 2, width // 2, 2, channels)
    fours = quarters.transpose(0, 1, 3, 5, 2, 4).reshape(n, height // 2, width // 2, channels, 4)
    chosen = (np.arange(4) == fours.argmax(axis=-1)[..., None]).reshape(*fours.shape[:4], 2, 2)
    return chosen.transpose(0, 1, 4, 2, 5, 3).reshape(n, height // 2 * 2, width // 2 * 2, channels)
