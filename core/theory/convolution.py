"""Convolution as the report's theoretical part 1 has it: sliding dot products that translate with their arguments.

On a line, (f ∗ g)(n) = Σₖ f(k)·g(n−k): the dot product of f with g flipped and shifted to n. Signals are arrays whose
first value stands at place 0, and zeros go on for ever on both sides. In the plane everything is a correlation, the
same without the flip, which is what the networks compute and the field calls a convolution.
"""

from dataclasses import dataclass

import numpy as np

from core.model.layers import MaxPool

MODES = ("full", "same", "valid")
LARGEST = 99  # of the whole numbers in a signal


@dataclass(frozen=True)
class Overlap:
    """The filter at one position n of the line: what is multiplied, position by position.

    `positions` (m,) are those under the filter, `signal` (m,) the values there (0 beyond the signal's ends), `filter`
    (m,) the filter as it lies there, and `products` (m,) of the two. `total` is their sum, the dot product.
    """

    positions: np.ndarray
    signal: np.ndarray
    filter: np.ndarray

    @property
    def products(self) -> np.ndarray:
        return self.signal * self.filter

    @property
    def total(self):
        return self.products.sum().item()


def overlap(signal: np.ndarray, filter: np.ndarray, n: int, flip: bool = True) -> Overlap:
    """Lay the filter (k,) over the signal at position n: flipped, its first value under n; without flip, its last.

    With flip or without, it covers positions n−k+1 … n, so a correlation is a convolution with the filter turned round.
    """
    positions = np.arange(n - len(filter) + 1, n + 1)
    inside = (positions >= 0) & (positions < len(signal))
    under = np.where(inside, signal[np.clip(positions, 0, len(signal) - 1)], 0)
    return Overlap(positions, under, filter[::-1] if flip else filter)


def convolve(signal: np.ndarray, filter: np.ndarray, flip: bool = True) -> np.ndarray:
    """Return (f ∗ g)(n) at every position where the two meet, n = 0 … n+k−2: a dot product each. Integers stay so."""
    return np.array([overlap(signal, filter, n, flip).total for n in range(len(signal) + len(filter) - 1)])


def output_positions(signal_length: int, filter_length: int, mode: str) -> range:
    """Return the positions n of the output that a mode keeps.

    "full": wherever the two meet, n+k−1 positions. "valid": where the filter lies wholly on the signal, n−k+1. "same":
    n, the ones that the networks' SAME padding keeps (for an even filter TensorFlow's choice, not NumPy's). ValueError
    for a filter longer than the signal, or for another mode.
    """
    if not 1 <= filter_length <= signal_length:
        raise ValueError(f"The filter has {filter_length} values and the signal {signal_length}: it must not be longer")
    match mode:
        case "full":
            return range(signal_length + filter_length - 1)
        case "same":
            return range(filter_length // 2, filter_length // 2 + signal_length)
        case "valid":
            return range(filter_length - 1, signal_length)
    raise ValueError(f"mode is {mode!r}; it is one of {', '.join(MODES)}")


def by_fourier(signal: np.ndarray, filter: np.ndarray) -> np.ndarray:
    """Convolve in full by the convolution theorem: transform, multiply, transform back. The check of `convolve`."""
    length = len(signal) + len(filter) - 1
    return np.fft.irfft(np.fft.rfft(signal, length) * np.fft.rfft(filter, length), length)


def translated(line: np.ndarray, t: int) -> np.ndarray:
    """Return f(k+t): the line moved t to the left, zeros following. ValueError if anything but zeros would fall off."""
    moved, lost = np.zeros_like(line), line[:t] if t >= 0 else line[t:]
    if lost.any():
        raise ValueError(f"The line is too short to be moved by {t}: {np.count_nonzero(lost)} values would fall off")
    kept = slice(max(t, 0), len(line) + min(t, 0))
    moved[max(-t, 0) : len(line) - max(t, 0)] = line[kept]
    return moved


def read_numbers(text: str, most: int) -> np.ndarray:
    """Read whole numbers with spaces or commas between, at most `most`. Raises ValueError with what is wrong."""
    pieces = text.replace(",", " ").replace("−", "-").split()
    if not pieces:
        raise ValueError("there is no number. Write some, such as: 1 2 3 0 -1")
    if len(pieces) > most:
        raise ValueError(f"it has {len(pieces)} numbers. Keep to {most}, so that they fit on a line")
    values = []
    for piece in pieces:
        digits = piece.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            raise ValueError(f"“{piece[:20]}” is not a whole number. Write numbers such as: 1 2 3 0 -1")
        if len(digits) > 4 or int(digits) > LARGEST:
            raise ValueError(f"{piece[:20]} is too large. Keep between -{LARGEST} and {LARGEST}")
        values.append(int(piece))
    return np.array(values)


def write_numbers(values: np.ndarray) -> str:
    """Write whole numbers as `read_numbers` takes them."""
    return " ".join(str(value) for value in values)


def correlate_plane(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Correlate, as SAME, an image (h, w) with a kernel (k, k), as a network's layer computes it without its bias.

    Added up tap by tap and so in the same order at every pixel: where two windows hold the same values the results are
    equal to the last bit, which a matrix product does not promise.
    """
    size = len(kernel)
    padded = np.pad(image, ((size - 1) // 2, size // 2))
    height, width = image.shape
    total = np.zeros(image.shape, np.result_type(image, kernel))
    for row, column in np.ndindex(size, size):
        total += kernel[row, column] * padded[row : row + height, column : column + width]
    return total


def moved(picture: np.ndarray, dx: int, dy: int, filling: float = 0) -> np.ndarray:
    """Move the picture (h, w) dx to the right and dy down; what leaves is lost and `filling` follows."""
    result = np.full_like(picture, filling)
    height, width = picture.shape
    here = (slice(max(dy, 0), height + min(dy, 0)), slice(max(dx, 0), width + min(dx, 0)))
    there = (slice(max(-dy, 0), height + min(-dy, 0)), slice(max(-dx, 0), width + min(-dx, 0)))
    result[here] = picture[there]
    return result


def pool(picture: np.ndarray) -> np.ndarray:
    """Max-pool 2×2 with stride 2: (h, w) to (h/2, w/2), for even h and w."""
    return MaxPool().forward(picture[None, ..., None])[0, ..., 0]


@dataclass(frozen=True)
class Moves:
    """Two ways to a map: `first` is made of the moved picture, `last` is the unmoved picture's own map, moved.

    Both (h, w), and `compared` (h, w) says where no window touched the border, so that only the move can matter.
    """

    first: np.ndarray
    last: np.ndarray
    compared: np.ndarray

    @property
    def difference(self) -> np.ndarray:
        """first − last where they are compared, 0 elsewhere."""
        return np.where(self.compared, self.first - self.last, 0)

    @property
    def error(self) -> float:
        """The largest difference between the two."""
        return float(np.abs(self.difference).max())


def move_convolved(image: np.ndarray, kernel: np.ndarray, dx: int, dy: int) -> Moves:
    """Move, then convolve, against convolve, then move by the same dx, dy pixels."""
    first, unmoved = correlate_plane(moved(image, dx, dy), kernel), correlate_plane(image, kernel)
    return Moves(first, moved(unmoved, dx, dy), _away_from_border(image.shape, len(kernel), dx, dy))


def move_pooled(image: np.ndarray, kernel: np.ndarray, dx: int, dy: int) -> Moves:
    """Move, convolve and pool, against convolve and pool, then move by dx/2, dy/2 pooled pixels.

    For an odd move there is no half a pixel: of the whole moves next to it, the one that comes closest is taken.
    """
    first, unmoved = pool(correlate_plane(moved(image, dx, dy), kernel)), pool(correlate_plane(image, kernel))
    away = _away_from_border(image.shape, len(kernel), dx, dy)
    whole = -pool(-away.astype(int)) > 0  # pooled pixels all of whose four pixels are away from the border
    inside, candidates = np.ones(first.shape, bool), []
    for x in {dx // 2, -(-dx // 2)}:
        for y in {dy // 2, -(-dy // 2)}:
            candidates.append(Moves(first, moved(unmoved, x, y), whole & moved(inside, x, y)))
    return min(candidates, key=lambda candidate: candidate.error)


def _away_from_border(shape, size, dx, dy):
    """Where the window lies wholly on the picture, and the position that it is compared with is on the picture too."""
    height, width = shape
    before, after = (size - 1) // 2, size // 2
    away = np.zeros(shape, bool)
    away[before : height - after, before : width - after] = True
    return away & moved(np.ones(shape, bool), dx, dy)
