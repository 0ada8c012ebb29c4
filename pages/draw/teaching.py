"""Under the answer: the network learns the visitor's hand from sums that were confirmed or corrected.

What is taught stays with the visitor's session, for each run by itself, until it is forgotten or kept as a run.
"""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import teach
from core.model.forward import Weights
from core.model.operations import SUMS
from core.runs import comparison, exchange, store
from core.teach import Features, Pair
from pages.draw import canvas, lesson
from pages.shared import cached
from pages.shared.written import counted, plain

SHOWN = "shown_pair"  # keys of the session: the pair whose sum the page shows, (top, bottom, sum)
COURSES = "courses"  # by run: what it was taught here
FEATURES = "taught_features"  # by run and drawings
KEPT = "kept_as_run"  # the name of the run that was made just now


@dataclass(frozen=True)
class Course:
    """What a visitor taught one run: the pairs, and what came of them.

    `earlier` is what was taught before each press, for Undo. `features` are those that the last layer reads, by pair;
    `layer` is the last layer once it has learned them, None until then.
    """

    pairs: tuple[Pair, ...] = ()
    earlier: tuple[tuple[Pair, ...], ...] = ()
    features: Features | None = None
    layer: Weights | None = None


def taught(run: store.Run, weights: Weights) -> Weights:
    """Return the weights of a run with what this visitor taught it; what was told just now is learned first."""
    course = _courses().get(_key(run), Course())
    if not course.pairs:
        return weights
    if course.layer is None:
        features = _features(run, weights, course.pairs)
        layer = teach.learn(run.network, weights, cached.memory_of(run), features)
        course = Course(course.pairs, course.earlier, features, layer)
        _courses()[_key(run)] = course
    return weights | course.layer


def offer(run: store.Run, weights: Weights, pair: tuple[np.ndarray, np.ndarray, int] | None) -> None:
    """Let the visitor say whether the sum of the pair that is shown is right, and say what was learned so far.

    `weights` are the run's own, not taught; `pair` is its top and its bottom digit and the sum that was read.
    """
    course = _courses().get(_key(run), Course())
    if refusal := teach.refusal(run.network):
        if pair is not None:
            st.caption(f"This network cannot be taught here: {refusal}.")
        return
    st.session_state[SHOWN] = pair
    if pair is not None:
        with st.container(key="judge", horizontal=True, vertical_alignment="center"):
            told = _told(course, pair)
            st.button(
                "Right",
                key="right",
                on_click=_teach,
                args=(_key(run), None),
                disabled=told == pair[2],
                help="Teaches the network that this is how you write.",
            )
            with st.popover("Not right?", key="not_right"):
                st.pills(
                    "The sum is",
                    range(SUMS),
                    key="true_sum",
                    on_change=_teach_chosen,
                    args=(_key(run),),
                )
                st.caption("The network learns your hand from it: its last layer alone moves, and only for you.")
                if not run.network.names_digits and run.network.reads_pairs:
                    st.caption("This one names no digits: it learns little from single sums, sum_posterior more.")
    if course.pairs:
        _say_what_was_learned(run, weights, course)
        _take_back_or_keep(run, weights, course)
        with st.expander("What the last pair taught", expanded=False):
            lesson.show(run.network, teach.last_layer(run.network, weights), course)
    if kept := st.session_state.pop(KEPT, None):
        st.success(f"Kept as {plain(kept)}. Every page offers it, and Compare names or deletes it.")


def _features(run, weights, pairs):
    """The features of pairs; a pair's are computed once, as a hundred would take a second."""
    known = st.session_state.setdefault(FEATURES, {})
    each = []
    for pair in pairs:
        key = (_key(run), pair.top.tobytes(), pair.bottom.tobytes())
        if key not in known:
            known[key] = teach.features_of(run.network, weights, (pair,))
        each.append(known[key])
    tops, bottoms = (np.concatenate([getattr(one, half) for one in each]) for half in ("top", "bottom"))
    return Features(tops, bottoms, np.array([pair.sum for pair in pairs]))


def _say_what_was_learned(run, weights, course):
    before = teach.last_layer(run.network, weights)
    read, earlier = (
        int((teach.read(run.network, layer, course.features) == course.features.sums).sum())
        for layer in (course.layer, before)
    )
    memory = cached.memory_of(run)
    now, then = (memory.accuracy(run.network, layer) for layer in (course.layer, before))
    taught = counted(len(course.pairs), "pair")
    st.markdown(
        f"**Learned from {taught} of yours.** It reads {read} of them now, {earlier} before, "
        f"and {now:.2%} of pairs of MNIST's test digits, {then:.2%} before."
    )


def _take_back_or_keep(run, weights, course):
    with st.container(key="taught", horizontal=True, vertical_alignment="center"):
        st.button("Undo the last pair", key="unteach", on_click=_undo, args=(_key(run),))
        st.button("Forget my hand", key="forget", on_click=_forget, args=(_key(run),))
        with st.popover("Keep as a run", key="keep_hand"):
            title = st.text_input("Title", "My hand", max_chars=60, key="hand_title")
            st.caption(f"A new run that every page offers. It began as {plain(run.name)} and says so.")
            if st.button("Keep it", key="keep_it", type="primary"):
                _keep(run, weights | course.layer, len(course.pairs), title)


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
    top, bottom, read = shown
    try:
        pair = Pair(top, bottom, read if told is None else told)
    except ValueError:  # of a forged choice
        return
    course = _courses().get(key, Course())
    _courses()[key] = Course(teach.add(course.pairs, pair), (*course.earlier, course.pairs)[-teach.MOST_PAIRS :])


def _undo(key):
    canvas.take_in()
    course = _courses().get(key, Course())
    if course.earlier:
        _courses()[key] = Course(course.earlier[-1], course.earlier[:-1])


def _forget(key):
    """Forget all pairs; Undo brings them back."""
    canvas.take_in()
    course = _courses().get(key, Course())
    _courses()[key] = Course((), (*course.earlier, course.pairs)[-teach.MOST_PAIRS :])


def _told(course, pair):
    """The sum that this pair was taught with; None if it was not."""
    shown = Pair(pair[0], pair[1], pair[2])
    return next((known.sum for known in course.pairs if known.shows_as(shown)), None)


def _courses():
    return st.session_state.setdefault(COURSES, {})


def _key(run):
    """What was taught belongs to these very weights: a run that trains on begins anew."""
    return cached.version(run)
