"""What a network answers to each digit, kept: the network's own logits, refused where not its own."""

import numpy as np
import pytest

from core.images import mnist
from core.model import answers, forward
from core.model.networks import NETWORKS, untied
from core.recipe import Recipe
from core.runs import checkpoints, store
from tests.harness.weights import weights_of

DIGITS = mnist.embedded().test_images[:12]
PAIRS = np.random.default_rng(0).integers(12, size=(20, 2))


@pytest.mark.parametrize(
    "network",
    [*(NETWORKS[name] for name in ("sum", "sum_posterior", "sum_linear")), untied(NETWORKS["sum"])],
    ids=lambda network: f"{network.name}{'' if network.tied else '-untied'}",
)
def test_answers_to_digits_make_the_logits_of_their_pairs(network):
    weights = weights_of(network)
    found = answers.of_digits(network, weights, DIGITS)
    images = np.concatenate([DIGITS[PAIRS[:, 0]], DIGITS[PAIRS[:, 1]]], axis=1)
    np.testing.assert_allclose(found.logits(*PAIRS.T), forward.logits(network, weights, images), atol=2e-5)
    again = answers.from_tensors(network, found.tensors())
    np.testing.assert_array_equal(again.logits(*PAIRS.T), found.logits(*PAIRS.T))


def test_answers_of_a_network_that_reads_one_digit_are_its_logits_and_add_no_pairs():
    network = NETWORKS["tiny"]
    weights = weights_of(network)
    found = answers.of_digits(network, weights, DIGITS)
    np.testing.assert_array_equal(found.top, forward.logits(network, weights, DIGITS))
    with pytest.raises(ValueError, match="reads one digit"):
        found.logits(*PAIRS.T)


def test_tensors_of_another_network_are_refused():
    kept = answers.of_digits(NETWORKS["tiny"], weights_of(NETWORKS["tiny"]), DIGITS).tensors()
    for network in (NETWORKS["sum"], untied(NETWORKS["sum_posterior"])):
        with pytest.raises(ValueError, match="not answers of"):
            answers.from_tensors(network, kept)
    with pytest.raises(ValueError, match="not answers of"):
        answers.from_tensors(NETWORKS["tiny"], {})


def test_kept_answers_are_those_of_these_weights_and_this_data(tmp_path):
    run = store.create(tmp_path / "a", Recipe(network="tiny"), "", "", "", {})
    weights = weights_of(run.network)
    checkpoints.save_weights(run, weights, 1)
    found = answers.of_digits(run.network, weights, DIGITS)
    checkpoints.save_answers(run, found.tensors(), "embedded")
    np.testing.assert_array_equal(checkpoints.load_answers(run, "embedded")["top"], found.top)
    assert checkpoints.load_answers(run, "full") is None
    checkpoints.save_weights(run, weights, 2)  # of a later step, so perhaps other weights
    assert checkpoints.load_answers(run, "embedded") is None
    (run.folder / "answers.safetensors").write_bytes(b"damaged")
    assert checkpoints.load_answers(run, "embedded") is None
