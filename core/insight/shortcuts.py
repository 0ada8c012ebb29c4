"""What a question about two digits teaches a reader that is told its answers alone: the digits, or a shortcut.

A reader may call the ten digits other than they are called and answer every question right nevertheless: for "is a + b
odd?" it is enough to tell odd from even. Such a naming is known in the field as a reasoning shortcut (Marconato et al.,
"Not All Neuro-Symbolic Concepts Are Created Equal", 2023). Here they are counted, and a trained reader is held against
them.
"""

import functools

import numpy as np

from core.evaluation import judged_pairs
from core.images import mnist
from core.insight.mistakes import count_pairs
from core.model.answers import Answers
from core.model.operations import DIGITS, answer_distribution
from core.model.questions import QUESTIONS, Question


@functools.cache  # a page asks for those of every question in every rerun
def count_shortcuts(question: Question) -> int:
    """Return how many ways there are to name the ten digits, the true one included, that answer all pairs right.

    A naming sends each digit to one of ten names, maybe several to one. Names that no answer tells apart are tried as
    one, and counted as so many.
    """
    table = question.table
    names, counts = np.unique(np.hstack([table, table.T]), axis=0, return_index=True, return_counts=True)[1:]

    def count_namings(named: list[int], weight: int) -> int:
        digit = len(named)
        if digit == DIGITS:
            return weight
        total = 0
        for name, count in zip(names, counts, strict=True):
            tried = [*named, name]
            below, right = table[name, tried], table[tried, name]
            if (below == table[digit, : digit + 1]).all() and (right == table[: digit + 1, digit]).all():
                total += count_namings(tried, weight * int(count))
        return total

    return count_namings([], 1)


def confusion(answers: Answers, labels: np.ndarray) -> np.ndarray:
    """Return how many test digits of each label (rows) a network that names digits calls by each name, (10, 10)."""
    return count_pairs(labels.astype(int), answers.top.argmax(axis=1), DIGITS)


def best_renaming(counts: np.ndarray) -> tuple[list[int], float]:
    """Return which name stands for each digit if no two may share one, and the share of digits then right.

    Of all 10! permutations the one that makes most of a confusion (10, 10) right, by dynamic programming over the sets
    of names given to the first digits.
    """
    return _best_renaming(tuple(map(tuple, counts.tolist())))


@functools.lru_cache(maxsize=256)  # a page shows the same readers in every rerun: 14 ms each
def _best_renaming(counts):
    best: dict[frozenset[int], tuple[int, list[int]]] = {frozenset(): (0, [])}
    for row in counts:
        grown: dict[frozenset[int], tuple[int, list[int]]] = {}
        for taken, (right, names) in best.items():
            for name in set(range(len(counts))) - taken:
                candidate = right + int(row[name]), [*names, name]
                grown[taken | {name}] = max(grown.get(taken | {name}, (-1, [])), candidate, key=lambda each: each[0])
        best = grown
    ((right, names),) = best.values()
    return names, right / sum(map(sum, counts))


def answered(answers: Answers, labels: np.ndarray, question: Question) -> float:
    """Return the share of the judged pairs of test digits whose question a network that names digits answers right."""
    top, bottom = judged_pairs(len(labels)).T
    probabilities = answer_distribution(answers.top[top], answers.bottom[bottom], question.answer_of_pair)
    truth = question.answer_indices[labels[top], labels[bottom]]
    return float((probabilities.argmax(axis=1) == truth).mean())


def result(labels: str, answers: Answers, data: mnist.Mnist) -> dict:
    """Return what `result.json` says of a run that learned from `labels`: `digit_confusion`, and `asked_accuracy` if
    these are the answers to a question; nothing for a network that does not name the digits of a pair.
    """
    if not answers.network.names_digits:
        return {}
    of_question = {}
    if labels in QUESTIONS:
        of_question = {"asked_accuracy": answered(answers, data.test_labels, QUESTIONS[labels])}
    return {"digit_confusion": confusion(answers, data.test_labels).tolist()} | of_question
