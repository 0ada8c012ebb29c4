"""Questions about two digits: each table against enumeration, the namings that answer it, and a reader that learns."""

import itertools

import numpy as np
import pytest

from core.images import mnist
from core.insight import shortcuts
from core.model import forward
from core.model.answers import Answers
from core.model.networks import NETWORKS
from core.model.operations import SUM_OF_PAIR
from core.model.questions import QUESTIONS, Question
from core.recipe import Recipe
from core.training import keras_model
from core.training.trainer import Trainer

BY_HAND = {  # of 7 and 3, of 3 and 7, of 4 and 4
    "sums": (10, 10, 8),
    "differences": (4, -4, 0),
    "distances": (4, 4, 0),
    "products": (21, 21, 16),
    "maxima": (7, 7, 4),
    "larger": (1, 0, 0),
    "parities": (0, 0, 0),
}
FEW = 4  # digits, whose 4⁴ namings can all be tried


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_table_is_what_enumeration_says(name):
    question = QUESTIONS[name]
    assert tuple(question.table[pair] for pair in ((7, 3), (3, 7), (4, 4))) == BY_HAND[name]
    assert np.array_equal(question.answers[question.answer_indices], question.table)
    probabilities = np.random.default_rng(0).dirichlet(np.ones(10), 2)
    expected = dict.fromkeys(question.answers.tolist(), 0.0)
    for a, b in itertools.product(range(10), repeat=2):
        expected[question.rule(a, b)] += probabilities[0, a] * probabilities[1, b]
    found = np.outer(*probabilities).ravel() @ question.answer_of_pair
    np.testing.assert_allclose(found, list(expected.values()), atol=1e-6)
    of_pairs = np.exp(keras_model.log_answer_probabilities(*probabilities[:, None, None].astype("float32"), question))
    np.testing.assert_allclose(of_pairs.ravel(), list(expected.values()), atol=1e-6)


def test_sums_are_the_adding_layer():
    assert np.array_equal(QUESTIONS["sums"].answer_of_pair, SUM_OF_PAIR)


@pytest.mark.parametrize("name", QUESTIONS)
def test_shortcuts_are_counted_as_trying_all_namings_counts_them(name, monkeypatch):
    monkeypatch.setattr("core.model.questions.DIGITS", FEW)
    monkeypatch.setattr("core.insight.shortcuts.DIGITS", FEW)
    question = Question(name, "", QUESTIONS[name].rule)
    tried = itertools.product(range(FEW), repeat=FEW)
    right = [naming for naming in tried if (question.table[np.ix_(naming, naming)] == question.table).all()]
    assert shortcuts.count_shortcuts(question) == len(right)
    assert tuple(range(FEW)) in right


def test_of_ten_digits_distances_leave_one_shortcut_and_parities_millions():
    counts = {name: shortcuts.count_shortcuts(question) for name, question in QUESTIONS.items()}
    assert counts.pop("distances") == 2  # the digits, and 9 − d
    assert counts.pop("parities") == 2 * 5**10  # each digit may have any name of its kind, or any of the other kind
    assert set(counts.values()) == {1}


def test_the_best_renaming_is_the_best_of_all_permutations():
    counts = np.random.default_rng(1).integers(0, 50, (6, 6))
    names, share = shortcuts.best_renaming(counts)
    best = max(counts[range(6), order].sum() for order in itertools.permutations(range(6)))
    assert sorted(names) == list(range(6))
    assert counts[range(6), names].sum() == best and share == pytest.approx(best / counts.sum())


def test_a_reader_that_turns_the_digits_round_answers_distances_and_no_sums():
    data = mnist.embedded()
    turned = np.eye(10, dtype=np.float32)[9 - data.test_labels.astype(int)]
    answers = Answers(NETWORKS["sum_posterior"], turned, turned, None)
    assert shortcuts.answered(answers, data.test_labels, QUESTIONS["distances"]) == 1
    assert shortcuts.answered(answers, data.test_labels, QUESTIONS["sums"]) < 0.2
    found = shortcuts.result("distances", answers, data)
    names, share = shortcuts.best_renaming(np.array(found["digit_confusion"]))
    assert (names, share) == (list(range(9, -1, -1)), 1) and found["asked_accuracy"] == 1
    assert "asked_accuracy" not in shortcuts.result("digits", answers, data)
    assert shortcuts.result("sums", Answers(NETWORKS["deep"], turned, turned, None), data) == {}


@pytest.mark.parametrize("pairing", ["all", "fresh"])
@pytest.mark.parametrize("labels", ["differences", "larger"])  # the order of the two digits counts
def test_the_loss_is_that_of_the_question(labels, pairing):
    """The first step's loss against the same weights in NumPy, pair by pair."""
    data = mnist.embedded()
    recipe = Recipe(labels=labels, pairing=pairing, batch=6, steps=10, precision="float32")
    trainer = Trainer(recipe, recipe.architecture, data, "float32")
    weights = keras_model.get_weights(trainer.model)
    digits = recipe.step_digits
    order = mnist.batches(len(data.train_labels), digits, recipe.seed, 0, 1)[0]
    loss, _ = trainer.advance(1)
    named, numbers = forward.tower(recipe.architecture, weights, data.train_images[order]), data.train_labels[order]
    every, dealt = itertools.product(range(digits), repeat=2), zip(*[iter(range(digits))] * 2, strict=True)
    question, losses = QUESTIONS[labels], []
    for top, bottom in every if pairing == "all" else dealt:
        of_answers = np.outer(named[top], named[bottom]).ravel() @ question.answer_of_pair
        losses.append(-np.log(of_answers[question.answer_indices[numbers[top], numbers[bottom]]]))
    assert loss == pytest.approx(np.mean(losses), rel=1e-4)
