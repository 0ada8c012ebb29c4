"""What is no digit is doubted, and hardly a digit is: by the energy of the logits, against a threshold that is kept."""

import json

import numpy as np
import pytest
from PIL import Image

from benchmarks import not_digits
from core import __main__, hands, likeness
from core.images import mnist
from core.model import forward
from core.model.operations import softmax
from core.runs import checkpoints, results, store

NAMES = ("pen-sum_posterior-seed1", "deep-seed1")


@pytest.fixture(scope="module")
def nothing():
    return not_digits.drawn()


def shipped(name):
    run = store.read(store.locate(name))
    return run, checkpoints.load_weights(run), results.read(run)


@pytest.mark.parametrize("name", NAMES)
def test_hardly_a_digit_is_doubted_and_of_two_in_one_frame_many_are(name, nothing):
    run, weights, result = shipped(name)
    assert likeness.threshold(run.network, weights) == pytest.approx(result["energy_threshold"], abs=1e-3)
    digits, _, _ = hands.judged()

    def share(images):
        return (likeness.energies(run.network, weights, images) > result["energy_threshold"]).mean()

    assert share(digits) < 0.01
    assert share(nothing["two digits"]) >= 0.5 and share(nothing["scribble"]) >= 0.5


@pytest.mark.parametrize("name", NAMES)
def test_the_logits_are_those_before_the_networks_softmax(name):
    run, weights, _ = shipped(name)
    digits = mnist.embedded().test_images[:20]
    told = [forward.predict_digit(run.network, weights, digit) for digit in digits]
    assert softmax(forward.digit_logits(run.network, weights, digits)) == pytest.approx(np.stack(told), abs=1e-6)
    energies = likeness.energies(run.network, weights, digits)
    logits = forward.digit_logits(run.network, weights, digits).astype(float)
    assert energies == pytest.approx(-np.log(np.exp(logits).sum(axis=1)))


def test_nothing_is_doubted_by_networks_that_name_no_digits_or_have_no_threshold(nothing):
    run, weights, result = shipped("pen-sum-seed1")
    two = {"top": nothing["two digits"][0], "bottom": None}
    assert likeness.result(run.network, weights) == {} and likeness.doubted(run.network, weights, result, two) == []
    run, weights, result = shipped("pen-sum_posterior-seed1")
    del result["energy_threshold"]
    assert likeness.doubted(run.network, weights, result, two) == []
    assert likeness.doubted(run.network, weights, None, two) == []


def test_predict_says_which_half_it_doubts(nothing, tmp_path, capsys):
    run, weights, result = shipped("pen-sum_posterior-seed1")
    two = next(i for i in nothing["two digits"] if likeness.doubted(run.network, weights, result, {"top": i}))
    for name, digit in (("two", two), ("one", mnist.embedded().test_images[0])):
        Image.fromarray(np.pad(digit, 6)).resize((400, 400)).save(tmp_path / f"{name}.png")
    pictures = [str(tmp_path / "one.png"), str(tmp_path / "two.png")]
    assert __main__.main(["predict", run.name, *pictures, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["doubted"] == ["bottom"]
    assert __main__.main(["predict", run.name, *pictures]) == 0
    assert "The bottom one does not look like one digit." in capsys.readouterr().out
