"""Blind spots: against the whole network, pair by pair; an attack that only just moves the sum; and visitors."""

import re

import numpy as np
import pytest

from core.images import mnist
from core.insight.attack import attack, noisy, smallest_step
from core.insight.blind_spots import beside_blank, shares, twice
from core.insight.shift import FARTHEST, answers_to_shifts, layer_shifts, shifted
from core.model import answers, forward
from core.model.networks import SIDE
from core.runs import checkpoints, store
from tests.harness import inside, visits

DATA = mnist.embedded()
TOP, BOTTOM = DATA.test_images[:2]
BLANK = np.zeros((SIDE, SIDE), np.uint8)
EVERY_KIND = ["sum", "sum_posterior", "tiny-seed2"]


@pytest.fixture(params=EVERY_KIND)
def loaded(request):
    run = store.read(store.locate(request.param))
    return run.network, checkpoints.load_weights(run)


def test_the_same_image_twice_is_what_the_network_reads_as_a_pair(loaded):
    found = twice(answers.of_digits(*loaded, DATA.test_images[:20]))
    for digit, sum_probabilities in zip(DATA.test_images[:20], found.sum_probabilities, strict=True):
        expected = forward.predict(*loaded, digit, digit).sum_probabilities
        np.testing.assert_allclose(sum_probabilities, expected, atol=1e-4)


def test_odd_sums_come_the_most_probable_first():
    run = store.read(store.locate("tiny-seed2"))
    found = twice(answers.of_digits(run.network, checkpoints.load_weights(run), DATA.test_images))
    assert len(found.odd) and (found.sums[found.odd] % 2 == 1).all()
    assert (np.diff(found.odd_probability[found.odd]) <= 0).all()
    assert (np.delete(found.sums, found.odd) % 2 == 0).all()


@pytest.mark.parametrize("half", ["top", "bottom"])
def test_a_blank_half_is_read_as_the_network_reads_it(loaded, half):
    sums = beside_blank(answers.of_digits(*loaded, DATA.test_images[:20]), loaded[1], half)
    for digit, answered in zip(DATA.test_images[:20], sums, strict=True):
        pair = {"top": digit, "bottom": digit} | {half: BLANK}
        assert forward.predict(*loaded, **pair).sum == answered


def test_shares_of_the_sums_of_each_digit():
    found = shares(np.array([3, 3, 3, 5]), np.array([3, 11, 11, 5]))
    assert found[3, 11] == pytest.approx(2 / 3) and found[5, 5] == 1 and found.sum() == 2


@pytest.mark.parametrize("half", ["top", "bottom"])
def test_an_attack_just_moves_the_sum(loaded, half):
    found = attack(*loaded, TOP, BOTTOM, half)

    def answer(strength):
        pair = {"top": TOP / np.float32(255), "bottom": BOTTOM / np.float32(255)}
        pair[half] = found.applied(TOP if half == "top" else BOTTOM, strength)
        return forward.predict(*loaded, **pair).sum

    assert answer(0) == answer(0.9) == found.before == forward.predict(*loaded, TOP, BOTTOM).sum
    assert answer(1) == found.after != found.before
    whole = (TOP if half == "top" else BOTTOM) / 255 + found.change
    assert whole.min() >= -1e-6 and whole.max() <= 1 + 1e-6
    assert found.size == pytest.approx(np.sqrt((found.change**2).sum()))
    assert found.size < 4, "a digit has about 9: an attack is far smaller"


def test_most_digits_can_be_attacked(loaded):
    found = [attack(*loaded, *DATA.test_images[[i, i + 400]]) for i in range(0, 500, 100)]
    assert all(found)


@pytest.mark.parametrize("seed", range(5))
def test_no_other_step_within_bounds_is_smaller(seed):
    generator = np.random.default_rng(seed)
    slope, start = generator.normal(size=6), generator.uniform(0, 1, 6)
    low, high = -start, 1 - start
    rise = 0.7 * slope @ np.where(slope > 0, high, low)
    step = smallest_step(slope, rise, low, high)
    assert slope @ step == pytest.approx(rise, rel=1e-6) and (step >= low).all() and (step <= high).all()
    others = generator.uniform(low, high, (200_000, 6))
    assert np.linalg.norm(others[others @ slope >= rise], axis=1).min() >= np.linalg.norm(step) - 1e-9
    assert smallest_step(slope, 2 * rise, low, high) is None


def test_noise_has_the_size_asked_for_and_stays_between_black_and_white():
    images = noisy(TOP, 1.5, 20, seed=0)
    sizes = np.linalg.norm(images - TOP / 255, axis=(1, 2))
    np.testing.assert_allclose(sizes, 1.5, rtol=1e-3)
    assert images.min() >= 0 and images.max() <= 1 and not (images[0] == images[1]).all()


@pytest.mark.parametrize("right", [-30, -6, 0, 3])
@pytest.mark.parametrize("down", [-2, 0, 6, 28])
def test_a_shifted_image_is_the_image_elsewhere(right, down):
    expected = np.zeros_like(TOP)
    for y in range(SIDE):
        for x in range(SIDE):
            if 0 <= y - down < SIDE and 0 <= x - right < SIDE:
                expected[y, x] = TOP[y - down, x - right]
    np.testing.assert_array_equal(shifted(TOP, right, down), expected)


@pytest.mark.parametrize("half", ["top", "bottom"])
def test_answers_to_shifts_are_the_networks(loaded, half):
    found = answers_to_shifts(*loaded, TOP, BOTTOM, half)
    digit = TOP if half == "top" else BOTTOM
    for right, down in ((0, 0), (-6, 5), (3, -2)):
        moved = shifted(digit, right, down)
        answer = forward.predict(*loaded, **({"top": TOP, "bottom": BOTTOM} | {half: moved}))
        place = down + FARTHEST, right + FARTHEST
        assert found.sums[place] == answer.sum
        assert found.certainty[place] == pytest.approx(answer.sum_probabilities.max(), abs=1e-4)
        assert found.lost[place] == pytest.approx(1 - moved.sum() / digit.sum())


def stops_at(layers):
    return next(layer.label for layer in layers if not layer.is_shift)


@pytest.mark.parametrize(
    ("shift", "stops"),
    [(1, "max pool 2×2"), (2, "max pool 2×2"), (3, "max pool 2×2"), (4, "FC 3136→1024, shared")],
)
def test_a_shift_ends_at_the_pooling_that_cannot_halve_it_and_at_the_first_fc_layer_anyway(shift, stops):
    run = store.read(store.locate("sum"))
    layers = layer_shifts(run.network, checkpoints.load_weights(run), TOP, BOTTOM, "top", shift, 0)
    assert stops_at(layers) == stops
    ended = next(i for i, layer in enumerate(layers) if not layer.is_shift)
    assert ended == {1: 2, 2: 5, 3: 2, 4: 6}[shift]


def test_nothing_shifted_is_no_error():
    run = store.read(store.locate("sum"))
    layers = layer_shifts(run.network, checkpoints.load_weights(run), TOP, BOTTOM, "bottom", 0, 0)
    assert len(layers) == 8 and all(layer.error == 0 for layer in layers)


def test_visitor_reads_how_often_the_same_image_twice_is_odd():
    run = store.read(store.locate("sum_posterior"))
    reads_how_often_twice_is_odd(answers.of_digits(run.network, checkpoints.load_weights(run), DATA.test_images))


def test_visitor_reads_it_of_the_full_test_set_where_that_is_here(full_in_cache):
    run = store.read(store.locate("sum_posterior"))
    reads_how_often_twice_is_odd(answers.from_tensors(run.network, checkpoints.load_answers(run, "full")))


def reads_how_often_twice_is_odd(known):
    app, found = inside.page("Blind spots"), twice(known)
    assert f"one for <b>{(found.sums % 2).sum()}</b> of {len(found.sums):,} test digits" in visits.html(app)


def test_visitor_learns_what_a_blank_is_worth():
    app = inside.page("Blind spots", spot="A blank half")
    body = visits.html(app)
    run = store.read(store.locate("sum_posterior"))
    weights = checkpoints.load_weights(run)
    for half, pair in (("bottom", (TOP, BLANK)), ("top", (BLANK, BOTTOM))):
        inside.choice(app, "blank").set_value(half)
        body = visits.html(visits.rerun(app))
        other = "top" if half == "bottom" else "bottom"
        assert f"Your {other} digit and a blank: {forward.predict(run.network, weights, *pair).sum}" in body
        assert re.search(rf"A blank {half} half is most often worth <b>−?\d+</b>", body)


@pytest.mark.parametrize("run", [None, "deep-seed1"])
def test_visitor_turns_up_an_attack_until_the_sum_moves(run):
    app = inside.page("Blind spots", run, spot="One half attacked")
    before, after = re.search(r"from (\d+) to <b>(\d+)</b>", visits.html(app)).groups()
    for strength, said in ((0, before), (80, before), (100, after)):
        app.slider(key="strength").set_value(strength)
        assert f"The sum is <b>{said}</b>" in visits.html(visits.rerun(app))
    noise = int(re.search(r"moves the sum <b>(\d+)</b> times out of 100", visits.html(app))[1])
    assert noise < 50


def test_visitor_shifts_a_digit_and_sees_where_the_shift_ends():
    app = inside.page("Blind spots", spot="The digit shifted")
    for right, layer in ((1, 3), (2, 6), (4, 7)):
        app.slider(key="right").set_value(right)
        assert f"<b>{layer}</b>, " in visits.html(visits.rerun(app))
    app.slider(key="right").set_value(0)
    assert "Nothing is shifted yet" in " ".join(element.value for element in visits.rerun(app).markdown)
