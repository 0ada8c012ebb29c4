"""Long addition against all pairs of numbers, one by one; and on real digits, read by a network that never carried."""

import itertools

import numpy as np
import pytest

from core.images import mnist
from core.insight import long_addition
from core.model import answers
from core.runs import checkpoints, store


def distributions(columns, seed, sharpness=1.0):
    """Two numbers' digits: distributions (columns, 10) each."""
    drawn = np.random.default_rng(seed).dirichlet(np.full(10, 1 / sharpness), size=(2, columns))
    return drawn[0], drawn[1]


def by_enumeration(top, bottom):
    """The probability of every sum, over all pairs of numbers of so many digits."""
    found = np.zeros(2 * 10 ** len(top))
    numbers = list(itertools.product(range(10), repeat=len(top)))
    chance = [
        {long_addition.value(number): np.prod([of[i, d] for i, d in enumerate(number)]) for number in numbers}
        for of in (top, bottom)
    ]
    for one, p in chance[0].items():
        for other, q in chance[1].items():
            found[one + other] += p * q
    return found


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("sharpness", [0.001, 0.2, 20.0])
def test_it_is_what_all_pairs_of_numbers_add_up_to(columns, sharpness):
    top, bottom = distributions(columns, seed=columns, sharpness=sharpness)
    exact, sums = by_enumeration(top, bottom), long_addition.columns_of(top, bottom)
    assert exact.sum() == pytest.approx(1)
    for total in range(0, len(exact), 7):
        assert long_addition.probability(sums, total) == pytest.approx(exact[total], abs=1e-12)
    assert long_addition.probability(sums, len(exact)) == 0
    # the digits of the sum and the carries, each on its own
    for place, digits in enumerate(long_addition.digits(sums)):
        wanted = [exact[np.arange(len(exact)) // 10**place % 10 == digit].sum() for digit in range(10)]
        assert digits == pytest.approx(wanted, abs=1e-12)
    assert long_addition.carries(sums)[0] == 0
    assert long_addition.carries(sums)[-1] == pytest.approx(exact[10**columns :].sum(), abs=1e-12)
    # and the most probable sums in their order
    found = long_addition.most_probable(sums, 5)
    order = np.argsort(-exact)[:5]
    assert [chance for _, chance in found] == pytest.approx(exact[order], abs=1e-12)
    assert [exact[total] for total, _ in found] == pytest.approx([chance for _, chance in found], abs=1e-12)


def test_a_sum_that_two_pairs_have_beats_the_digits_that_read_best():
    top, bottom = np.zeros((2, 1, 10))
    top[0, 3], top[0, 4], bottom[0, 4], bottom[0, 5] = 0.55, 0.45, 0.55, 0.45
    sums = long_addition.columns_of(top, bottom)
    assert top.argmax() + bottom.argmax() == 7
    (total, chance), *_ = long_addition.most_probable(sums)
    assert total == 8 and chance == pytest.approx(0.55 * 0.45 + 0.45 * 0.55)


def test_readings_that_know_nothing_have_a_most_probable_sum_too():
    flat = np.full((8, 10), 0.1)
    sums = long_addition.columns_of(flat, flat)
    found = long_addition.most_probable(sums, 3)
    # so many pairs of numbers below 10⁸ have these sums
    assert found[0] == (99_999_999, pytest.approx(1e-8))
    assert {total for total, _ in found[1:]} == {99_999_998, 100_000_000}
    assert [chance for _, chance in found[1:]] == pytest.approx([1e-8 - 1e-16] * 2, rel=1e-12)


def test_a_network_that_hardly_learned_is_judged_by_what_it_reads():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 10, 1000)
    read = 0.1 + 0.01 * np.eye(10)[labels]  # each digit a little, so that a choice of the best is right
    found = long_addition.accuracies(read, read, labels)
    assert set(found[long_addition.READ_FIRST].values()) == {1.0}
    assert 0.05 < found[long_addition.SEARCH][1] < 0.3  # 9 is the most probable sum of most pairs

    for columns in (4, 8):
        sums = long_addition.columns_of(read[:columns], read[columns : 2 * columns])
        (total, chance), *_ = long_addition.most_probable(sums)
        assert chance == pytest.approx(long_addition.probability(sums, total))
        others = [total + difference for difference in range(-50, 51)] + generator.integers(
            0, 2 * 10**columns, 100
        ).tolist()
        assert all(
            long_addition.probability(sums, int(other)) <= chance * (1 + 1e-12) for other in others if other >= 0
        )


def test_digits_are_dealt_once_a_shuffle_and_by_the_seed():
    dealt = long_addition.deal(100, 5, 10, seed=1)
    assert dealt.shape == (10, 2, 5) and len(np.unique(dealt)) == 100
    assert np.array_equal(dealt, long_addition.deal(100, 5, 10, seed=1))
    assert long_addition.deal(100, 5, 25, seed=1).shape == (25, 2, 5)


def test_sums_count_as_right_where_python_adds_the_same():
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 3, 60)
    top, bottom = (np.eye(10)[np.where(generator.random(60) < 0.3, labels + 1, labels)] for _ in range(2))
    right = long_addition.accuracies(top, bottom, labels, seed=5)[long_addition.READ_FIRST]
    for length in (1, 2, 3, 4):
        wanted = [
            long_addition.value(top[upper].argmax(1)) + long_addition.value(bottom[lower].argmax(1))
            == long_addition.value(labels[upper]) + long_addition.value(labels[lower])
            for upper, lower in long_addition.deal(60, length, long_addition.ADDED, seed=5)
        ]
        assert right[length] == pytest.approx(np.mean(wanted)) and 0 < right[length] < 1


@pytest.mark.parametrize("columns, zero", [([-10, 1], True), ([10, -1], True), ([0, 0], True), ([10, 1], False)])
def test_a_column_may_make_up_for_the_one_before_it(columns, zero):
    assert long_addition._is_zero(np.array([columns])).tolist() == [zero]


def test_real_digits_are_added_better_than_each_alone_foretells():
    run, data = store.read(store.locate("sum_posterior")), mnist.embedded()
    read = answers.of_digits(run.network, checkpoints.load_weights(run), data.test_images)
    found = long_addition.accuracies(read.top, read.bottom, data.test_labels)
    added, exact = found[long_addition.READ_FIRST], found[long_addition.SEARCH]
    assert added[1] > 0.98 and added[8] > 0.9 and added[100] < added[8] < added[1]
    assert set(exact) == {1, 2, 3, 4, 6, 8} and exact[1] > 0.98 and exact[8] >= added[8] - 0.02
    assert max(added) == 500  # twice 500 are all the digits there are
