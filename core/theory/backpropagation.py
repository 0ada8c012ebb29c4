"""The report's theoretical part 3: the gradient of a convolution is a convolution, through a matrix or through the FFT.

A signal I (n,) is convolved with a filter f (m,), zeros outside: y(x) = (f∗I)(x) = Σ_a f_a·I_{x−a} for the n + m − 1
places x where they overlap. So ∂y(x)/∂f_i = I_{x−i}, whatever f is, and the rows [I_x, I_{x−1}, …, I_{x−m+1}], one
under the other, are a Toeplitz matrix T with y = T·f. A loss L of y then has the gradient Tᵀ·g with g = ∂L/∂y. (The
report counts a from 1; here it starts at 0.)
"""

import numpy as np

from core.theory.convolution import convolve

PRESETS = ("step", "wave", "spike", "row of the digit")
PRESET_LENGTH = 16  # numbers of a made signal


def signal_of(preset: str, digit: np.ndarray) -> np.ndarray:
    """Return a signal to play with, one of PRESETS; the row is the one of `digit` (28, 28) uint8 with most ink, in 0…1.

    Raises ValueError for another preset.
    """
    positions = np.arange(PRESET_LENGTH)
    match preset:
        case "step":
            return np.where(positions < PRESET_LENGTH // 2, 0.25, 1.0)
        case "wave":
            return np.sin(2 * np.pi * (positions + 0.5) / 8)
        case "spike":
            return np.where(positions == PRESET_LENGTH // 2, 1.0, 0.0)
        case "row of the digit":
            return digit[digit.sum(axis=1, dtype=int).argmax()] / 255
    raise ValueError(f"preset is {preset!r}; allowed: {', '.join(PRESETS)}")


def toeplitz(signal: np.ndarray, m: int) -> np.ndarray:
    """Return T (n + m − 1, m): T[x, i] = I_{x−i} = ∂y(x)/∂f_i, zeros outside the signal. A view: nothing is copied."""
    padded = np.pad(signal, m - 1)
    return np.lib.stride_tricks.sliding_window_view(padded, m)[:, ::-1]


def circulant(signal: np.ndarray, m: int) -> np.ndarray:
    """Return C (N, N), N = n + m − 1: the signal padded with m − 1 zeros, each column the one before, rotated by one.

    Its first m columns are T: what comes round from below is only ever a padding zero.
    """
    padded = np.pad(signal, (0, m - 1))
    indices = np.arange(len(padded))
    return padded[(indices[:, None] - indices) % len(padded)]


def gradient_by_toeplitz(signal: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Return ∂L/∂f = Tᵀ·g, (m,), from the signal (n,) and g = ∂L/∂y (n + m − 1,); m follows from the lengths."""
    return toeplitz(signal, len(g) - len(signal) + 1).T @ g


def gradient_by_circulant(signal: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Return the same as the first m numbers of Cᵀ·g."""
    m = len(g) - len(signal) + 1
    return (circulant(signal, m).T @ g)[:m]


def gradient_by_correlation(signal: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Return the same without a matrix: the signal slides along g, ∂L/∂f_i = Σ_x g_x·I_{x−i}. O(n·m)."""
    return np.correlate(g, signal, "valid")


def gradient_by_fft(signal: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Return the same in O(n log n): the FFT makes a circulant matrix diagonal, so its product n products.

    It pads with more zeros, to a power of two, which is where the FFT is quickest.
    """
    length = 1 << (len(g) - 1).bit_length()
    spectrum = np.conj(np.fft.rfft(signal, length)) * np.fft.rfft(g, length)
    return np.fft.irfft(spectrum, length)[: len(g) - len(signal) + 1]


def loss(signal: np.ndarray, taps: np.ndarray, target: np.ndarray) -> float:
    """Return ½‖f∗I − target‖²; its gradient with respect to y is y − target."""
    return 0.5 * float(np.sum((convolve(signal, taps) - target) ** 2))


def gradient_by_difference(signal: np.ndarray, taps: np.ndarray, target: np.ndarray, step: float = 1.0) -> np.ndarray:
    """Return ∂L/∂f_i ≈ (L(f + h·e_i) − L(f − h·e_i)) / 2h, which knows nothing of matrices.

    L is a parabola along every f_i, so the central difference is exact with any step h; a large one loses the fewest
    digits to rounding.
    """
    steps = step * np.eye(len(taps))
    return np.array([(loss(signal, taps + e, target) - loss(signal, taps - e, target)) / (2 * step) for e in steps])


def all_gradients(signal: np.ndarray, taps: np.ndarray, target: np.ndarray) -> dict[str, np.ndarray]:
    """Return the method of computing → ∂L/∂f (m,) of `loss`, for all five methods."""
    g = convolve(signal, taps) - target
    return {
        "Toeplitz matrix, Tᵀ·g": gradient_by_toeplitz(signal, g),
        "circulant matrix, Cᵀ·g": gradient_by_circulant(signal, g),
        "direct sum, Σ g(x)·I(x−i)": gradient_by_correlation(signal, g),
        "FFT": gradient_by_fft(signal, g),
        "central difference of L": gradient_by_difference(signal, taps, target),
    }


def shifted(signal: np.ndarray, m: int) -> np.ndarray:
    """Return a target (n + m − 1,): the signal moved by m // 2 positions, as a filter with one 1 in its middle does."""
    return convolve(signal, np.eye(m)[m // 2])


def descended(signal: np.ndarray, taps: np.ndarray, target: np.ndarray, steps: int) -> np.ndarray:
    """Return the filter (m,) after so many steps of gradient descent on `loss`.

    Each step is Tᵀ·g over the largest eigenvalue of TᵀT: with that rate the loss never rises. A signal of zeros
    teaches nothing: the filter stays.
    """
    steepest = np.linalg.norm(toeplitz(signal, len(taps)), 2) ** 2
    for _ in range(steps if steepest else 0):
        taps = taps - gradient_by_toeplitz(signal, convolve(signal, taps) - target) / steepest
    return taps
