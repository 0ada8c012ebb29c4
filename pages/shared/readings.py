"""What the mistakes page measures of a run, once for all visitors, and how it is written."""

import math

import streamlit as st

from core import evaluation
from core.images.mnist import Mnist
from core.insight import calibration, readings
from core.insight.calibration import Calibration
from core.insight.readings import Readings, Tally
from core.runs import store
from pages.shared.cached import answers_of, cached, shown, test_set
from pages.shared.text import plain


def readings_of(run: store.Run, in_pairs: bool | None = None) -> Readings:
    """Return a run's answers to inputs that are independent: each test digit once, alone or in one pair.

    `in_pairs` as the network reads by default. Raises RunError as `answers_of` does.
    """
    return _readings(run, test_set(), run.network.reads_pairs if in_pairs is None else in_pairs)


def _readings(run, data, in_pairs):
    answers, labels = answers_of(run), data.test_labels
    return readings.of_disjoint_pairs(answers, labels) if in_pairs else readings.of_digits(answers, labels)


def tally_of(run: store.Run) -> Tally:
    """Count right answers to all pairs on which sum networks are judged. Raises RunError as `answers_of` does."""
    return _tally(run, test_set())


def calibration_of(run: store.Run) -> Calibration:
    """Return how far the run's confidence is from its accuracy. Raises RunError as `answers_of` does."""
    return _calibration(run, test_set())


@cached(max_entries=32)
def _tally(run: store.Run, data: Mnist) -> Tally:
    return readings.tally(answers_of(run), data.test_labels)


@cached(max_entries=32)
def _calibration(run: store.Run, data: Mnist) -> Calibration:
    independent = _readings(run, data, run.network.reads_pairs)
    return calibration.calibration(independent.confidence, independent.right)


def inputs(pairs: bool) -> str:
    """Return the noun for what is counted."""
    return "pairs" if pairs else "digits"


def run_name(run: store.Run) -> str:
    """Return what a run is called, as Markdown shows it."""
    return plain(shown(run))


def probability(p: float) -> str:
    """Format a probability: 0.031, or 1.0 · 10⁻¹¹."""
    if p == 0:
        return "0, too small for a number"
    if p >= 0.001:
        return f"{p:.3f}"
    digits, exponent = f"{p:.1e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{digits} · 10{raised}"


def headline(run: store.Run, measured: Readings) -> None:
    """Show the run's accuracy, as in its result.json where the images are the same, and how many mistakes it makes."""
    data, count = test_set(), len(measured.truth)
    images = evaluation.describe_test_images(data)
    if run.network.reads_pairs:
        accuracy = tally_of(run).accuracy
        note = (
            f"On {images}: the accuracy is the mean of {evaluation.PAIRINGS} pairings into {count:,} disjoint pairs. "
            "The mistakes one by one are those of the first pairing, in which every digit comes once."
        )
    else:
        accuracy, note = measured.accuracy, f"On {images}."
    error = math.sqrt(accuracy * (1 - accuracy) / count)
    st.html(
        f'<p class="measured"><span>Accuracy <b>{accuracy:.4f}</b> ± {error:.4f}</span> '
        f"<span>Mistakes <b>{(~measured.right).sum():,}</b> of {count:,} {inputs(run.network.reads_pairs)}</span></p>"
        f'<p class="measured-note">{note}</p>'
    )
    if data.notice:
        st.info(data.notice)
