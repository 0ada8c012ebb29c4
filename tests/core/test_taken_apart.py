"""The last layer's parts add up to the network's own logits, and a network that adds perfectly is found perfect."""

import numpy as np
import pytest

from core.images import mnist
from core.insight import taken_apart
from core.model import forward
from core.model.networks import NETWORKS, untied
from tests.harness.weights import weights_of

TOP, BOTTOM = mnist.embedded().test_images[:2]
S = np.arange(19.0)
D = np.arange(10.0)


@pytest.mark.parametrize("network", [NETWORKS["sum"], NETWORKS["sum_linear"], untied(NETWORKS["sum"])])
def test_the_parts_add_up_to_the_networks_own_logits(network):
    weights = weights_of(network)
    found = taken_apart.parts(network, weights, TOP, BOTTOM)
    own = forward.activations(network, weights, np.concatenate([TOP, BOTTOM])[None])[-1][0]
    np.testing.assert_allclose(found.total, own, atol=1e-4)
    # a blank half's features times its half of the matrix: the part does not depend on the other half
    other = taken_apart.parts(network, weights, TOP, TOP)
    np.testing.assert_array_equal(found.top, other.top)
    assert not np.allclose(found.bottom, other.bottom)


def test_a_network_that_does_not_join_has_no_such_parts():
    network = NETWORKS["sum_posterior"]
    with pytest.raises(ValueError, match="does not add two vectors"):
        taken_apart.parts(network, weights_of(network), TOP, BOTTOM)


def test_the_parabola_of_perfect_adding_is_found():
    logits = -3 * (S - np.array([[7.0], [12.0]])) ** 2 + np.array([[5.0], [-4.0]])
    found = taken_apart.parabola(logits)
    np.testing.assert_allclose(found.a, 3)
    np.testing.assert_allclose(found.vertex, [7, 12])
    np.testing.assert_allclose(found.fit, 1)
    one = taken_apart.parabola(logits[0])
    np.testing.assert_allclose(one.at(S), logits[0])


def test_the_parabola_is_numpys_own_fit_of_degree_two():
    logits = np.random.default_rng(0).normal(size=(5, 19))
    found = taken_apart.parabola(logits)
    for i, row in enumerate(logits):
        square, slope, level = np.polyfit(S, row, 2)
        fitted = np.polyval([square, slope, level], S)
        assert found.a[i] == pytest.approx(-square) and found.vertex[i] == pytest.approx(-slope / (2 * square))
        assert found.c[i] == pytest.approx(np.polyval([square, slope, level], found.vertex[i]))
        assert found.fit[i] == pytest.approx(np.corrcoef(fitted, row)[0, 1] ** 2)


def test_perfect_adding_has_slopes_proportional_to_the_digit_and_straight_parts():
    a = 1.5
    added = 2 * a * np.outer(D, S) - a * S**2 + np.random.default_rng(1).normal(size=(10, 1))
    slopes = taken_apart.slopes(added)
    np.testing.assert_allclose(slopes - slopes[0], 2 * a * D)
    assert taken_apart.straightness(added) == pytest.approx(1)
    bent = added + np.outer(D - D.mean(), (S - 9) ** 2)
    assert taken_apart.straightness(bent) < 0.5
    np.testing.assert_allclose(slopes[3], np.polyfit(S, added[3], 1)[0])
