"""One half attacked: the smallest change of one digit that moves the sum, and noise of the same size."""

import numpy as np
import streamlit as st

from core.insight.attack import Attack, attack, noisy
from core.insight.beside import logits_beside
from core.model import forward
from core.runs.store import Run
from pages.inside.halves import choose_half
from pages.shared import answer, pictures
from pages.shared.cached import cached, weights_of
from pages.shared.colours import SUM_COLOUR

NOISES = 100


def show(run, weights, subject) -> None:
    half = choose_half("Attacked digit")
    perturbation, moved_by_noise = _attack(run, subject.top, subject.bottom, half)
    if perturbation is None:
        st.info("No change was found that moves the sum of these two digits. Try the other half, or other digits.")
        return
    st.html(
        f'<p class="fact">A change of size <b>{perturbation.size:.2f}</b> of the {half} digit moves the sum from '
        f"{perturbation.before} to <b>{perturbation.after}</b>. No pixel changes by more than "
        f"{perturbation.largest:.0%} of white. "
        f"Noise of the same size moves the sum <b>{moved_by_noise}</b> times out of {NOISES}.</p>"
    )
    st.write(
        "The gradient says of every pixel which way to push it; many small pushes, all in the worst direction, add up. "
        "Noise pushes as hard, in no direction. The size is the L2 norm: √Σ (change of a pixel)², white less black "
        f"being 1. The {half} digit itself has size {np.linalg.norm(subject.digit(half) / 255):.2f}."
    )
    strength = st.slider("Strength of the change, %", 0, 150, 100, 5, key="strength", bind="query-params") / 100
    image = perturbation.applied(subject.digit(half), strength)
    pair = {"top": subject.top / np.float32(255), "bottom": subject.bottom / np.float32(255)} | {half: image}
    prediction = forward.predict(run.network, weights, **pair)
    largest = perturbation.largest
    figures = [
        pictures.figure(pictures.grey_url(subject.digit(half), 255), f"the {half} digit", "as it was", "large"),
        pictures.figure(
            pictures.signed_url(strength * perturbation.change, largest), "the change", "the change, enlarged", "large"
        ),
        pictures.figure(
            pictures.grey_url(image, 1), "the changed digit", f"with {strength:.0%} of the change", "large"
        ),
    ]
    left, right = st.columns([3, 1], gap="large", vertical_alignment="center")
    with left:
        st.html(pictures.row(figures) + pictures.legend(largest, " of white"))
    with right:
        answer.show("The sum is", prediction.reading, prediction.sum)
    answer.bars("Probability of each sum", prediction.sum_probabilities, SUM_COLOUR)
    st.caption(
        "At 100 % the sum just moves. It is the smallest change that was found, by steps of DeepFool (Moosavi-Dezfooli "
        "and others, 2016) shortened along the edge of the answer; a smaller one may exist."
    )


@cached(max_entries=32)
def _attack(run: Run, top: np.ndarray, bottom: np.ndarray, half: str) -> tuple[Attack | None, int]:
    """The attack, and how many of NOISES copies of the digit with noise of its size have another sum."""
    digits, weights = {"top": top, "bottom": bottom}, weights_of(run)
    perturbation = attack(run.network, weights, **digits, half=half)
    if perturbation is None:
        return None, 0
    images = noisy(digits[half], perturbation.size, NOISES, seed=0)
    other = digits["bottom" if half == "top" else "top"]
    sums = logits_beside(run.network, weights, images, other, half).argmax(axis=1)
    return perturbation, int((sums != perturbation.before).sum())
