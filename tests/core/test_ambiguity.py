"""Blends of two digits: their ends are the digits, and what is elsewhere is counted by hand."""

import numpy as np
import pytest

from core.images import mnist
from core.insight import ambiguity
from core.model import forward
from core.model.networks import NETWORKS, untied
from core.runs import checkpoints, store
from tests.harness.server import REPOSITORY
from tests.harness.weights import weights_of

DATA = mnist.embedded()
ONE, OTHER, BOTTOM = DATA.test_images[:3]


def test_a_blend_is_between_its_ends():
    blends = ambiguity.blend(ONE, OTHER, ambiguity.SHARES)
    assert blends.dtype == np.uint8 and blends.shape == (21, 28, 28)
    assert np.array_equal(blends[0], ONE) and np.array_equal(blends[-1], OTHER)
    assert np.array_equal(blends[10], np.rint((ONE.astype(float) + OTHER) / 2))
    assert np.array_equal(ambiguity.blend(ONE, OTHER, 0.25), blends[5])


@pytest.mark.parametrize(
    "network", [NETWORKS["sum"], NETWORKS["sum_posterior"], NETWORKS["tiny"], untied(NETWORKS["sum"])]
)
def test_distributions_along_the_way_are_what_the_network_predicts(network):
    weights = weights_of(network)
    blends = ambiguity.blend(ONE, OTHER, ambiguity.SHARES[::5])
    for bottoms in (BOTTOM[None], DATA.test_images[5:10]):
        found = ambiguity.sum_probabilities(network, weights, blends, bottoms)
        for i, blend in enumerate(blends):
            expected = forward.predict(network, weights, blend, bottoms[i % len(bottoms)]).sum_probabilities
            np.testing.assert_allclose(found[i], expected, atol=1e-4)


def test_elsewhere_and_expectation_by_hand():
    p = np.zeros((2, 19))
    p[0, [4, 6, 9]] = 0.5, 0.3, 0.2
    p[1, [5, 10]] = 0.25, 0.75
    np.testing.assert_allclose(ambiguity.elsewhere(p, (4, 9)), [0.3, 1])
    np.testing.assert_allclose(ambiguity.elsewhere(p, (np.array([4, 5]), np.array([9, 10]))), [0.3, 0])
    np.testing.assert_allclose(ambiguity.elsewhere(p, (4, 4)), [0.5, 1])  # ends that are one sum count once
    np.testing.assert_allclose(ambiguity.expectation(p), [5.6, 8.75])


def test_the_middles_are_blends_of_the_two_classes_above_a_third_digit():
    run = store.read(REPOSITORY / "checkpoints" / "sum_posterior")
    weights = checkpoints.load_weights(run)
    alike, unlike = (ambiguity.middles(run.network, weights, DATA, 12, digits) for digits in ((4, 4), (0, 1)))
    assert alike.shape == (12,) and ((alike >= -1e-6) & (alike <= 1)).all()
    assert alike.mean() < 0.1  # between two fours lies a four, whatever is below
    assert alike.mean() < unlike.mean()  # a nought with a stroke through it is neither
    assert np.array_equal(alike, ambiguity.middles(run.network, weights, DATA, 12, (4, 4)))
