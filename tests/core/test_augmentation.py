"""Augmentation moves ink as its amounts say, and not otherwise."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from core.images import mnist
from core.recipe import Recipe
from core.training.augmentation import ENLARGE, augment

STILL = Recipe(seed=1)
FIELDS = ("shift_pixels", "turn_degrees", "scale", "shear", "elastic_pixels", "stroke_width")


@pytest.fixture(scope="module")
def images():
    return mnist.embedded().train_images[:300].astype(np.float32) / 255


def augmented(images, step=0, **amounts):
    recipe = dataclasses.replace(STILL, **amounts)
    return augment(tf.constant(images), recipe, tf.constant(step)).numpy()


def centres(images):
    total, places = images.sum((1, 2)), np.arange(28)
    return np.stack([(images.sum(axis) * places).sum(1) / total for axis in (2, 1)], axis=1)


def test_no_amounts_change_nothing(images):
    assert not STILL.augments
    np.testing.assert_allclose(augmented(images), images, atol=1e-5)


@pytest.mark.parametrize("field", FIELDS)
def test_each_amount_changes_images_and_stays_in_range(images, field):
    amounts = {"turn_degrees": 15.0, "shift_pixels": 2.0, "elastic_pixels": 1.0}
    changed = augmented(images, **{field: amounts.get(field, 0.3)})
    assert np.abs(changed - images).mean() > 0.005
    assert changed.min() >= 0 and changed.max() <= 1 + 1e-6


def test_shift_moves_the_centre_by_up_to_its_pixels(images):
    moved = centres(augmented(images, shift_pixels=2.0)) - centres(images)
    assert np.abs(moved).max() < 2.05 and 0.9 < np.abs(moved).mean() < 1.1


def test_moved_images_stay_as_sharp_as_they_were_or_are_blurred_if_asked(images):
    """By the mean step between neighbouring pixels, which a network's first convolution goes by."""
    steps = np.abs(np.diff(images, axis=2)).mean()
    kept = {
        resampling: np.abs(np.diff(augmented(images, shift_pixels=2.0, resampling=resampling), axis=2)).mean() / steps
        for resampling in ("cubic", "bilinear")
    }
    assert kept["cubic"] == pytest.approx(1, abs=0.015) and kept["bilinear"] < 0.96


def test_cubic_resampling_draws_a_straight_line_through_a_ramp():
    ramp = np.tile(np.arange(32, dtype=np.float32), (1, 32, 1)) / 32
    inside = (ENLARGE @ ramp @ ENLARGE.T)[0, 6:-6, 6:-6] * 32
    assert np.abs(inside - np.arange(94)[6:-6] / 3).max() < 0.13  # an a of -1 bends it a little between pixels


def test_turn_scale_and_shear_leave_the_middle_of_the_image(images):
    dot = np.zeros((50, 28, 28), np.float32)
    dot[:, 13:15, 13:15] = 1
    moved = centres(augmented(dot, turn_degrees=30.0, scale=0.3, shear=0.5)) - centres(dot)
    assert np.abs(moved).max() < 0.05


def test_stroke_width_adds_or_takes_ink_on_both_sides(images):
    change = augmented(images, stroke_width=1.0).sum((1, 2)) / images.sum((1, 2))
    assert change.min() < 0.6 and change.max() > 1.6


def test_elastic_bending_has_the_deviation_it_names():
    ramp = np.tile(np.arange(28, dtype=np.float32) / 28, (500, 1, 1)) * np.ones((1, 28, 1), np.float32)
    bent = augmented(ramp, elastic_pixels=1.0)[:, 10:18, 10:18] * 28
    assert (bent - np.arange(10, 18)).std() == pytest.approx(1.0, rel=0.1)


def test_same_seed_and_step_give_the_same_images(images):
    amounts = dict.fromkeys(FIELDS, 0.5)
    assert np.array_equal(augmented(images, step=9, **amounts), augmented(images, step=9, **amounts))
    assert not np.array_equal(augmented(images, step=9, **amounts), augmented(images, step=10, **amounts))


def test_flags_add_a_stroke_down_to_the_left_of_the_first_ink_and_take_nothing_away(images):
    stem = np.zeros((200, 28, 28), np.float32)
    stem[:, 4:24, 18:20] = 1  # a 1 as MNIST's writers draw it
    flagged = augmented(stem, flags=1.0)
    added = (flagged - stem).clip(0)
    assert (flagged >= stem - 1e-5).all() and (added.sum((1, 2)) > 4).all()
    assert added[:, :, 21:].max() < 1e-5 and added[:, :2].max() < 1e-5  # not to the right, not above
    height, places = centres(added)[:, 0], centres(added)[:, 1]
    assert (height < 14).all() and (places < 18).all()
    changed = np.abs(augmented(images, flags=0.3) - images).max((1, 2)) > 0.1
    assert 0.15 < changed.mean() < 0.35
