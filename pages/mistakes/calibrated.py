"""The reliability diagram, the calibration error, and the temperature that would mend it."""

import streamlit as st

from core.insight import calibration
from core.insight.calibration import BINS
from core.model import forward
from pages.mistakes import mistake_figures
from pages.shared import tables
from pages.shared.curves import PALETTE
from pages.shared.readings import calibration_of, inputs

CERTAIN = 0.99


def show(run, readings, available) -> None:
    run_calibration = calibration_of(run)
    confidence, accuracy = readings.confidence.mean(), readings.accuracy
    st.write(
        "The network says how sure it is. Of all answers of which it is 80 % sure, 80 % should be right. On average "
        f"it is **{forward.percent(confidence, 2)} sure and {accuracy:.2%} right**: {_excess_sentence(run_calibration)}"
    )
    left, right = st.columns([3, 2], gap="large")
    with right:
        fit, judge = calibration.halves(readings)
        temperature = calibration.fit_temperature(fit)
        after = calibration.tempered(judge, temperature)
        st.subheader(
            f"Calibration error {run_calibration.error:.2%} ± {run_calibration.standard_error:.2%}", anchor=False
        )
        st.write(_error_sentence(run_calibration))
        st.caption(
            f"The distance between confidence and accuracy in each of {BINS} equally wide bins, averaged over "
            f"{len(readings.truth):,} {inputs(run.network.reads_pairs)}; ± is a bootstrap's standard error."
        )
        st.subheader(f"Temperature {temperature:.2f}", anchor=False)
        st.write(_temperature_sentence(temperature))
        _before_and_after(judge, after)
        mended = st.toggle("Draw the half that judges, with this temperature", key="tempered")
    with left:
        _diagram(after if mended else readings, PALETTE[3] if mended else PALETTE[0])


def _excess_sentence(run_calibration):
    size = f"{abs(run_calibration.excess) * 100:.2f} ± {run_calibration.excess_standard_error * 100:.2f} points"
    if abs(run_calibration.excess) <= 2 * run_calibration.excess_standard_error:
        return f"as sure as it is right, as far as these images tell (they differ by {size})."
    return f"{size} {'surer than it is right.' if run_calibration.excess > 0 else 'less sure than it could be.'}"


def _error_sentence(run_calibration):
    chance = f"{run_calibration.by_chance:.2%} ± {run_calibration.by_chance_deviation:.2%}"
    if run_calibration.error > run_calibration.by_chance + 2 * run_calibration.by_chance_deviation:
        return f"More than the {chance} that a perfectly calibrated network of these confidences would show by chance."
    return f"A perfectly calibrated network of these confidences would show {chance} by chance: no sign of a fault."


def _temperature_sentence(temperature):
    makes = "less sure" if temperature > 1 else "surer"
    return (
        "Dividing the logits by a temperature changes no answer, only how sure it is. Fitted on every other input for "
        f"the greatest likelihood, {temperature:.2f} is best: it makes the network {makes}. Judged on the other half:"
    )


def _before_and_after(before, after):
    errors = [calibration.expected_error(half.confidence, half.right) for half in (before, after)]
    losses = [calibration.log_losses(half) for half in (before, after)]
    rows = {
        "mean confidence": [forward.percent(half.confidence.mean(), 2) for half in (before, after)],
        "accuracy": [f"{half.accuracy:.2%}" for half in (before, after)],
        "calibration error": [f"{error:.2%}" for error in errors],
        "log-loss, nats": [f"{loss.mean():.4f}" for loss in losses],
    }
    lines = [(name, *both) for name, both in rows.items()]
    st.html(tables.facts(("", "as trained", "with it"), lines, kind="numbers"))
    if losses[1].mean() >= losses[0].mean():
        st.write("It does not lower the log-loss of images that it was not fitted on: nothing is gained.")
    elif errors[1] > errors[0]:
        certain = ~before.right & (before.confidence > CERTAIN)
        share = losses[0][certain].sum() / losses[0].sum()
        st.write(
            f"It lowers the log-loss and raises the calibration error: one number cannot mend both. {share:.0%} of the "
            f"log-loss as trained is due to {certain.sum():,} wrong answers that are more than {CERTAIN:.0%} sure."
        )
    else:
        st.write("It lowers both the log-loss and the calibration error.")


def _diagram(readings, colour):
    bins = calibration.bins(readings.confidence, readings.right)
    mistake_figures.reliability(bins, colour)
    st.caption(
        "On the dashed line a network is as sure as it is right; below it, it is too sure. A dot is a bin, larger "
        f"where it holds more answers; the rightmost holds {bins.counts[bins.counts > 0][-1]:,} of "
        f"{bins.counts.sum():,}. The lines are 95 % intervals (Wilson's)."
    )
