"""Under the answer: the network learns the visitor's hand from sums that were confirmed or corrected.

What is taught stays with the visitor's session, for each run by itself, until it is forgotten or kept as a run.
"""

from dataclasses import dataclass, replace

import streamlit as st

from core import teach
from core.credit import Features, credit_of
from core.model.forward import Weights
from core.model.operations import SUMS
from core.runs import comparison, exchange, store
from core.teach import Pair
from pages.draw import canvas, lesson
from pages.shared import cached
from pages.shared.text import counted, plain

SHOWN = "shown_pair"  # keys of the session: the pair that the page shows, with the sum that was read
COURSES = "courses"  # by run: what it was taught here
KEPT = "kept_as_run"  # the name of the run that was made just now


@dataclass(frozen=True)
class Learned:
    """What came of teaching: the last layer, the features (of each pair) that it reads, and the same in words."""

    layer: Weights
    features: Features
    summary: str


@dataclass(frozen=True)
class Course:
    """What a visitor taught one run: the pairs; what they were before each press, for Undo; and what came of them."""

    pairs: tuple[Pair, ...] = ()
    earlier: tuple[tuple[Pair, ...], ...] = ()
    learned: Learned | None = None  # until the page is shown again


def taught(run: store.Run, weights: Weights) -> Weights:
    """Return the weights of a run with what this visitor taught it; what was told just now is learned first."""
    key = _key(run)
    course = _course(key)
    if not course.pairs:
        return weights
    if course.learned is None:
        course = replace(course, learned=_learn(run, weights, course.pairs))
        st.session_state[COURSES][key] = course
    return weights | course.learned.layer


def offer(run: store.Run, weights: Weights, shown: Pair | None) -> None:
    """Let the visitor say whether the sum of the pair that is shown is right, and say what was learned so far.

    `weights` are the run's own, not taught; `shown` has the sum that was read.
    """
    if refusal := teach.refusal(run.network):
        if shown is not None:
            st.caption(f"This network cannot be taught here: {refusal}.")
        return
    key = _key(run)
    course = _course(key)
    st.session_state[SHOWN] = shown
    if shown is not None:
        with st.container(key="judge", horizontal=True, vertical_alignment="center"):
            told = next((pair.sum for pair in course.pairs if pair.shows_as(shown)), None)
            st.button(
                "Right",
                key="right",
                on_click=_teach,
                args=(key, None),
                disabled=told == shown.sum,
                help="Teaches the network that this is how you write.",
            )
            with st.popover("Not right?", key="not_right"):
                st.pills("The sum is", range(SUMS), key="true_sum", on_change=_teach_chosen, args=(key,))
                st.caption("The network learns your hand from it: its last layer alone moves, and only for you.")
                if not run.network.names_digits and run.network.reads_pairs:
                    st.caption(
                        "This one names no digits, and its last layer has to add: it hardly learns a hand. "
                        "sum_posterior does."
                    )
    if course.pairs:
        st.markdown(course.learned.summary)
        _take_back_or_keep(run, weights, course)
        with st.expander("What the last pair taught"):
            before, last = teach.last_layer(run.network, weights), len(course.pairs) - 1
            credit = credit_of(run.network, before, course.learned.layer, course.learned.features, last)
            lesson.show(credit, course.pairs[last].sum)
    elif course.earlier and course.earlier[-1]:
        with st.container(key="forgotten", horizontal=True, vertical_alignment="center"):
            st.write(f"{counted(len(course.earlier[-1]), 'pair').capitalize()} of yours forgotten.")
            st.button("Undo", key="unforget", on_click=_undo, args=(key,))
    if kept := st.session_state.pop(KEPT, None):
        st.success(f"Kept as {plain(kept)}. Every page offers it, and Compare names or deletes it.")


def _learn(run, weights, pairs):
    network, memory = run.network, cached.memory_of(run)
    features, before = teach.features_of(network, weights, pairs), teach.last_layer(network, weights)
    layer = teach.learn(network, weights, memory, features)
    now, then = (int((teach.read(network, each, features) == features.sums).sum()) for each in (layer, before))
    kept, had = (memory.accuracy(network, each) for each in (layer, before))
    summary = (
        f"**Learned from {counted(len(pairs), 'pair')} of yours.** It reads {now} of them now, {then} before, "
        f"and {kept:.2%} of pairs of MNIST's test digits, {had:.2%} before."
    )
    return Learned(layer, features, summary)


def _take_back_or_keep(run, weights, course):
    key = _key(run)
    with st.container(key="taught", horizontal=True, vertical_alignment="center"):
        st.button("Undo the last pair", key="unteach", on_click=_undo, args=(key,))
        st.button("Forget my hand", key="forget", on_click=_forget, args=(key,))
        with st.popover("Keep as a run", key="keep_hand"):
            title = st.text_input("Title", "My hand", max_chars=60, key="hand_title")
            st.caption(f"A new run that every page offers. It began as {plain(run.name)} and says so.")
            if st.button("Keep it", key="keep_it", type="primary"):
                _keep(run, weights | course.learned.layer, len(course.pairs), title)


def _keep(run, weights, pairs, title):
    bar = st.progress(0.0, "Reading the test images.")
    try:
        made, _ = exchange.add_taught(
            *(run, weights, pairs, cached.test_set()),
            title=title.strip(),
            on_progress=lambda done: bar.progress(done, "Reading the test images."),
        )
    except store.RunError as error:
        bar.empty()
        st.error(f"It could not be kept. {plain(error)}")
        return
    st.session_state[KEPT] = comparison.shown(made)
    st.rerun()


def _teach_chosen(key):
    chosen, st.session_state["true_sum"] = st.session_state["true_sum"], None
    if chosen is not None:
        _teach(key, int(chosen))


def _teach(key, told):
    """Add the pair that the page shows; its sum is what was told or, where nothing was, the one that is shown."""
    canvas.take_in()
    shown = st.session_state.get(SHOWN)
    if shown is None:
        return
    try:
        pair = shown if told is None else replace(shown, sum=told)
    except ValueError:  # of a forged choice
        return
    _change(key, teach.add(_course(key).pairs, pair))


def _undo(key):
    canvas.take_in()
    if earlier := _course(key).earlier:
        st.session_state[COURSES][key] = Course(earlier[-1], earlier[:-1])


def _forget(key):
    canvas.take_in()
    _change(key, ())


def _change(key, pairs):
    course = _course(key)
    earlier = (*course.earlier, course.pairs)[-teach.MOST_PAIRS :]
    st.session_state.setdefault(COURSES, {})[key] = Course(pairs, earlier)


def _course(key):
    return st.session_state.get(COURSES, {}).get(key, Course())


def _key(run):
    """What was taught belongs to these very weights: a run that trains on begins anew."""
    return cached.version(run)
