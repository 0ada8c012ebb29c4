"""A run's answers to all test images, read or computed once for all visitors."""

import contextlib

import streamlit as st

from core.images import mnist
from core.model import answers
from core.model.answers import Answers
from core.runs import checkpoints, store
from pages.shared import parts


@st.cache_resource(show_spinner=False)
def test_set() -> mnist.Mnist:
    """The full test set where MNIST is on this machine, else the embedded one with a notice why; no training images."""
    return mnist.load_test()


def answers_of(run: store.Run) -> Answers:
    """What a run answers to each of `test_set().test_images`. Raises RunError if its weights cannot be loaded.

    Trainers keep them; for weights that somebody brought they are computed here, with a bar that shows how far.
    """
    return _answers(str(run.folder.resolve()), parts.weights_time(run), test_set().name, run)


@st.cache_resource(max_entries=6, show_spinner=False)
def _answers(folder: str, modified_ns: int, data_name: str, _run: store.Run) -> Answers:
    data = test_set()
    with contextlib.suppress(ValueError):
        kept = answers.from_tensors(_run.network, checkpoints.load_answers(_run, data_name) or {})
        if len(kept.top) == len(data.test_labels):
            return kept  # without the weights, which would take 13 MB of memory
    weights = parts.load_weights(_run)
    words = f"Reading {len(data.test_labels):,} test images, for the first time with these weights."
    bar = st.progress(0.0, words)
    computed = answers.of_digits(_run.network, weights, data.test_images, lambda done: bar.progress(done, words))
    bar.empty()
    if not store.is_shipped(_run):  # whose answers to the full test set are committed, and wanted on another day
        with contextlib.suppress(OSError):  # a folder that cannot be written: they are computed again another day
            checkpoints.save_answers(_run, computed.tensors(), data_name)
    return computed
