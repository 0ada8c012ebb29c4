"""Digits on paper: what is ink is judged against the paper near it, and what cannot be told is refused in words."""

import contextlib
import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import paper
from core.images import ink, mnist, pen
from core.images.picture import PictureError, digit_from_picture, open_picture, read_picture
from core.model import forward
from core.runs import checkpoints, store

CASES = Path(__file__).parent / "cases"
STORED = {  # EXIF's orientation → how the camera stored an upright picture
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
NOTHING = np.zeros((280, 280), np.float32)


@pytest.fixture(scope="module")
def read():
    """What the shipped sum_posterior reads from a picture of one digit."""
    run = store.read(store.locate("sum_posterior"))
    weights = checkpoints.load_weights(run)

    def digit(file):
        return int(forward.predict_digit(run.network, weights, digit_from_picture(file)).argmax())

    return digit


def in_file(picture, form="PNG", **options):
    file = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(file, form, **options)
    file.seek(0)
    return file


def seven():
    return np.asarray(Image.open(CASES / "7_black_frame_at_edge.png").convert("L"))[10:-10, 10:-10]


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.glob("*.[pj]*g")))
def test_pictures_that_were_misread_are_read(read, case):
    assert read(CASES / case) == int(case[0] if case[0].isdigit() else Path(case).stem[-1])


@pytest.mark.parametrize("kind", paper.KINDS)
def test_digits_of_each_kind_of_paper_are_read(read, kind):
    """Two of each here; benchmarks/paper.py has the shares of many."""
    data = mnist.embedded()
    for seed in range(2):
        generator = np.random.default_rng([11, seed])
        label, digit = paper.written(generator, (data.test_labels, data.test_images))
        assert read(paper.photographed(paper.KINDS[kind](digit, generator), generator)) == label


@pytest.mark.parametrize("kind", paper.KINDS)
def test_paper_with_nothing_on_it_is_refused_whatever_light_falls_on_it(kind):
    for seed in range(2):
        generator = np.random.default_rng([5, seed])
        with pytest.raises(PictureError, match="^shows"):
            digit_from_picture(paper.photographed(paper.KINDS[kind](NOTHING, generator), generator))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_however_the_camera_was_held_the_digit_stands_upright(orientation):
    """The pixels are turned as a camera stores them, and the tag says how."""
    upright = Image.fromarray(seven())
    stored = upright if orientation == 1 else upright.transpose(STORED[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    digit = digit_from_picture(in_file(stored, exif=exif))
    assert np.abs(digit.astype(int) - digit_from_picture(in_file(upright))).mean() < 2


@pytest.mark.parametrize("white", [255, 1023, 4095, 65535])
def test_sixteen_bits_may_hold_any_range_of_numbers(read, white):
    assert read(in_file((seven().astype(np.uint32) * white // 255).astype(np.uint16))) == 7


@pytest.mark.parametrize("alpha", [1, 60, 120, 254])
def test_an_alpha_that_is_the_same_all_over_is_no_ink(read, alpha):
    grey = seven()
    assert read(in_file(np.dstack([grey, grey, grey, np.full_like(grey, alpha)]))) == 7


def test_an_oval_cut_out_of_a_picture_is_paper_not_ink(read):
    grey = seven()
    y, x = (np.linspace(-1, 1, side) for side in grey.shape)
    alpha = np.where(np.add.outer(y**2, x**2) <= 1, 255, 0).astype(np.uint8)
    lit = (grey * np.linspace(1, 0.6, grey.shape[1])).astype(np.uint8)
    assert read(in_file(np.dstack([lit, lit, lit, alpha]))) == 7


def test_a_drawing_in_alpha_reads_as_the_canvas_does():
    rgba = pen.draw(pen.held_out()[0].strokes)
    expected = ink.digit_from_canvas(rgba).astype(int)
    assert np.abs(digit_from_picture(in_file(rgba)) - expected).mean() < 4


def test_a_phones_48_megapixels_are_scaled_down(read):
    large = Image.fromarray(seven()).resize((8064, 6048), Image.Resampling.NEAREST)
    assert read(in_file(large, "JPEG", quality=50)) == 7
    assert read(in_file(large)) == 7


def test_a_photo_of_a_kind_that_is_not_read_is_named():
    for brand in (b"heic", b"mif1"):
        with pytest.raises(PictureError, match="is a HEIC photo.*JPEG"):
            digit_from_picture(io.BytesIO(b"\0\0\0\x18ftyp" + brand + b"\0" * 40))
    with pytest.raises(PictureError, match="is not a picture"):
        digit_from_picture(io.BytesIO(b"\0\0\0\x18ftypmp42" + b"\0" * 40))


def page_of(*labels, beside=False):
    """A page with the digits of a held-out writer one above the other or side by side."""
    page = np.full((160, 160 * len(labels)) if beside else (160 * len(labels), 160), 0.95)
    for i, label in enumerate(labels):
        digit = next(digit for digit in pen.held_out() if digit.label == label)
        drawn = pen.draw(digit.strokes, 20, 120, 160)[..., 3] / 255
        rows, columns = (slice(None), slice(160 * i, 160 * i + 160))[:: 1 if beside else -1]
        page[rows, columns] *= 1 - 0.9 * drawn
    return in_file(np.rint(255 * page).astype(np.uint8))


@pytest.mark.parametrize("beside", [False, True])
def test_two_digits_of_one_picture_come_in_reading_order(beside):
    digits = read_picture(open_picture(page_of(3, 8, beside=beside)), 2).digits
    for digit, label in zip(digits, (3, 8), strict=True):
        alone = digit_from_picture(page_of(label))
        assert np.abs(digit.astype(int) - alone).mean() < 3


@pytest.mark.parametrize("beside", [False, True])
def test_fewer_or_more_digits_than_asked_for_are_counted_in_words(beside):
    with pytest.raises(PictureError, match="shows one digit only"):
        read_picture(open_picture(page_of(3, beside=beside)), 2)
    with pytest.raises(PictureError, match="shows 3 digits"):
        read_picture(open_picture(page_of(3, 8, 2, beside=beside)), 2)
    with pytest.raises(PictureError, match="shows 2 digits; give a picture of one"):
        digit_from_picture(page_of(3, 8, beside=beside))


def test_a_picture_can_be_turned_and_cropped():
    sideways = in_file(Image.open(page_of(3, 8)).transpose(Image.Transpose.ROTATE_90))
    upright = read_picture(open_picture(page_of(3, 8)), 2).digits
    turned = read_picture(open_picture(sideways, quarter_turns=1), 2)
    assert np.abs(turned.digits.astype(int) - upright).mean() < 3
    lower = read_picture(open_picture(page_of(3, 8), crop=(0, 0.5, 1, 1)), 1)
    assert np.abs(lower.digits[0].astype(int) - upright[1]).mean() < 3


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_crop_is_of_the_picture_that_is_seen(turns, orientation):
    """Upright and turned; in a picture that falls from white to black, downwards, a strip has its own grey."""
    falling = Image.fromarray(np.linspace(255, 0, 400)[:, None].repeat(300, axis=1).astype(np.uint8))
    stored = falling if orientation == 1 else falling.transpose(STORED[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = in_file(stored, exif=exif)
    whole = open_picture(file, turns).grey
    for left, top in ((0.1, 0.7), (0.6, 0.2)):
        part = open_picture(file, turns, (left, top, left + 0.2, top + 0.2)).grey
        row, column = round(len(whole) * (top + 0.1)), round(len(whole[0]) * (left + 0.1))
        assert abs(part.mean() - whole[row, column]) < 0.02


def test_of_three_digits_a_crop_leaves_the_two_that_are_meant():
    beside = read_picture(open_picture(page_of(3, 8, 2, beside=True), crop=(0, 0, 2 / 3, 1)), 2)
    for digit, label in zip(beside.digits, (3, 8), strict=True):
        assert np.abs(digit.astype(int) - digit_from_picture(page_of(label))).mean() < 3


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_crop_has_all_that_the_file_has_of_it(read, form):
    """A digit of 60 pixels on a page of 4,000 is too small to be read as it is reduced, not as it is."""
    page = np.full((3000, 4000), 230, np.uint8)
    small = Image.fromarray(seven())
    small.thumbnail((90, 90))
    page[1000 : 1000 + small.height, 2000 : 2000 + small.width] = np.minimum(np.asarray(small), 230)
    file, crop = in_file(page, form), (0.49, 0.32, 0.53, 0.37)
    with pytest.raises(PictureError, match="nearer|nothing"):
        digit_from_picture(file)
    alone = in_file(Image.fromarray(page).crop((1960, 960, 2120, 1110)))
    digit = read_picture(open_picture(file, crop=crop), 1).digits[0]
    assert np.abs(digit.astype(int) - digit_from_picture(alone)).mean() < 3


def test_any_crop_reads_a_digit_or_says_why_not():
    file, generator = page_of(3, 8, beside=True), np.random.default_rng(7)
    crops = np.sort(generator.random((30, 2, 2)), axis=1).reshape(30, 4)  # left, top, right, bottom
    read = 0
    for crop in [*crops, (0.5, 0.5, 0.5 + 1e-9, 0.5 + 1e-9), (0.999999, 0, 1, 1)]:
        with contextlib.suppress(PictureError):
            read += len(read_picture(open_picture(file, crop=tuple(crop)), 1).digits)
    assert 0 < read < 30


def test_the_canvas_own_digits_stay_as_they_were_to_the_bit():
    digest = hashlib.sha256()
    for image in mnist.embedded().test_images[:200]:
        rgba = np.zeros((280, 280, 4), np.uint8)
        rgba[..., 3] = np.kron(image, np.ones((10, 10), np.uint8))
        digest.update(ink.digit_from_canvas(rgba).tobytes())
    assert digest.hexdigest() == "95803c16adfa8dcfc0e8804ad3181dd5616a7f144c63465d4889cb8ee30d9454"
