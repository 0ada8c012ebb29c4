"""The tables of the question page: what each question taught, its answers, and what a reader calls the digits."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.insight import shortcuts
from core.model.operations import DIGITS
from core.model.questions import QUESTIONS, Question
from core.report.experiment import Experiment, Variant
from core.report.measurements import runs_of, summary
from core.runs import results
from pages.shared import tables
from pages.shared.tables import Cell
from pages.shared.text import number

KNOWN = 0.97  # of the digits right: then the question has taught them


@dataclass(frozen=True)
class Reader:
    """What one trained reader answers and calls the test digits: shares of right ones, and the counts (10, 10)."""

    asked: float
    confusion: np.ndarray

    @property
    def named(self) -> float:
        """The share of digits called by their own name."""
        return float(np.trace(self.confusion) / self.confusion.sum())

    @property
    def renamed(self) -> float:
        """The share of digits right with the best names for them, no two the same."""
        return shortcuts.best_renaming(self.confusion)[1]


def measured(experiment: Experiment, variant: Variant) -> dict[int, Reader]:
    """Return the readers of a variant's finished runs, by seed."""
    return {
        run.recipe.seed: Reader(result["asked_accuracy"], np.array(result["digit_confusion"]))
        for run in runs_of(experiment, variant)
        if (result := results.read(run)) and {"asked_accuracy", "digit_confusion"} <= set(result)
    }


def overview(readers_by_question: dict[str, dict[int, Reader]]) -> None:
    """Show a row for each question: its answers, the namings that answer it, and what the trained readers reached."""
    rows = []
    for name, question in QUESTIONS.items():
        readers = list(readers_by_question[name].values())
        shares = ([getattr(reader, kind) for reader in readers] for kind in ("asked", "named", "renamed"))
        cells = (f"{len(question.answers)}", f"{shortcuts.count_shortcuts(question):,}", *map(_summary, shares))
        rows.append((question.text, *cells))
    heads = ("question", "answers", "namings that answer it", "answers right", "digits right", "right once renamed")
    st.html(tables.facts(heads, rows))


def answers(question: Question) -> None:
    """Show the answer for each top digit (rows) and bottom digit (columns), the stronger the larger it is."""
    low, high = int(question.answers[0]), int(question.answers[-1])
    labels = {0: "no", 1: "yes"} if len(question.answers) == 2 else {}

    def cell(a, b):
        value = int(question.table[a, b])
        return Cell(labels.get(value, number(value)), shade=0.8 * (value - low) / (high - low))

    st.html(tables.of_digits(cell, coloured=True))
    st.caption("Rows are the top digit a, columns the bottom digit b.")


def names(counts: np.ndarray) -> None:
    """Show how many test digits of each label (rows) are called by each name (columns)."""
    totals = np.maximum(1, counts.sum(axis=1))

    def cell(label, name):
        count = int(counts[label, name])
        return Cell(count or "", f"{label} called {name}: {count:,} times", 0.7 * (count / totals[label]) ** 0.5)

    st.html(tables.of_digits(cell))
    st.caption("Rows are the true digit, columns the name it is given: how many test digits of each.")


def in_words(namings: int, reader: Reader | None) -> str:
    """Say what a question leaves open, and what this reader made of it."""
    if namings == 1:
        description = "No other naming than the true one answers every pair right, so the question leaves nothing open."
    else:
        description = f"{namings:,} namings answer every pair right, so the answers cannot tell which of them is true."
    if reader is None:
        return description
    description += (
        f" This reader answers {reader.asked:.1%} right and calls {reader.named:.1%} of the digits by their names."
    )
    called = reader.confusion.argmax(axis=1)
    best, renamed = shortcuts.best_renaming(reader.confusion)
    if reader.named >= KNOWN:
        return f"{description} It has learned the ten digits."
    if renamed >= KNOWN:
        named = ", ".join(f"{digit} is called {name}" for digit, name in enumerate(best) if digit != name)
        return f"{description} It knows them apart, under other names: {named}."
    if len(set(called.tolist())) < DIGITS:
        shared = {name: digits for name in sorted(set(called)) if len(digits := np.flatnonzero(called == name)) > 1}
        named = "; ".join(f"{_listed(digits)} are called {name}" for name, digits in shared.items())
        cost = " That costs it the pairs of these alone, which are few." if namings == 1 else ""
        return f"{description} It takes some for the same digit: {named}.{cost}"
    worst = reader.confusion - np.diag(np.diag(reader.confusion))
    digit, name = (int(index) for index in np.unravel_index(worst.argmax(), worst.shape))
    return f"{description} Most often it takes {digit} for {name}: pairs that tell these two apart are few."


def _listed(digits):
    *before, last = map(str, digits)
    return f"{', '.join(before)} and {last}" if before else last


def _summary(shares):
    if not shares:
        return "not yet"
    values, sign, spread = summary(shares).partition(" ±")
    return f"<b>{values}</b>{sign}{spread}"
