"""Canvas ink becomes what MNIST's own makers would have made of it."""

import time

import numpy as np
import pytest
from PIL import Image

from core.images import mnist
from core.images.ink import digit_from_canvas
from tests.harness import pen


def canvas(height=280, width=280):
    return np.zeros((height, width, 4), np.uint8)


def centre_of_mass(digit):
    digit, places = digit.astype(float), np.arange(28)
    return (digit.sum(1) * places).sum() / digit.sum(), (digit.sum(0) * places).sum() / digit.sum()


def ink_box(digit):
    rows, columns = np.flatnonzero(digit.any(1)), np.flatnonzero(digit.any(0))
    return rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


@pytest.fixture(scope="module")
def pen_digits():
    return np.stack([digit_from_canvas(pen.draw(sample["strokes"])) for sample in pen.samples()[:500]])


def test_pen_strokes_lie_as_mnists_digits_lie(pen_digits):
    for digit in pen_digits:
        assert max(ink_box(digit)) == 20
        assert np.abs(np.subtract(centre_of_mass(digit), 14)).max() < 0.51


def test_pen_strokes_have_mnists_greys(pen_digits):
    def shares(images):
        return np.histogram(images[images > 0], bins=8)[0] / (images > 0).sum()

    reference = mnist.embedded().train_images
    assert np.abs(shares(pen_digits) - shares(reference)).max() < 0.03
    assert pen_digits.mean() == pytest.approx(reference.mean(), rel=0.15)


def test_a_mnist_digit_goes_through_nearly_unchanged():
    for original in mnist.embedded().test_images[:50]:
        rgba = canvas()
        rgba[..., 3] = np.asarray(Image.fromarray(original).resize((280, 280), Image.Resampling.NEAREST))
        again = digit_from_canvas(rgba)
        assert np.abs(again.astype(int) - original).mean() < 3


@pytest.mark.parametrize("size", [(56, 56), (280, 280), (1000, 700), (300, 900)])
def test_size_of_the_canvas_does_not_matter(size):
    strokes = pen.samples()[0]["strokes"]
    reference = digit_from_canvas(pen.draw(strokes))
    rgba = np.asarray(Image.fromarray(pen.draw(strokes, pen=26, size=280)).resize((min(size),) * 2))
    larger = canvas(*size)
    larger[: rgba.shape[0], : rgba.shape[1]] = rgba
    assert np.abs(digit_from_canvas(larger).astype(int) - reference).mean() < 4


def test_ink_reads_the_same_by_alpha_white_on_black_and_black_on_white():
    rgba = pen.draw(pen.samples()[3]["strokes"])
    expected = digit_from_canvas(rgba)
    white_on_black = rgba[..., 3]
    assert np.array_equal(digit_from_canvas(white_on_black), expected)
    assert np.array_equal(digit_from_canvas(255 - white_on_black), expected)
    opaque = np.dstack([white_on_black] * 3 + [np.full_like(white_on_black, 255)])
    assert np.array_equal(digit_from_canvas(opaque), expected)


def test_picture_with_rounded_transparent_corners_is_a_picture():
    strokes = pen.draw(pen.samples()[3]["strokes"])
    expected = digit_from_canvas(strokes)
    y, x = np.abs(np.indices((280, 280)) - 139.5) - 100  # beyond the middle of a corner of radius 40
    opaque = np.where((y > 0) & (x > 0) & (y**2 + x**2 > 40**2), 0, 255)
    for grey in (strokes[..., 3], 255 - strokes[..., 3]):
        for under in (0, 255):  # what the transparent pixels hide
            cut = np.where(opaque, grey, under)
            assert np.array_equal(digit_from_canvas(np.dstack([cut, cut, cut, opaque]).astype(np.uint8)), expected)


def test_ink_along_most_of_the_edge_is_ink():
    """A 0 as large as the canvas, in our orange: neither a blank picture nor one of its hole."""
    rgba = canvas()
    rgba[..., :3] = 232, 112, 10
    rgba[..., 3] = 255
    rgba[26:-26, 26:-26] = 0
    digit = digit_from_canvas(rgba)
    assert ink_box(digit) == (20, 20) and digit[14, 14] == 0 and digit[5, 14] > 200


def test_nothing_drawn_is_none():
    assert digit_from_canvas(canvas()) is None
    assert digit_from_canvas(np.zeros((0, 0, 4), np.uint8)) is None
    for grey in (0, 255):
        assert digit_from_canvas(np.full((50, 50, 3), grey, np.uint8)) is None
    assert digit_from_canvas(np.full((50, 50, 4), 255, np.uint8)) is None  # a canvas inked all over


def test_one_dot_is_a_square_in_the_middle():
    rgba = canvas()
    rgba[7, 270, 3] = 255
    digit = digit_from_canvas(rgba)
    assert ink_box(digit) == (20, 20) and digit[4:24, 4:24].min() == 255


def test_one_row_keeps_its_shape():
    rgba = canvas()
    rgba[0, :, 3] = 255
    assert ink_box(digit_from_canvas(rgba)) == (1, 20)


def test_ink_at_the_edge_is_not_lost():
    rgba = canvas()
    rgba[:40, 260:, 3] = rgba[240:, 250:, 3] = 200
    digit = digit_from_canvas(rgba)
    assert max(ink_box(digit)) == 20 and digit.max() == 255


def test_aspect_is_kept():
    rgba = canvas()
    rgba[40:240, 100:150, 3] = 255
    assert ink_box(digit_from_canvas(rgba)) == (20, 5)


def test_random_ink_always_has_an_answer():
    generator = np.random.default_rng(0)
    for _ in range(200):
        rgba = canvas(*generator.integers(1, 60, 2))
        rgba[..., 3] = generator.integers(0, 256, rgba.shape[:2]) * (generator.random(rgba.shape[:2]) < 0.05)
        digit = digit_from_canvas(rgba)
        assert digit is None or (digit.shape == (28, 28) and digit.max() == 255)


@pytest.mark.parametrize("wrong", [np.zeros((5, 5, 5), np.uint8), np.zeros((5, 5)), np.zeros(5, np.uint8)])
def test_what_is_no_picture_is_refused(wrong):
    with pytest.raises(ValueError, match="a canvas is"):
        digit_from_canvas(wrong)


def test_a_huge_canvas_does_not_stall_the_page():
    rgba = canvas(4000, 4000)
    rgba[100:3900, 1900:2100, 3] = 255
    began = time.monotonic()
    digit_from_canvas(rgba)
    assert time.monotonic() - began < 5  # a fifth of a second here; this only catches a disaster
