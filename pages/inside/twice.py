"""The same image twice: the sum must be even, whatever the digit."""

import numpy as np
import streamlit as st

from core.insight.blind_spots import Twice, twice
from core.model import answers, forward
from pages.shared import answer, pictures
from pages.shared.cached import answers_of, test_set
from pages.shared.colours import COLOURS
from pages.shared.drawings import HALVES

SHOWN = 12


def show(run, weights, subject) -> None:
    identical_pairs, data = twice(answers_of(run)), test_set()
    count, odd = len(identical_pairs.sums), identical_pairs.odd
    wrong = int((identical_pairs.sums != 2 * data.test_labels.astype(int)).sum())
    st.html(
        f'<p class="fact">The same image as top and bottom digit: an even sum, always. The network answers with an odd '
        f"one for <b>{len(odd):,}</b> of {count:,} test digits, {len(odd) / count:.2%}.</p>"
    )
    st.write(
        f"In all, {wrong:,} of these sums are wrong. The network does not see that both halves are the same. Where it "
        "wavers, say between 4 and 9, each half wavers on its own, and 4 + 9 = 13 may be the best guess of all."
    )
    if len(odd):
        st.subheader("The worst of them", anchor=False)
        figures = [_figure(data.test_images[i], identical_pairs, i, int(data.test_labels[i])) for i in odd[:SHOWN]]
        st.html(pictures.row(figures))
    st.subheader("Your digits, each with itself", anchor=False)
    mine = twice(answers.of_digits(run.network, weights, np.stack([subject.top, subject.bottom])))
    for i, half in enumerate(HALVES):
        odd_probability = forward.percent(mine.odd_probability[i], 2)
        answer.bars(
            f"{half.capitalize()} digit twice: {mine.sums[i]}, and {odd_probability} for odd sums",
            mine.sum_probabilities[i],
            COLOURS[half],
            low=True,
        )


def _figure(image: np.ndarray, identical_pairs: Twice, index: int, label: int) -> str:
    caption = (
        f"{label} + {label} = {identical_pairs.sums[index]}, "
        f"{forward.percent(identical_pairs.sum_probabilities[index].max())} sure"
    )
    return pictures.figure(pictures.grey_url(image, 255), caption, caption)
