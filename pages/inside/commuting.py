"""The halves swapped, the seam uncut; and, by untied.py, the shared weights untied."""

import streamlit as st

from core.evaluation import judged_pairs
from core.images.mnist import Mnist
from core.insight import commuting
from core.model import forward
from core.model.networks import uncut
from core.runs.store import Run
from pages.inside import figures, untied
from pages.shared.cached import answers_of, cached, test_set, weights_of

SEAM_PAIRS = 60  # read twice in well under a second


def show(run, weights, subject) -> None:
    if run.network.reads_pairs:
        _swap(run, weights, subject)
        _seam(run, weights, subject)
    else:
        st.write(f"`{run.network.name}` reads each digit by itself, and its two answers are added: that commutes.")
        figures.offer_network("sum")
    untied.show()


def _why(network):
    if not network.tied:
        return "Its halves have weights of their own, so top and bottom are read by two different readers."
    if network.names_digits:
        return (
            "Both halves are read by the same weights, and a convolution does not care which distribution comes first: "
            "this network's addition commutes by construction."
        )
    return (
        "Both halves are read by the same weights, but the last layer weighs them by two matrices, A for the top and B "
        "for the bottom. Nothing makes A = B; the network had to learn that addition commutes."
    )


def _swap(run, weights, subject):
    st.subheader("Swap the halves", anchor=False)
    st.write(_why(run.network))
    before = forward.predict(run.network, weights, subject.top, subject.bottom)
    after = forward.predict(run.network, weights, subject.bottom, subject.top)
    answers, labels = answers_of(run), test_set().test_labels
    swap = commuting.swap(answers, labels, judged_pairs(len(labels))[: len(labels) // 2])
    figures.numbers(
        (f"{before.sum} → {after.sum}", f"your pair before and after ({before.reading[:-1]} → {after.reading[:-1]})"),
        (
            f"{swap.changed:.2%} ± {swap.standard_error:.2%}",
            f"of {swap.pairs:,} test pairs, no two of which share a digit, get another answer",
        ),
        ("{:.4f} → {:.4f}".format(*swap.accuracies), "accuracy before and after"),
    )
    figures.table(
        ["of these pairs", "pairs"],
        [
            ["right both ways", f"{swap.right_both:,}"],
            ["right before, wrong after", f"{swap.right_before:,}"],
            ["wrong before, right after", f"{swap.right_after:,}"],
            ["wrong both ways, the same answer", f"{swap.wrong_alike:,}"],
            ["wrong both ways, two answers", f"{swap.wrong_differently:,}"],
        ],
    )


def _seam(run, weights, subject):
    st.subheader("The seam", anchor=False)
    st.write(
        "The report draws the two digits as one picture of 56×28; here they are cut apart before the first "
        "convolution. With SAME padding each half of the one picture sees an edge of the other where it saw blank "
        "paper before: nearly, not exactly, the same function."
    )
    if not run.network.tied:
        st.write("Halves with weights of their own cannot be read as one picture: no filter serves both.")
        return
    cut = forward.predict(run.network, weights, subject.top, subject.bottom)
    whole = forward.predict(uncut(run.network), weights, subject.top, subject.bottom)
    sure = [forward.percent(each.sum_probabilities.max()) for each in (cut, whole)]
    seam = _seam_of(run, test_set())
    figures.numbers(
        (f"{cut.sum} → {whole.sum}", f"your pair cut apart and as one picture ({sure[0]} → {sure[1]} sure)"),
        (f"{round(seam.changed * seam.pairs)} of {seam.pairs}", "test pairs get another answer as one picture"),
        (f"{seam.moved:.4f}", "of the probability moves to other sums, on average"),
    )
    st.caption("checkpoints/README.md has the same count over 2,000 pairs, for each shipped sum network.")


@cached(max_entries=16)
def _seam_of(run: Run, data: Mnist) -> commuting.Seam:
    images = data.test_images
    pairs = judged_pairs(len(images))[:SEAM_PAIRS]
    with st.spinner(f"Reading {len(pairs)} pairs both ways …"):
        return commuting.seam(run.network, weights_of(run), images[pairs[:, 0]], images[pairs[:, 1]])
