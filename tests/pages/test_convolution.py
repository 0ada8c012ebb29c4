"""Convolution: each identity against a second computation, and a visitor's way through the page."""

import itertools
import re
import shutil
from collections import Counter

import numpy as np
import pytest

from core.images import mnist
from core.model import forward
from core.model.networks import NETWORKS
from core.runs import checkpoints, store
from core.theory import convolution
from pages.shared import drawings
from pages.theory.convolution.bar_rows import Row, bar_rows
from tests.harness.server import REPOSITORY
from tests.harness.visits import click, html, rerun, said, visit

CHECKPOINTS = REPOSITORY / "checkpoints"
SHIFTS = range(-4, 5)
GENERATOR = np.random.default_rng(1)
SIGNALS = [
    (GENERATOR.integers(-9, 10, n), GENERATOR.integers(-9, 10, k)) for n in (1, 2, 7, 12) for k in range(1, n + 1)
]


def summed(f, g, n):
    """(f ∗ g)(n) by its definition, of functions that are 0 where a dictionary has nothing."""
    return sum(f.get(k, 0) * g.get(n - k, 0) for k in f)


def as_function(values):
    return dict(enumerate(values.tolist()))


@pytest.fixture(scope="module")
def digit():
    return mnist.embedded().test_images[3]


@pytest.fixture(scope="module")
def deep():
    """The shipped deep network, which has a convolution, a ReLU and a max pool in front."""
    run = store.read(CHECKPOINTS / "deep-seed1")
    return run.network, checkpoints.load_weights(run)


@pytest.mark.parametrize("f, g", SIGNALS)
def test_convolution_is_its_definition_numpys_and_fouriers(f, g):
    result = convolution.convolve(f, g)
    assert result.tolist() == [summed(as_function(f), as_function(g), n) for n in range(len(f) + len(g) - 1)]
    assert result.tolist() == np.convolve(f, g).tolist() == convolution.convolve(g, f).tolist()
    assert np.abs(result - convolution.by_fourier(f, g)).max() < 1e-9
    assert convolution.convolve(f, g, flip=False).tolist() == np.correlate(f, g, "full").tolist()


@pytest.mark.parametrize("f, g", SIGNALS)
def test_lengths_are_the_reports(f, g):
    n, k = len(f), len(g)
    kept = {mode: convolution.output_positions(n, k, mode) for mode in convolution.MODES}
    assert {mode: len(places) for mode, places in kept.items()} == {"full": n + k - 1, "same": n, "valid": n - k + 1}
    result = convolution.convolve(f, g)
    assert result[kept["valid"]].tolist() == np.convolve(f, g, "valid").tolist()
    if k % 2:
        assert result[kept["same"]].tolist() == np.convolve(f, g, "same").tolist()


def test_a_filter_as_long_as_the_signal_leaves_one_number():
    f, g = np.array([1, 2, 3]), np.array([4, 5, 6])
    (place,) = convolution.output_positions(3, 3, "valid")
    assert convolution.overlap(f, g, place).total == f @ g[::-1] == 28


@pytest.mark.parametrize("arguments", [(3, 4, "full"), (3, 0, "full"), (3, 2, "some")])
def test_lengths_that_make_no_sense_are_refused(arguments):
    with pytest.raises(ValueError, match="filter|mode"):
        convolution.output_positions(*arguments)


def test_same_is_the_padding_of_the_networks(digit):
    """A filter of one row of weights over a picture of one row is a correlation on a line, even where it is 8 long."""
    network = NETWORKS["shallow"]
    weights = {name: np.zeros(shape, np.float32) for name, shape in network.weight_shapes.items()}
    row = np.arange(-4, 4)
    weights["conv1.kernel"][3, :, 0, 0] = row  # 3 is the row that padding puts on the pixel itself
    image = np.zeros((28, 28), np.float32)
    image[10] = line = np.rint(digit[12] / 28)
    answers = forward.activations(network, weights, image[None])[0][0, 10, :, 0]
    result = convolution.convolve(line, row, flip=False)
    assert answers.tolist() == result[convolution.output_positions(28, 8, "same")].tolist()


@pytest.mark.parametrize("s", range(-3, 4))
@pytest.mark.parametrize("t", range(-3, 4))
def test_translating_either_argument_translates_the_result(s, t):
    f, g = np.array([1, 2, 3, 0, -1]), np.array([2, -1, 4])
    padded = [np.pad(values, 3) for values in (f, g)]
    first = convolution.convolve(convolution.translated(padded[0], s), convolution.translated(padded[1], t))
    last = convolution.translated(convolution.convolve(*padded), s + t)
    assert first.tolist() == last.tolist()
    # and by the definition alone, with f(k+s) and g(k+t) as functions
    moved_f = {k - s: value for k, value in as_function(f).items()}
    moved_g = {k - t: value for k, value in as_function(g).items()}
    for n in range(-6, 14):
        assert summed(moved_f, moved_g, n) == summed(as_function(f), as_function(g), n + s + t)


def test_a_line_too_short_to_be_moved_is_refused():
    line = np.array([0, 1, 2, 0, 0])
    assert convolution.translated(line, 1).tolist() == np.roll(line, -1).tolist()
    assert convolution.translated(line, -2).tolist() == np.roll(line, 2).tolist()
    for t in (2, -3):
        with pytest.raises(ValueError, match="too short"):
            convolution.translated(line, t)


def test_numbers_are_read_as_they_are_written():
    assert convolution.read_numbers(" 1, -2 0−3\t4".replace("0−", "0 −"), 9).tolist() == [1, -2, 0, -3, 4]
    values = np.array([3, 0, -99])
    assert convolution.read_numbers(convolution.write_numbers(values), 3).tolist() == values.tolist()


@pytest.mark.parametrize(
    "words, said",
    [("", "no number"), ("1 x", "“x” is not"), ("1.5", "not a whole"), ("²", "not a whole"), ("--1", "not a whole"),
     ("100", "too large"), ("9" * 5000, "too large"), ("1 2 3 4", "has 4 numbers")],
)  # fmt: skip
def test_what_is_no_number_is_said(words, said):
    with pytest.raises(ValueError, match=said):
        convolution.read_numbers(words, 3)


def test_the_planes_correlation_is_the_networks_layer(deep, digit):
    network, weights = deep
    outputs = forward.activations(network, weights, digit[None])
    for number in (0, 7, 31):
        kernel, bias = weights["conv1.kernel"][:, :, 0, number], weights["conv1.bias"][number]
        map_ = convolution.correlate_plane(digit.astype(np.float32) / 255, kernel) + bias
        assert np.abs(map_ - outputs[0][0, :, :, number]).max() < 1e-5
        assert np.abs(convolution.pool(np.maximum(map_, 0)) - outputs[2][0, :, :, number]).max() < 1e-5


@pytest.mark.parametrize("size", [1, 3, 4, 5, 8])
def test_a_move_before_or_after_the_convolution_is_the_same_to_the_last_bit(size):
    # ink to the very border, so that only the frame that is compared can make the error 0
    image = GENERATOR.normal(size=(28, 28)).astype(np.float32)
    kernel = GENERATOR.normal(size=(size, size)).astype(np.float32)
    for dx, dy in itertools.product(SHIFTS, SHIFTS):
        moves = convolution.move_convolved(image, kernel, dx, dy)
        assert moves.error == 0
        assert moves.compared.sum() == (28 - max(size - 1, 0) - _lost(dx, size)) * (28 - (size - 1) - _lost(dy, size))
    if size > 1:
        assert np.abs(convolution.move_convolved(image, kernel, 1, 0).first - moves.last).max() > 0


def _lost(d, size):
    """Pixels lost to a move beyond those that the filter's reach has lost on that side."""
    return max(0, d - (size - 1) // 2) if d > 0 else max(0, -d - size // 2)


def test_pooling_follows_even_moves_exactly_and_odd_ones_only_nearly(digit):
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    for dx, dy in itertools.product(SHIFTS, SHIFTS):
        error = convolution.move_pooled(digit.astype(int), kernel, dx, dy).error
        assert (error == 0) == (dx % 2 == dy % 2 == 0), (dx, dy)


def test_pooling_by_hand():
    picture = GENERATOR.integers(0, 99, (6, 4))
    pooled = convolution.pool(picture)
    assert all(pooled[i, j] == picture[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max() for i, j in np.ndindex(3, 2))


def test_two_dice_are_counted_pair_by_pair():
    counted = Counter(sum(faces) for faces in itertools.product(range(10), repeat=2))
    sums = convolution.convolve(np.full(10, 0.1), np.full(10, 0.1))
    assert np.allclose(sums, [counted[s] / 100 for s in range(19)], atol=1e-15)


def test_the_head_of_sum_posterior_is_this_convolution():
    run = store.read(CHECKPOINTS / "sum_posterior")
    images = mnist.embedded().test_images
    for top, bottom in zip(images[:8], images[8:16], strict=True):
        prediction = forward.predict(run.network, checkpoints.load_weights(run), top, bottom)
        sums = convolution.convolve(*prediction.digit_probabilities)
        assert np.abs(sums - prediction.sum_probabilities).max() < 1e-6


def page(drawn=None, **query):
    """The page as a link with `query` opens it, for a visitor who has drawn a top digit or not."""
    app = visit("convolution")
    app.query_params.update(query)
    drawing = drawings.BLANK if drawn is None else drawings.Drawing({"objects": []}, drawn)
    app.session_state["histories"] = {"top": [drawing], "bottom": [drawings.BLANK]}
    return rerun(app)


def test_a_visitor_slides_a_filter_over_a_signal():
    app = page(f="1 2 3 0 -1", g="2 1")
    assert "(f ∗ g)(0) = 0·1 + 1·2 = <b>2</b>" in html(app)
    click(app, "Next")
    assert "(f ∗ g)(1) = 1·1 + 2·2 = <b>5</b>" in html(app)
    click(app, "Back")
    assert "= <b>2</b>" in html(app)
    for mode, length, words in (
        ("full", 6, "(5 + 2 − 1), wherever the two overlap"),
        ("valid", 4, "(5 − 2 + 1), only"),
    ):
        assert f"{mode}: <b>{length}</b> values {words}" in html(app)
    app.toggle(key="unflipped").set_value(True)
    assert "correlation (0) = 0·2 + 1·1 = <b>1</b>" in html(rerun(app))
    assert "the two differ by **0**" in said(app)


def test_a_filter_as_long_as_the_signal_leaves_one_place_on_the_page():
    app = page(f="1 2 3", g="1", mode="valid")
    click(app, "The signal, flipped")
    assert app.text_input(key="g").value == "3 2 1"
    assert "One place is left, n = 2." in said(app) and "<b>14</b>" in html(app)
    app.segmented_control(key="mode").set_value("full")
    rerun(app)
    assert app.slider(key="place").max == 4


def test_a_place_beyond_a_shorter_signal_moves_into_it():
    app = page(f="1 2 3 4 5 6 7 8", g="1 1")
    app.slider(key="place").set_value(8)
    rerun(app)
    app.text_input(key="f").set_value("1 2")
    rerun(app)
    assert app.slider(key="place").value == 2 and "(f ∗ g)(2)" in html(app)


@pytest.mark.parametrize("section", ["Slide", "Translate"])
def test_what_cannot_be_read_says_so_and_can_be_mended(section):
    app = page(convolution_section=section, f="1 two")
    assert "“two” is not a whole number" in app.error[0].value and 'class="bar-rows"' not in html(app)
    click(app, "Step")
    assert not app.error and 'class="bar-rows"' in html(app)
    app.text_input(key="g").set_value("1 " * 10)
    assert "must not be longer" in rerun(app).error[0].value


def test_a_picture_in_a_link_is_shown_as_the_words_it_is():
    assert r"\!\[\](//evil.example)" in page(f="![](//evil.example)").error[0].value


def test_a_row_of_the_drawn_digit_is_a_signal(digit):
    app = click(page(drawn=digit), "A row of my digit")
    row = digit[np.argmax(digit.sum(axis=1, dtype=int))]
    assert app.text_input(key="f").value == " ".join(str(round(level / 255 * 9)) for level in row.tolist())


def test_translations_agree_exactly_and_the_slips_do_not():
    app = page(convolution_section="Translate")
    app.slider(key="move_f").set_value(-3)
    app.slider(key="move_g").set_value(2)
    rerun(app)
    assert "of the two ways = <b>0</b>" in html(app)
    theorem, lost_sign, twice = (int(n) for n in re.findall(r"<p><b>(\d+)</b> max", html(app)))
    assert theorem == 0 and lost_sign > 0 and twice > 0


def errors(app):
    shown = re.findall(r"max \|difference\| = <b>([^<]+)</b>", html(app))
    return [float(number.replace(",", "")) for number in shown]


def test_a_digit_is_moved():
    app = page(convolution_section="On a digit")
    convolved, pooled = errors(app)
    assert convolved == 0 and pooled > 0
    app.slider(key="move_x").set_value(2)
    assert errors(rerun(app)) == [0, 0]
    app.pills(key="plane_filter").set_value("Of a network")
    rerun(app)
    assert errors(app) == [0, 0]
    app.slider(key="move_y").set_value(-3)
    convolved, pooled = errors(rerun(app))
    assert convolved == 0 and pooled > 0


@pytest.mark.parametrize("kind, share", [("Two dice, 1 … 6", "16.7%"), ("Two digits drawn by lot, 0 … 9", "10.0%")])
def test_dice_are_added(kind, share):
    app = page(convolution_section="Two dice", dice=kind)
    assert f"= <b>{share}</b>" in html(app)
    click(app, "Try it 10,000 times")
    difference = float(re.search(r"max \|difference\| = \*\*([\d.]+)\*\*", said(app)).group(1))
    assert difference < 0.02  # five standard deviations of the commonest sum


def test_the_networks_two_digits_are_added_as_it_adds_them():
    app = page(convolution_section="Two dice", dice="Two digits read by the network")
    shown = re.search(r"own sum probabilities = <b>([^<]+)</b>", html(app)).group(1)
    assert float(shown.replace("−", "-")) < 1e-6
    assert "the head of sum_posterior" in said(app)
    app.selectbox(key="run").set_value("sum")
    assert "without ever naming a digit" in rerun(app).info[0].value
    app.selectbox(key="run").set_value("deep-seed1")
    assert "reads one digit at a time" in said(rerun(app))


def test_no_checkpoint_leaves_what_needs_none(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    assert (
        "No checkpoint yet" in page(convolution_section="Two dice", dice="Two digits read by the network").info[0].value
    )
    app = page(convolution_section="On a digit", plane_filter="Of a network")
    assert "No checkpoint yet" in app.info[0].value
    app.pills(key="plane_filter").set_value("Blur")
    assert errors(rerun(app))[0] == 0


def test_a_damaged_checkpoint_is_said(tmp_path, monkeypatch):
    shutil.copytree(CHECKPOINTS / "tiny-seed2", tmp_path / "tiny")
    (tmp_path / "tiny" / "weights.safetensors").write_bytes(b"")
    monkeypatch.setattr(store, "ROOT", tmp_path)
    for query in ({"convolution_section": "On a digit", "plane_filter": "Of a network"},
                  {"convolution_section": "Two dice", "dice": "Two digits read by the network"}):  # fmt: skip
        assert "cannot be loaded" in page(**query).error[0].value


def test_bars_stand_over_their_places(monkeypatch):
    bodies = []
    monkeypatch.setattr("streamlit.html", bodies.append)
    bar_rows([Row("f", np.array([1, -2]), "red"), Row("g", np.array([0.0]), "blue", 3)], "two <rows>", range(1, 2))
    (body,) = bodies
    assert "two &lt;rows&gt;" in body and re.findall(r"<div>(.?\d)</div>", body) == ["0", "1", "2", "3"]
    cells = re.findall(r'<div class="([^"]*)">(.*?)</div>', body.split('class="cells"', 1)[1].split(">", 1)[1])
    assert [("span" in inside) for _, inside in cells[:4]] == [True, True, False, False]
    assert "band" in cells[1][0] and "−2" in cells[1][1]
