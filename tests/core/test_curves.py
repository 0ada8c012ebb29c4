"""Curves are smoothed, averaged over seeds and read in words by the rules they state."""

import numpy as np
import pytest

from core.recipe import Recipe
from core.runs.curves import Curve, axis_end, curve, curve_images, hints, mean_of, rate_changes, smoothed
from pages.shared.curves import _positive, specification


def points(train, test, test_loss=None, train_loss=None):
    """A run's points, evenly over 1,000 steps."""
    count = len(train)
    test_loss = [1.0] * count if test_loss is None else test_loss
    train_loss = [1.0] * count if train_loss is None else train_loss
    return [
        {
            "step": (i + 1) * 1000 // count,
            "train_accuracy": train[i],
            "test_accuracy": test[i],
            "train_loss": train_loss[i],
            "test_loss": test_loss[i],
            "learning_rate": 1e-3,
        }
        for i in range(count)
    ]


def test_smoothing_starts_at_the_first_value_and_keeps_a_constant():
    assert smoothed(np.full(9, 0.7), 0.9) == pytest.approx(np.full(9, 0.7))
    assert smoothed(np.array([1.0, 0.0]), 0.5) == pytest.approx([1.0, 1 / 3])
    values = np.random.default_rng(0).random(20)
    assert np.array_equal(smoothed(values, 0.0), values)


def test_curve_takes_the_points_that_have_the_quantity():
    got = curve("a", [{"step": 1, "test_loss": 2.0}, {"step": 2}, {"step": 3, "test_loss": float("nan")}], "test_loss")
    assert got.steps.tolist() == [1] and got.values.tolist() == [2.0]
    assert len(curve("a", [], "test_loss").steps) == 0


def test_mean_over_seeds_lies_in_a_band_of_one_standard_deviation():
    steps = np.array([0.0, 10.0])
    seeds = [Curve("", "test_accuracy", steps, np.array([0.0, value])) for value in (0.8, 0.9, 1.0)]
    mean = mean_of("three", seeds)
    assert mean.values == pytest.approx([0.0, 0.9])
    assert mean.low == pytest.approx([0.0, 0.8]) and mean.high == pytest.approx([0.0, 1.0])


def test_a_mean_goes_on_with_the_seeds_that_have_come_so_far():
    longer = Curve("", "test_accuracy", np.array([0.0, 10.0, 20.0]), np.array([0.0, 0.6, 1.0]))
    mean = mean_of("two", [Curve("", "test_accuracy", np.array([0.0, 10.0]), np.array([0.0, 0.8])), longer])
    assert mean.steps.tolist() == [0, 10, 20] and mean.values == pytest.approx([0.0, 0.7, 1.0])
    assert mean.high - mean.low == pytest.approx([0.0, 2 * np.std([0.6, 0.8], ddof=1), 0.0])


def test_turned_rate_is_found_where_it_was_turned():
    turned = [
        {"step": 1},
        {"step": 2, "rate_factor": 1.0},
        {"step": 3, "rate_factor": 0.1},
        {"step": 4, "rate_factor": 0.1},
    ]
    assert rate_changes(turned) == [(3, 0.1)]


FLAT = [0.3] * 20
RISING = list(np.linspace(0.1, 0.97, 20))


@pytest.mark.parametrize(
    ("said", "run"),
    [
        ("Over-fitting: over the last points training accuracy is 0.100 above", points([1.0] * 20, [0.9] * 20)),
        ("Plateau", points(FLAT, FLAT)),
        ("It does not learn yet", points([0.1] * 20, [0.1] * 20)),
        ("Divergence", points(FLAT, FLAT, train_loss=[2.0, 1.0, *[9.0] * 18])),
        ("Over-fitting: the test loss has risen", points(RISING, RISING, test_loss=[0.5] * 10 + [0.9] * 10)),
    ],
)
def test_hint_is_given_by_its_rule(said, run):
    assert any(hint.startswith(said) for hint in hints(Recipe(steps=1000), run))


def test_a_healthy_curve_and_a_young_one_get_no_hint():
    falling = list(np.linspace(2, 0.1, 20))
    assert hints(Recipe(steps=1000), points(RISING, RISING, falling, falling)) == []
    assert hints(Recipe(steps=1000), points(FLAT[:5], FLAT[:5])) == []


def test_axes_are_fixed_so_that_a_growing_curve_does_not_flicker():
    young, old = (Curve("test", "test_accuracy", np.arange(n), np.linspace(0, 1, n)) for n in (3, 30))
    figures = [specification([c], "accuracy", 1000, 0.0, 1.0) for c in (young, old)]
    assert figures[0] == figures[1]
    assert figures[0]["encoding"]["x"]["scale"]["domain"] == [0, 1000]
    shaded = [specification([c], "accuracy", 1000, 0.0, 1.0, shade_rest=True) for c in (young, old)]
    assert shaded[0] == shaded[1] and len(shaded[0]["layer"]) == len(figures[0]["layer"]) + 1


def test_a_growing_axis_ends_soon_after_what_is_done_moves_seldom_and_never_passes_the_end():
    ends = [axis_end(step, 20_000) for step in range(1, 20_001)]
    assert all(step <= end for step, end in enumerate(ends, 1)) and ends[-1] == 20_000
    # the curve fills two thirds of the width from the first dozen iterations on
    assert min(step / end for step, end in enumerate(ends, 1) if step > 10) > 0.66
    assert len(set(ends)) < 30 and axis_end(1, 1) == 1 and axis_end(7, 15) == 10


def test_a_point_is_measured_on_2000_of_the_full_test_set_and_on_all_of_the_embedded_one():
    assert [curve_images(count) for count in (10_000, 1000, 1)] == [2000, 1000, 1]


def test_a_logarithm_shows_a_band_that_reaches_below_zero():
    steps, values = np.arange(3.0), np.array([1.0, 0.0, 0.2])
    shown = _positive(Curve("loss", "test_loss", steps, values, values - 0.5, values + 0.5))
    assert shown.values.tolist() == [1.0, 0.2] and shown.low.tolist() == [0.5, pytest.approx(0.02)]
    assert shown.high.tolist() == [1.5, 0.7]
