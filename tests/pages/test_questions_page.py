"""The question page without a browser: its table is that of the shipped runs, and its words fit what they learned."""

import re

import pytest
import streamlit as st

from core.model.questions import QUESTIONS
from core.runs import results, store
from tests.harness.server import REPOSITORY
from tests.harness.visits import click, html, rerun, said, visit


@pytest.fixture(autouse=True)
def shipped(monkeypatch):
    monkeypatch.setattr(store, "ROOT", REPOSITORY / "checkpoints")
    st.cache_resource.clear()


def page(question="sums", seed=1):
    app = visit("questions")
    app.session_state["question"], app.session_state["question_seed"] = question, seed
    return rerun(app)


def words(app):
    return next(element.value for element in app.markdown if "every pair right" in element.value)


def test_the_table_has_a_line_for_each_question_with_what_its_runs_reached():
    (table,) = re.findall(r"<table class=\"facts\".*?</table>", html(page()))
    rows = table.split("<tr>")[2:]
    assert len(rows) == len(QUESTIONS)
    for row, (name, question) in zip(rows, QUESTIONS.items(), strict=True):
        runs = [store.read(store.ROOT / f"question-{name}-seed{seed}") for seed in (1, 2, 3)]
        mean = sum(results.read(run)["asked_accuracy"] for run in runs) / 3
        assert question.text in row and f"<b>{mean:.4f}</b>" in row


@pytest.mark.parametrize(
    ("question", "seed", "told"),
    [
        ("sums", 1, "It has learned the ten digits."),
        ("maxima", 3, "It has learned the ten digits."),
        ("distances", 1, "0 is called 9, 1 is called 8, 2 is called 7"),
        ("distances", 2, "It has learned the ten digits."),
        ("larger", 2, "2 and 3 are called 5"),
        ("parities", 1, "19,531,250 namings answer every pair right"),
    ],
)
def test_its_words_fit_what_the_reader_learned(question, seed, told):
    assert told in words(page(question, seed))


def test_where_nothing_was_measured_it_says_how_to(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    app = page()
    assert html(app).count("not yet") == 3 * len(QUESTIONS)
    assert "Not measured yet. Open it in Train and start it." in said(app)
    click(app, "Open in Train")
    assert app.session_state["recipe_labels"] == "sums" and app.session_state["recipe_network"] == "sum_posterior"
