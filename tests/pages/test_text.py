"""Numbers and counts in words, and what the pages say of runs: none says what is not so, or says it twice."""

import numpy as np
import pytest

from core.insight.mistakes import confusion
from core.insight.readings import of_digits
from core.model.answers import Answers
from core.model.networks import NETWORKS
from core.runs import checkpoints, store
from pages.mistakes.confusions import _in_words
from pages.shared.text import counted, rounded
from tests.harness.server import REPOSITORY


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.012345, "0.0123"), (1.5, "1.5"), (999.4, "999"), (1020.0, "1,020"), (-123456.7, "−123,457"), (0, "0")],
)
def test_large_numbers_have_no_exponent(value, words):
    assert rounded(value) == words


def test_one_is_not_several():
    assert [counted(n, "digit") for n in (0, 1, 2, 1024)] == ["0 digits", "1 digit", "2 digits", "1,024 digits"]


def test_a_run_without_weights_says_why():
    shipped = store.read(REPOSITORY / "checkpoints" / "dropout-keep0.3-seed1")
    with pytest.raises(store.RunError, match="is shipped without its weights; only its curve is here"):
        checkpoints.load_checkpoint(shipped)


@pytest.mark.parametrize(("answered", "words"), [([8, 5, 7], ""), ([8, 8, 7], "Most often: 2 read as 8 (2).")])
def test_no_mistake_is_called_frequent_that_was_made_once(answered, words):
    labels = np.array([2, 2, 3, 4])
    logits = np.eye(10)[[*answered, 4]]
    readings = of_digits(Answers(NETWORKS["deep"], logits, logits, None), labels)
    assert _in_words(readings, confusion(readings)) == words
