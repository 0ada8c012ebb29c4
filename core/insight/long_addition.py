"""Long addition: two numbers of N digits, read digit by digit and added column by column, carries and all.

A network that names digits gives each digit a distribution. A column's two digits, convolved, give the distribution of
their sum, 0 to 18. The columns are independent and only the carry, 0 or 1, goes from one to the next, so the
probability of any N-digit sum is a product of N matrices of 2×2, and nothing is lost by choosing a digit too early.
Nobody taught the network to carry.

Columns are in the order in which they are added: the ones come first.
"""

from collections.abc import Sequence

import numpy as np

from core.model.operations import DIGITS, SUMS, add_distributions

MOST_COLUMNS = 8  # of which the most probable sum is told; of more, only what each digit reads best is added
LENGTHS = (1, 2, 3, 4, 6, 8, 15, 30, 60, 100, 200, 500)  # of the numbers whose sums are judged
READ_FIRST, SEARCH, POWER = (  # the lines of `accuracies`
    "each digit as it reads best, then added",
    "added as distributions",
    "digit accuracy to the power 2N",
)
ADDED = 1000  # sums of each length that are judged


def columns_of(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Return the distributions (N, 19) of each column's sum, from those of its digits (N, 10), without a carry."""
    return add_distributions(top, bottom)


def carries(columns: np.ndarray) -> np.ndarray:
    """Return the probability (N + 1,) that 1 is carried into each column, and last that one is carried out."""
    carried = [0.0]
    for column in columns:
        nine, more = column[DIGITS - 1], column[DIGITS:].sum()
        carried.append(float(more + carried[-1] * nine))
    return np.array(carried)


def digits(columns: np.ndarray) -> np.ndarray:
    """Return the distributions (N + 1, 10) of each digit of the sum, the leading one, a carry or none, last."""
    carried, distributions = carries(columns), []
    for column, one in zip(columns, carried, strict=False):
        plain = np.append(column, 0.0)  # column + carry is 0 to 19
        total = (1 - one) * plain + one * np.roll(plain, 1)
        distributions.append(total[:DIGITS] + total[DIGITS:])
    return np.array([*distributions, np.eye(DIGITS)[0] * (1 - carried[-1]) + np.eye(DIGITS)[1] * carried[-1]])


def probability(columns: np.ndarray, total: int) -> float:
    """Return the probability of a sum, over all pairs of numbers that have it. 0 for one that is too large."""
    state = np.array([1.0, 0.0])  # that no 1, or a 1, is carried, and the digits so far are the sum's
    for step in _steps(columns):
        total, digit = divmod(total, DIGITS)
        state = state @ step[digit]
    return float(state[total]) if total in (0, 1) else 0.0


def most_probable(columns: np.ndarray, count: int = 1) -> list[tuple[int, float]]:
    """Return the `count` most probable sums, or all there are, each with its probability, the most probable one first.

    The digits so far leave a state: their probability without and with a 1 carried. What any digits to come make of it
    is a weighted sum of the two, so of all states only those on the outer rim can win: few, even of readings that know
    nothing. What comes second is on the rim of the others, and so on.
    """
    kept: list[tuple[float, float, int]] = [(1.0, 0.0, 0)]  # the two probabilities, and the number the digits make
    for position, step in enumerate(_steps(columns)):
        states = np.array([state for *state, _ in kept])
        after = np.swapaxes(states @ step, 0, 1).reshape(-1, 2).tolist()  # from (10, kept, 2)
        values = [before + digit * DIGITS**position for *_, before in kept for digit in range(DIGITS)]
        rest = [(*state, total) for state, total in zip(after, values, strict=True) if any(state)]
        kept = []
        for _ in range(count):
            rim, rest = _rim(rest)
            kept += rim
    carried = DIGITS ** len(columns)
    sums = [(total + carry * carried, state[carry]) for *state, total in kept for carry in range(2) if state[carry] > 0]
    return sorted(sums, key=lambda found: -found[1])[:count]


def _rim(points):
    """Split points (x, y, …) into those that can have the largest weighted sum of x and y, and the others.

    No weight is negative. It is the upper right part of their convex hull, by Andrew's monotone chain.
    """
    rim: list[tuple] = []
    others = []
    for point in sorted(points, reverse=True):
        if rim and point[1] <= rim[-1][1]:
            others.append(point)
            continue
        while len(rim) > 1 and _turn(rim[-2], rim[-1], point) <= 0:
            others.append(rim.pop())
        rim.append(point)
    return rim, others


def _turn(a, b, c):
    """Positive where the way from a over b to c turns left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _steps(columns):
    """(N, 10, 2, 2): the probability that a column, with a carry of i, leaves a digit and carries j."""
    steps = np.zeros((len(columns), DIGITS, 2, 2))
    for i in range(2):
        for total in range(SUMS):
            carried, digit = divmod(total + i, DIGITS)
            steps[:, digit, i, carried] += columns[:, total]
    return steps


def value(chosen: Sequence[int]) -> int:
    """Return the number that digits make, the ones first."""
    return sum(int(digit) * DIGITS**position for position, digit in enumerate(chosen))


def deal(count: int, length: int, sums: int, seed: int) -> np.ndarray:
    """Return which of `count` digits make each of some sums: (sums, 2, length), the two numbers of each.

    No digit is dealt twice within a shuffle; as many shuffles as the sums need.
    """
    generator, each = np.random.default_rng([seed, length]), 2 * length
    shuffles = -(-sums // (count // each))
    dealt = [generator.permutation(count)[: count // each * each].reshape(-1, 2, length) for _ in range(shuffles)]
    return np.concatenate(dealt)[:sums]


def accuracies(top: np.ndarray, bottom: np.ndarray, labels: np.ndarray, seed: int = 0) -> dict[str, dict[int, float]]:
    """Return accuracy by the length of the numbers, from n digits' distributions (n, 10) and true values (n,).

    READ_FIRST: for all LENGTHS that n digits suffice for. SEARCH: the most probable sum, up to MOST_COLUMNS. POWER:
    what errors that know nothing of each other would leave.
    """
    best = np.stack([top.argmax(axis=1), bottom.argmax(axis=1)])
    single = float(np.mean(best == labels))
    read, searched, power = {}, {}, {}
    for length in (length for length in LENGTHS if 2 * length <= len(labels)):
        dealt = deal(len(labels), length, ADDED, seed)
        upper, lower = dealt[:, 0], dealt[:, 1]
        wrong = best[0][upper] + best[1][lower] - (labels[upper].astype(int) + labels[lower])
        read[length], power[length] = float(np.mean(_is_zero(wrong))), single ** (2 * length)
        if length <= MOST_COLUMNS:
            searched[length] = float(np.mean([_reads(top, bottom, labels, *pair) for pair in dealt]))
    return {READ_FIRST: read, SEARCH: searched, POWER: power}


def _is_zero(columns):
    """Tell of each row of integers, the ones first and each of any size and sign, whether as a number it is 0."""
    carried, zero = np.zeros(len(columns), int), np.ones(len(columns), bool)
    for column in columns.T:  # by columns, as Python's own numbers of 500 digits take seconds
        carried, digit = np.divmod(carried + column, DIGITS)
        zero &= digit == 0
    return zero & (carried == 0)


def _reads(top, bottom, labels, upper, lower):
    (total, _), *_ = most_probable(columns_of(top[upper], bottom[lower]))
    return total == value(labels[upper]) + value(labels[lower])
