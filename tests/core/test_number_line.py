"""Features, their principal components and the order of digits on them, each against a second way to compute it."""

import numpy as np
import pytest

from core.images import mnist
from core.insight import number_line
from core.insight.principal import principal_components
from core.model import forward, operations
from core.model.networks import NETWORKS, untied
from tests.harness.weights import weights_of

DIGITS = mnist.embedded().test_images[:8]


@pytest.mark.parametrize(("points", "features"), [(30, 80), (80, 30), (40, 40)])
def test_principal_components_are_those_of_the_singular_value_decomposition(points, features):
    x = np.random.default_rng(0).normal(3, 1, (points, features)) @ np.diag(np.linspace(1, 5, features))
    found = principal_components(x, 4)
    centred = x - x.mean(axis=0)
    u, s, v = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(found.scores), np.abs(u[:, :4] * s[:4]), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(np.abs(found.directions.T @ v[:4].T), np.eye(4), atol=1e-3)
    assert found.variance == pytest.approx((s**2).sum() / points, rel=1e-5)
    np.testing.assert_allclose(found.project(x), found.scores, atol=1e-3)


def test_components_that_are_not_there_are_zero():
    found = principal_components(np.array([[1.0, 2.0], [3.0, 4.0]]), 4)
    assert found.scores.shape == (2, 4) and np.abs(found.scores[:, 0]).tolist() == pytest.approx([np.sqrt(2)] * 2)
    assert np.allclose(found.scores[:, 1:], 0, atol=1e-2)
    assert not principal_components(np.ones((5, 9)), 3).scores.any()


def test_rank_correlation_shares_ranks_as_its_definition_does():
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=40).round(1), generator.integers(0, 5, 40)

    def ranks(values):  # how many are smaller, and half of the others that are equal
        return np.array([(values < v).sum() + ((values == v).sum() - 1) / 2 for v in values])

    assert number_line.rank_correlation(x, y) == pytest.approx(np.corrcoef(ranks(x), ranks(y))[0, 1])
    assert number_line.rank_correlation(np.arange(5), np.arange(5) ** 3) == pytest.approx(1)
    assert number_line.rank_correlation(np.arange(5), -np.exp(np.arange(5))) == pytest.approx(-1)
    assert number_line.rank_correlation(np.arange(5), np.ones(5)) == 0


@pytest.mark.parametrize(
    "network",
    [*NETWORKS.values(), untied(NETWORKS["sum"]), untied(NETWORKS["sum_posterior"])],
    ids=lambda network: f"{network.name}{'' if network.tied else '-untied'}",
)
def test_features_are_what_the_last_fc_layer_reads(network):
    """Put through the rest of the network they give its own answer."""
    weights = weights_of(network)
    kernel, bias = (weights[name] for name in list(network.steps[-1].weights or network.weight_shapes)[-2:])
    if not network.reads_pairs:
        features = number_line.features(network, weights, DIGITS)
        expected = forward.logits(network, weights, DIGITS)
        np.testing.assert_allclose(features.reshape(len(DIGITS), -1) @ kernel + bias, expected, atol=1e-4)
        return
    top, bottom = (number_line.features(network, weights, DIGITS, half) for half in ("top", "bottom"))
    pairs = np.concatenate([DIGITS, DIGITS[::-1]], axis=1)
    expected = operations.softmax(forward.logits(network, weights, pairs))
    if network.name == "sum_posterior":
        read = [weights["fc2.kernel"], weights["fc2.bias"]] * 2 if network.tied else list(weights.values())[-4:]
        digits = [operations.softmax(top @ read[0] + read[1]), operations.softmax(bottom[::-1] @ read[2] + read[3])]
        got = np.array([np.convolve(*pair) for pair in zip(*digits, strict=True)])
    else:
        got = operations.softmax(np.concatenate([top, bottom[::-1]], axis=1) @ kernel + bias)
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_a_map_puts_the_same_digits_in_their_own_places_and_rises_with_them():
    generator = np.random.default_rng(2)
    labels = np.repeat(np.arange(10), 12)
    features = np.outer(labels, generator.normal(size=50)) + generator.normal(size=(120, 50))
    found = number_line.draw_map(features, labels, 3)
    np.testing.assert_allclose(found.scores_of(features), found.line.scores, atol=1e-4)
    assert found.line.order() == tuple(range(10)) and found.line.correlations[0] > 0.95
    assert found.line.shares[0] > 0.8 and found.line.shares.sum() < 1
    assert np.corrcoef(found.line.scores[:, 0], labels)[0, 1] > 0.95


def test_a_snapshot_gives_back_the_line_with_the_signs_that_are_asked():
    digits, labels = number_line.snapshot_digits()
    features = np.random.default_rng(3).normal(size=(len(digits), 40)) + np.outer(labels, np.ones(40))
    kept = number_line.snapshot(features)
    line = number_line.from_snapshot(kept)
    expected = number_line.draw_map(features, labels, 8).line
    np.testing.assert_allclose(line.scores, expected.scores, atol=1e-3)
    np.testing.assert_allclose(line.correlations, expected.correlations, atol=1e-3)
    turned = number_line.from_snapshot(kept, -line.scores)
    np.testing.assert_array_equal(turned.scores, -line.scores)
    np.testing.assert_array_equal(turned.correlations, line.correlations)
    assert sum(tensor.nbytes for tensor in kept.values()) < 10_000
    for wrong in ({}, {"scores": np.zeros((3, 8))}):
        with pytest.raises(ValueError, match="no snapshot"):
            number_line.from_snapshot(wrong)
