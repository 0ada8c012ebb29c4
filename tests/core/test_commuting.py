"""Swapped halves, the uncut seam, and what sharing was worth, each against counting by hand."""

import json

import numpy as np
import pytest

from core.evaluation import judged_pairs
from core.images import mnist
from core.insight import commuting, sharing
from core.model import forward
from core.model.answers import of_digits
from core.model.networks import NETWORKS, uncut, untied
from core.recipe import Recipe
from core.runs import metrics, store
from tests.harness.points import point
from tests.harness.weights import weights_of

DATA = mnist.embedded()
DIGITS, LABELS = DATA.test_images[:24], DATA.test_labels[:24]
PAIRS = judged_pairs(24)[:60]


@pytest.mark.parametrize("network", [NETWORKS["sum"], untied(NETWORKS["sum_posterior"]), NETWORKS["sum_posterior"]])
def test_swapping_counts_what_the_network_answers_to_swapped_pictures(network):
    weights = weights_of(network)
    found = commuting.swap(of_digits(network, weights, DIGITS), LABELS, PAIRS)
    orders = PAIRS, PAIRS[:, ::-1]
    before, after = (
        forward.logits(network, weights, np.concatenate([DIGITS[o[:, 0]], DIGITS[o[:, 1]]], axis=1)).argmax(axis=1)
        for o in orders
    )
    truth = LABELS.astype(int)[PAIRS].sum(axis=1)
    assert found.pairs == len(PAIRS) and found.changed == pytest.approx((before != after).mean())
    assert found.accuracies == pytest.approx(((before == truth).mean(), (after == truth).mean()))
    assert found.wrong_alike == ((before == after) & (before != truth)).sum()
    if network == NETWORKS["sum_posterior"]:
        assert found.changed == 0


def test_standard_error_is_that_of_a_share():
    found = commuting.Swapped(90, 4, 3, 0, 3)
    assert found.changed == 0.1 and found.standard_error == pytest.approx(0.03)


def test_the_seam_is_cut_against_uncut():
    network = NETWORKS["sum"]
    weights = weights_of(network)
    # biases let blank paper speak, which is what the halves then see of each other
    weights["conv1.bias"] += 1
    tops, bottoms = DIGITS[:6], DIGITS[6:12]
    found = commuting.seam(network, weights, tops, bottoms)
    moved, changed = [], []
    for top, bottom in zip(tops, bottoms, strict=True):
        p, q = (forward.predict(n, weights, top, bottom).sum_probabilities for n in (network, uncut(network)))
        moved.append(np.maximum(p - q, 0).sum())  # what flows away is what arrives elsewhere
        changed.append(p.argmax() != q.argmax())
    assert found.pairs == 6 and found.moved == pytest.approx(np.mean(moved), abs=1e-5) and found.moved > 0
    assert found.changed == np.mean(changed)


def test_what_a_training_took_is_read_off_its_curve(tmp_path):
    run = store.create(tmp_path / "a", Recipe(network="sum", batch=64, steps=40), "", "", "", {})
    assert sharing.trained(run) is None
    for step, accuracy in ((10, 0.3), (20, 0.55), (30, 0.85), (40, 0.85)):
        metrics.append(run, point(step, test_accuracy=accuracy))
    told = {"accuracy": 0.86, "standard_error": 0.003, "data": "", "steps": 40, "seconds": 5}
    (run.folder / "result.json").write_text(json.dumps(told))
    found = sharing.trained(run)
    assert found.images == 40 * 64 and found.reached == (20 * 64, 30 * 64, None)
    assert sharing.difference(found, found) == (0, pytest.approx(0.003 * 2**0.5))
