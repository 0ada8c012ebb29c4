"""Real pen strokes are what their source says, drawn as the canvas draws, varied by seed alone, and kept to judge."""

import hashlib

import numpy as np
import pytest

from core import hands
from core.images import ink, pen
from core.images.mnist import embedded
from core.recipe import Recipe
from core.runs import checkpoints, store
from core.settings import REPOSITORY

# of label, writer, number of strokes and int16 points of each digit of UCI's file, one digit after the other
DIGEST = "bb320c81a0a38c38f43d230758a067e938014017a7a60598a04e221f818dfc46"


def test_the_strokes_are_those_of_the_source():
    total = hashlib.sha256()
    for digit in pen.digits():
        total.update(bytes([digit.label, digit.writer, len(digit.strokes)]))
        for stroke in digit.strokes:
            total.update(stroke.astype(np.int16).tobytes())
    assert total.hexdigest() == DIGEST and len(pen.digits()) == 7494


def test_six_of_thirty_writers_judge_and_are_never_trained_on():
    training, held_out = ({digit.writer for digit in some} for some in (pen.to_train(), pen.held_out()))
    assert training | held_out == set(range(1, 31)) and not training & held_out
    assert held_out == {2, 7, 12, 17, 22, 27}
    assert (len(pen.to_train()), len(pen.held_out())) == (5998, 1496)


def test_a_round_pen_leaves_no_notch_at_a_corner_nor_at_an_end():
    """Against a second way: ink is what lies within half a pen's width of the line."""
    corner = [np.array([(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (20.0, 40.0)])]
    inked = pen.draw(corner, pen=26)[..., 3] > 127
    y, x = np.mgrid[: pen.CANVAS, : pen.CANVAS] + 0.5
    (points,) = pen.centred(corner)
    nearest = np.full(inked.shape, np.inf)
    for (x0, y0), (x1, y1) in zip(points[:-1], points[1:], strict=True):
        along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2), 0, 1)
        nearest = np.minimum(nearest, np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0)))
    assert inked[nearest < 12].all() and not inked[nearest > 14].any()


def test_a_dot_is_a_round_dot():
    inked = pen.draw([np.array([(3.0, 4.0)])], pen=26)[..., 3] > 127
    assert inked.sum() == pytest.approx(np.pi * 13**2, rel=0.02)


def test_drawings_are_made_from_the_seed_and_their_number_alone(monkeypatch):
    monkeypatch.setattr(pen, "to_train", lambda: pen.digits()[:40])
    monkeypatch.setattr(pen, "_drawn", {})
    done = []
    images, labels = pen.training_images(7, 3, done.append)
    assert images.shape == (120, 28, 28) and done[0] == 0.0
    assert labels.tolist() == [digit.label for digit in pen.digits()[:40]] * 3
    assert pen.training_images(7, 3)[0] is images  # kept
    other, fewer = pen.training_images(8, 3)[0], pen.training_images(7, 1)[0]
    assert np.array_equal(fewer, images[:40])
    for drawings in (other[:40], images[40:80]):
        assert all(not np.array_equal(one, another) for one, another in zip(drawings, fewer, strict=True))


def test_varied_digits_have_mnists_amount_of_ink_and_more_variety_than_the_pen_alone():
    some = pen.to_train()[::60]
    plain = np.stack([ink.digit_from_canvas(pen.draw(digit.strokes)) for digit in some])
    varied = np.stack([pen.varied_image(digit.strokes, np.random.default_rng(i)) for i, digit in enumerate(some)])
    amounts = embedded().train_images.mean(axis=(1, 2))
    assert varied.mean() == pytest.approx(amounts.mean(), rel=0.15)
    assert varied.mean(axis=(1, 2)).std() > plain.mean(axis=(1, 2)).std()


def test_held_out_pairs_are_of_one_hand_and_the_accuracy_is_the_mean_of_the_writers():
    run = store.read(REPOSITORY / "checkpoints" / "tiny-seed2")
    judged = hands.judge_hands(run.network, checkpoints.load_weights(run))
    digits = judged.read == judged.labels
    for writer in pen.HELD_OUT_WRITERS:
        own = judged.writers == writer
        # a pair is right when both digits are, or when two mistakes cancel
        assert judged.pairs(writer) == pytest.approx(digits[own].mean() ** 2, abs=0.05)
    assert judged.accuracy == pytest.approx(np.mean([judged.pairs(writer) for writer in pen.HELD_OUT_WRITERS]))
    assert hands.result(run, checkpoints.load_weights(run)) == {}  # it was not trained on pen strokes


@pytest.mark.parametrize(("network", "pairing", "digits"), [("deep", "all", 2), ("sum", "all", 2), ("sum", "fresh", 4)])
def test_a_steps_pen_digits_are_its_share_in_whole_pairs(network, pairing, digits):
    assert Recipe(network=network, pairing=pairing, batch=8, pen_share=0.25).step_pen_digits == digits
    assert Recipe(network=network, pairing=pairing, batch=8).step_pen_digits == 0
