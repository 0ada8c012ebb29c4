"""Where a network is wrong, against a second way to count, to sum and to fit; and against what was measured."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from core import evaluation
from core.images import mnist
from core.insight import calibration, mcnemar, mistakes, readings
from core.insight.readings import Readings
from core.model import answers, operations
from core.model.answers import Answers
from core.model.networks import NETWORKS
from core.model.operations import SUMS
from core.runs import checkpoints, results, store

LABELS = np.random.default_rng(0).integers(10, size=60)
SHIPPED = [run for run in store.list_runs() if store.is_shipped(run) and (run.folder / "answers.safetensors").exists()]


def made_up(n=4000, classes=10, sharpness=2.0, seed=1):
    """Readings of digits whose logits favour the truth, and truths drawn from the softmax of logits / sharpness."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 3, (n, classes))
    cumulated = operations.softmax(logits).cumsum(axis=1)
    truth = (generator.random((n, 1)) > cumulated).sum(axis=1)
    return Readings(np.arange(n)[:, None], truth[:, None], logits * sharpness)


def answers_to(labels, network="sum"):
    """Answers of a network that often reads what is true."""
    generator = np.random.default_rng(2)
    if network == "deep":
        logits = generator.normal(0, 1, (len(labels), 10)) + 3 * np.eye(10)[labels]
        return Answers(NETWORKS["deep"], logits, logits, None)
    line = -0.5 * (np.arange(SUMS) - 2 * labels[:, None]) ** 2 / 4
    halves = line + generator.normal(0, 0.5, (2, len(labels), SUMS))
    return Answers(NETWORKS["sum"], *halves, generator.normal(0, 0.1, SUMS))


@pytest.mark.parametrize("network", ["sum", "deep"])
def test_a_tally_counts_each_pair_of_all_pairings_as_a_loop_does(network):
    found = answers_to(LABELS, network)
    pairs, rights = np.zeros((2, 10, 10), int)
    for top, bottom in evaluation.judged_pairs(len(LABELS)):
        if network == "sum":
            answered = (found.top[top] + found.bottom[bottom] + found.bias).argmax()
        else:
            answered = np.convolve(operations.softmax(found.top[top]), operations.softmax(found.top[bottom])).argmax()
        pairs[LABELS[top], LABELS[bottom]] += 1
        rights[LABELS[top], LABELS[bottom]] += answered == LABELS[top] + LABELS[bottom]
    tally = readings.tally(found, LABELS)
    np.testing.assert_array_equal(tally.pairs, pairs)
    np.testing.assert_array_equal(tally.rights, rights)
    assert 0 < tally.accuracy == rights.sum() / pairs.sum() < 1
    seven = [(d, 7 - d) for d in range(8)]
    assert [counts[7] for counts in tally.by_sum] == [sum(of[pair] for pair in seven) for of in (pairs, rights)]


def test_a_tally_has_the_accuracy_that_networks_are_judged_by():
    found, data = answers_to(LABELS), mnist.Mnist("embedded", *[np.zeros(0)] * 2, np.zeros((60, 28, 28)), LABELS)
    judged, tally = evaluation.judge(found, data), readings.tally(found, LABELS)
    assert tally.accuracy == pytest.approx(judged.accuracy, abs=1e-12)
    by_pair = np.array(judged.pair_accuracy, float)
    np.testing.assert_allclose(tally.shares, by_pair, atol=5e-5)


@pytest.mark.parametrize("run", SHIPPED, ids=lambda run: run.name)
def test_accuracy_of_a_shipped_run_is_the_one_in_its_result(run, full):
    kept = answers.from_tensors(run.network, checkpoints.load_answers(run, "full"))
    if run.network.reads_pairs:
        found = readings.tally(kept, full.test_labels).accuracy
    else:
        found = readings.of_digits(kept, full.test_labels).accuracy
    assert found == pytest.approx(results.read(run)["accuracy"], abs=1e-9)


def test_disjoint_pairs_take_every_image_once():
    found = readings.of_disjoint_pairs(answers_to(LABELS), LABELS)
    assert sorted(found.indices.ravel()) == list(range(60))
    np.testing.assert_array_equal(found.truth, LABELS[found.indices].sum(axis=1))


def test_a_sum_network_is_not_asked_for_single_digits():
    with pytest.raises(ValueError, match="reads pairs"):
        readings.of_digits(answers_to(LABELS), LABELS)


def test_confusion_and_mistakes_tell_the_same():
    found = made_up(500)
    counts = mistakes.confusion(found)
    assert counts.sum() == 500 and np.trace(counts) == found.right.sum()
    for true, answered in itertools.permutations(range(10), 2):
        which = mistakes.mistakes(found, true, answered)
        assert len(which) == counts[true, answered]
        assert (found.truth[which] == true).all() and (found.answered[which] == answered).all()
    everything = mistakes.mistakes(found)
    assert len(everything) == (~found.right).sum() and (np.diff(found.confidence[everything]) <= 0).all()
    assert len(mistakes.mistakes(found, 3)) == counts[3].sum() - counts[3, 3]


def test_most_confused_leaves_out_the_diagonal_and_what_never_happened():
    counts = np.array([[90, 0, 3], [5, 80, 0], [0, 0, 70]])
    assert mistakes.most_confused(counts) == [(1, 0, 5), (0, 2, 3)]


@pytest.mark.parametrize(("right", "count"), [(0, 12), (7, 12), (12, 12), (981, 1000), (4.5, 50.5)])
def test_wilsons_interval_ends_where_the_score_test_does(right, count):
    share = right / count
    for end in mistakes.wilson_interval(share, count):
        if 0 < end < 1:
            assert abs(share - end) == pytest.approx(mistakes.Z_95 * math.sqrt(end * (1 - end) / count))
    low, high = mistakes.wilson_interval(share, count)
    assert 0 <= low <= share <= high <= 1 and high - low > 0.005


def test_calibration_error_is_what_a_loop_over_bins_gives():
    found = made_up()
    expected = 0.0
    for i in range(calibration.BINS):
        low, high = i / calibration.BINS, (i + 1) / calibration.BINS
        of_bin = [j for j, c in enumerate(found.confidence) if low <= c < high or c == high == 1]
        if of_bin:
            expected += len(of_bin) / 4000 * abs(found.right[of_bin].mean() - found.confidence[of_bin].mean())
    measured = calibration.calibration(found.confidence, found.right)
    assert measured.error == pytest.approx(expected) == calibration.expected_error(found.confidence, found.right)
    assert measured.error > 0.05 > measured.by_chance + 4 * measured.by_chance_deviation
    assert measured.excess == pytest.approx(found.confidence.mean() - found.right.mean())


def test_bins_hold_every_input_and_their_means():
    found = made_up()
    gathered = calibration.bins(found.confidence, found.right)
    assert gathered.counts.sum() == 4000
    filled = gathered.counts > 0
    assert np.dot(gathered.counts[filled], gathered.accuracy[filled]) == pytest.approx(found.right.sum())
    assert calibration.bins(np.ones(3), np.ones(3, bool)).counts[-1] == 3


def test_standard_error_is_the_spread_over_fresh_samples():
    fresh = [made_up(1500, seed=seed) for seed in range(60)]
    measured = [calibration.calibration(found.confidence, found.right) for found in fresh]
    spread = np.std([each.error for each in measured], ddof=1)
    assert np.mean([each.standard_error for each in measured]) == pytest.approx(spread, rel=0.3)


def test_a_calibrated_network_shows_the_error_of_chance():
    fresh = [made_up(1500, sharpness=1.0, seed=seed) for seed in range(60)]
    measured = [calibration.calibration(found.confidence, found.right) for found in fresh]
    error = np.mean([each.error for each in measured])
    assert error == pytest.approx(np.mean([each.by_chance for each in measured]), rel=0.1)


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_temperature_has_the_least_log_loss_of_a_grid_and_finds_what_was_done(sharpness):
    found = made_up(sharpness=sharpness)
    best = calibration.fit_temperature(found)
    assert best == pytest.approx(sharpness, rel=0.06)
    least = calibration.log_losses(calibration.tempered(found, best)).mean()
    grid = np.geomspace(best / 2, best * 2, 41)
    assert all(least <= calibration.log_losses(calibration.tempered(found, t)).mean() + 1e-12 for t in grid)
    assert calibration.log_losses(found).mean() == pytest.approx(
        -np.log(operations.softmax(found.logits)[np.arange(4000), found.truth]).mean()
    )
    np.testing.assert_array_equal(calibration.tempered(found, best).answered, found.answered)


def test_temperature_stays_in_its_range_where_all_is_right():
    logits = np.eye(10)[np.arange(10)] * 5
    found = Readings(np.arange(10)[:, None], np.arange(10)[:, None], logits)
    assert calibration.fit_temperature(found) == pytest.approx(calibration.LEAST_TEMPERATURE, rel=1e-6)


def test_halves_share_no_input():
    first, second = calibration.halves(made_up(101))
    assert not set(first.indices.ravel()) & set(second.indices.ravel())
    assert len(first.truth) + len(second.truth) == 101


def test_paired_counts_are_those_of_a_loop():
    generator = np.random.default_rng(3)
    first, second = generator.random((2, 200)) < 0.8
    result = mcnemar.paired(first, second)
    pairs = list(zip(first, second, strict=True))
    told = (result.both_right, result.only_first, result.only_second, result.both_wrong)
    assert told == tuple(pairs.count(kind) for kind in ((True, True), (True, False), (False, True), (False, False)))
    assert result.difference == pytest.approx(first.mean() - second.mean())
    differences = first.astype(int) - second.astype(int)
    assert result.standard_error == pytest.approx(differences.std() / math.sqrt(200))
    with pytest.raises(ValueError, match="cannot be paired"):
        mcnemar.paired(first, second[1:])


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (0, 5), (5, 1), (3, 9), (7, 7), (6, 8)])
def test_p_value_is_the_share_of_all_tosses_that_are_as_uneven(first, second):
    tosses = first + second
    uneven = sum(
        abs(2 * sum(coins) - tosses) >= abs(first - second) for coins in itertools.product((0, 1), repeat=tosses)
    )
    assert mcnemar.Paired(100, first, second, 1).p_value == pytest.approx(uneven / 2**tosses, abs=1e-15)


@pytest.mark.parametrize(("first", "second"), [(77, 14), (120, 131), (2, 900)])
def test_p_value_of_many_is_the_sum_of_fractions(first, second):
    n = first + second
    tail = sum(
        Fraction(math.factorial(n), math.factorial(i) * math.factorial(n - i)) for i in range(min(first, second) + 1)
    )
    assert mcnemar.Paired(0, first, second, 0).p_value == pytest.approx(float(min(1, 2 * tail / 2**n)), rel=1e-14)


def test_p_value_is_rarely_small_where_both_are_equally_good():
    generator = np.random.default_rng(4)
    found = [mcnemar.paired(*(generator.random((2, 400)) < 0.9)).p_value for _ in range(600)]
    assert np.mean(np.array(found) < 0.05) <= 0.06
    assert mcnemar.Paired(0, 4000, 10, 0).p_value == 0  # too small for a float, and no error
