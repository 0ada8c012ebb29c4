"""Accuracy by class with its interval, and by digit pair."""

import numpy as np
import streamlit as st

from core.evaluation import PAIRINGS
from core.insight.mistakes import wilson_interval
from core.model.operations import DIGITS
from pages.mistakes import mistake_figures
from pages.shared import tables
from pages.shared.readings import tally_of
from pages.shared.tables import Cell

WRONG_RGB = "212,61,81"


def show(run, readings, available) -> None:
    pairs = run.network.reads_pairs
    tally = tally_of(run)
    if pairs:
        counts, rights = tally.by_sum
        independent = counts / PAIRINGS
    else:
        counts = np.bincount(readings.truth, minlength=readings.classes).astype(float)
        independent, rights = counts, np.bincount(readings.truth, readings.right, minlength=readings.classes)
    what = "sum" if pairs else "digit"
    st.subheader(f"By {what}", anchor=False)
    _by_class(what, counts, rights, independent)
    if pairs:
        st.caption(
            f"Over all {PAIRINGS} pairings. They share their digits, so the intervals are as wide as for one pairing."
        )
    st.subheader("By digit pair", anchor=False)
    if not pairs:
        st.write(
            "This network reads one digit at a time. On the draw page it reads a pair by adding its two distributions; "
            f"so read, its sums are right with accuracy **{tally.accuracy:.4f}** on the pairs that judge sum networks."
        )
    _by_pair(tally)


def _by_class(what, counts, rights, independent):
    seen = np.flatnonzero(counts)
    shares = rights[seen] / counts[seen]
    low, high = np.transpose([wilson_interval(p, n) for p, n in zip(shares, independent[seen], strict=True)])
    weakest, best = shares.argmin(), shares.argmax()
    st.write(
        f"Best at **{seen[best]}**: {shares[best]:.1%} right. Weakest at **{seen[weakest]}**: {shares[weakest]:.1%}, "
        f"with an interval from {low[weakest]:.1%} to {high[weakest]:.1%}. The lines are 95 % intervals (Wilson's): "
        "where two of them overlap widely, more test images might change the order."
    )
    mistake_figures.accuracy_by_class(what, seen, shares, np.transpose([low, high]), counts[seen])


def _by_pair(tally):
    shares = tally.shares
    worst = np.argsort(np.where(tally.pairs > 0, shares, 1), axis=None, kind="stable")[:3]
    named = ", ".join(
        f"**{index // 10} + {index % 10}** ({shares.flat[index]:.1%} of {tally.pairs.flat[index]:,})" for index in worst
    )
    most = 1 - np.nanmin(shares)
    st.write(
        f"Rows are the top digit, columns the bottom digit, cells the percentage of right sums. Weakest: {named}. "
        f"The shade goes with the square root of the share of mistakes, from none (clear) to {most:.1%} (full)."
    )
    digits = range(DIGITS)
    rows: list[tuple[object, list[Cell]]] = [
        (d, [*(_cell(d, e, tally, most) for e in digits), _mean(tally.rights[d].sum(), tally.pairs[d].sum())])
        for d in digits
    ]
    means = [_mean(*sums) for sums in zip(tally.rights.sum(axis=0), tally.pairs.sum(axis=0), strict=True)]
    rows.append(("all", [*means, _mean(tally.rights.sum(), tally.pairs.sum())]))
    label = "Accuracy by top and bottom digit, in per cent"
    st.html(tables.grid([*digits, "all"], rows, kind="shares", label=label, coloured=True))


def _cell(top, bottom, tally, most):
    count, right = tally.pairs[top, bottom], tally.rights[top, bottom]
    if not count:
        return Cell(title="no such pair among the test images")
    shade = 0.75 * np.sqrt((1 - right / count) / most) if most else 0
    title = f"{top} + {bottom}: {right:,} of {count:,} right"
    return Cell(_per_cent(right / count), title, shade, WRONG_RGB)


def _mean(right, count):
    return Cell(_per_cent(right / max(1, count)), f"{right:,} of {count:,} right", kind="mean")


def _per_cent(share):
    """Three digits; never 100 where one is wrong."""
    return "100" if share == 1 else f"{min(99.9, 100 * share):.1f}"
