"""The last layer's sum in its parts, beside the parabola that would add perfectly."""

import numpy as np
import streamlit as st

from core.evaluation import judged_pairs
from core.insight import taken_apart
from core.model import forward
from pages.inside import adding_charts as charts
from pages.inside import figures
from pages.shared import answer
from pages.shared.cached import answers_of, test_set
from pages.shared.colours import COLOURS, SUM_COLOUR


def show(run, weights, subject) -> None:
    if not run.network.reads_pairs:
        st.write(
            f"`{run.network.name}` reads one digit at a time. Its sum is two answers, added afterwards: there is "
            "nothing in its last layer to take apart. `sum` learned to add."
        )
        figures.offer_network("sum")
    elif run.network.names_digits:
        _distributions(run, weights, subject)
    else:
        _logits(run, weights, subject)
        answers, labels = answers_of(run), test_set().test_labels.astype(int)
        _all_pairs(answers, labels)
        _slopes(answers, labels)


def _distributions(run, weights, subject):
    seen = forward.predict(run.network, weights, subject.top, subject.bottom)
    top, bottom = seen.digit_probabilities
    st.write("This network's parts are two distributions, one for each digit. Their convolution is that of the sum.")
    left, middle, right = st.columns([1, 1, 2])
    with left:
        answer.bars("Top digit", top, COLOURS["top"], low=True)
    with middle:
        answer.bars("Bottom digit", bottom, COLOURS["bottom"], low=True)
    with right:
        answer.bars("Their convolution", np.convolve(top, bottom), SUM_COLOUR, low=True)
    difference = np.abs(np.convolve(top, bottom) - seen.sum_probabilities).max()
    figures.numbers((f"{difference:.1e}", "largest difference between that convolution and the network's own answer"))
    st.write("In `sum` the last layer must learn to add, and its parts are what each digit adds to 19 logits.")
    figures.offer_network("sum")


def _logits(run, weights, subject):
    parts = taken_apart.parts(run.network, weights, subject.top, subject.bottom)
    pair = np.concatenate([subject.top, subject.bottom])[None]
    own = forward.activations(run.network, weights, pair)[-1][0]
    nearest = taken_apart.parabola(parts.total)
    st.write(
        "The last FC layer multiplies the features of the top digit by one half of its matrix, those of the bottom "
        "digit by the other half, and adds. So every logit is a sum of what the two digits add, and a bias."
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("What each digit adds", anchor=False)
        charts.added(parts)
        figures.numbers(
            (str(own.argmax()), "the sum with the largest total: the answer"),
            (
                f"{np.abs(parts.total - own).max():.1e}",
                f"largest difference of that total to its own logits, which span {np.ptp(own):,.0f}",
            ),
        )
    with right:
        st.subheader("How near to the perfect parabola", anchor=False)
        charts.parabola(parts.total, nearest)
        figures.numbers(
            (f"{nearest.fit:.3f}", "R²: the share of the logits' variance that the parabola explains"),
            (f"{nearest.vertex:.2f}", "the parabola's vertex; perfect would be the sum itself"),
            (f"{nearest.a:.2f}", "a, how sharply it bends"),
        )
    st.caption(
        "Each curve less its mean over the 19 sums: a softmax does not see what all logits share. The only way in "
        "which two such parts can add perfectly is −a(s − d₁ − d₂)² = −a·s² + 2a·s·d₁ + 2a·s·d₂ − a(d₁ + d₂)²."
    )


def _all_pairs(answers, labels):
    st.subheader("And over the test set", anchor=False)
    pairs = judged_pairs(len(labels))[: len(labels) // 2]
    logits, truth = answers.logits(*pairs.T), labels[pairs].sum(axis=1)
    each = taken_apart.parabola(logits)
    low, middle, high = np.percentile(each.fit, [5, 50, 95])
    vertex_right = (np.rint(each.vertex) == truth).mean()
    figures.numbers(
        (f"{middle:.3f}", f"median R² of {len(pairs):,} test pairs; from {low:.2f} to {high:.2f} in nine of ten"),
        (f"{np.median(np.abs(each.vertex - truth)):.2f}", "median distance from the parabola's vertex to the true sum"),
        (f"{vertex_right:.3f}", "would be its accuracy if it answered with the vertex"),
        (f"{(logits.argmax(axis=1) == truth).mean():.3f}", "is its accuracy: it answers with the largest logit"),
    )
    st.write(
        "A softmax asks only that the right sum be highest. How far the others fall behind, and how evenly, costs it "
        "nothing: so it may keep to the parabola roughly and still answer right."
    )


def _slopes(answers, labels):
    st.subheader("One digit's part: a slope proportional to the digit?", anchor=False)
    st.write(
        "In perfect adding a digit d adds 2a·s·d: a straight line in the sum s, the steeper the larger the digit. "
        "Here is how steeply what each test digit adds does rise."
    )
    each = {"top": answers.top - answers.top.mean(axis=0), "bottom": answers.bottom - answers.bottom.mean(axis=0)}
    slopes = {half: taken_apart.slopes(added) for half, added in each.items()}
    statistics = [
        (f"{np.corrcoef(slope, labels)[0, 1]:.3f}", f"correlation of slope and digit, {half}")
        for half, slope in slopes.items()
    ]
    statistics.append((f"{taken_apart.straightness(answers.top):.3f}", "R² of straight lines for what top digits add"))
    charts.slopes(slopes, labels)
    figures.numbers(*statistics)
    st.caption(
        f"{len(labels):,} test digits, each part less the mean of all; bars are one standard deviation each way. The "
        "dashed line is straight. Where two digits have nearly the same slope, the network tells them apart by what is "
        "not straight in their parts."
    )
