"""What is read or computed once for all visitors: weights, test images, answers, and the lists of runs."""

import contextlib
import functools
import os
import time
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core import teach
from core.images import mnist
from core.images.mnist import Mnist
from core.model import answers
from core.model.answers import Answers
from core.model.forward import Weights
from core.runs import checkpoints, comparison, results, store
from core.runs.store import Run
from core.teach import Memory
from pages.shared.text import plain


@dataclass(frozen=True)
class RunsFolder:
    """A folder of runs, as an argument of a cached function."""

    path: Path


def version(run: Run) -> tuple[str, int]:
    """Return a run's folder and when its weights were written, in nanoseconds; 0 where there are none."""
    try:
        modified = (run.folder / checkpoints.WEIGHTS).stat().st_mtime_ns
    except OSError:
        modified = 0
    return str(run.folder.resolve()), modified


def _changes(folder):
    """When each run's folder last changed: files of a run are replaced, never rewritten, so it tells of each change."""
    try:
        with os.scandir(folder.path) as entries:
            # in quotes, as Streamlit takes no name that is not UTF-8
            times = [f"{entry.path!r} {entry.stat().st_mtime_ns}" for entry in entries if entry.is_dir()]
    except OSError:  # no folder yet, or one that was deleted just now
        times = [str(time.monotonic_ns())]
    return "\n".join(sorted(times))  # one string, as Streamlit takes a key to pieces


# Decorate a function to compute its value once for all visitors. A run, a data set and a folder of runs are told apart
# by what is in them, arrays by their values; every argument counts, so none may begin with an underscore, which would
# keep Streamlit from looking at it. The value is shared: nobody may change it.
cached = functools.partial(
    st.cache_resource,
    show_spinner=False,
    hash_funcs={Run: version, Mnist: lambda data: data.name, RunsFolder: _changes},
)


@cached(max_entries=2)  # 13 MB each
def _checkpoint(run: Run) -> tuple[Weights, str]:
    return checkpoints.load_checkpoint(run)


def weights_of(run: Run) -> Weights:
    """Return the run's weights, read once for all visitors until the file changes. Raises RunError."""
    return _checkpoint(run)[0]


def load_weights(run: Run) -> Weights:
    """Load as `weights_of`; where older weights stand in for damaged ones, show a warning. Raises RunError."""
    weights, warning = _checkpoint(run)
    if warning:
        st.warning(plain(warning))
    return weights


@cached(max_entries=2)  # 32 MB each
def memory_of(run: Run) -> Memory:
    """Return what a run must not forget while it is taught: some seconds, for which there is a bar.

    Raises RunError if its weights cannot be loaded.
    """
    caption = "Looking again at MNIST, so that it is not forgotten. Once for this network."
    bar = st.progress(0.0, caption)
    memory = teach.remember(run.network, weights_of(run), lambda done: bar.progress(done, caption))
    bar.empty()
    return memory


@cached()
def test_set() -> Mnist:
    """Load the full test set if MNIST is on this machine, else the embedded one with a notice; no training images."""
    return mnist.load_test()


def answers_of(run: Run) -> Answers:
    """Return a run's answers to each of `test_set().test_images`. Raises RunError if its weights cannot be loaded.

    Trainers keep them; for weights that somebody brought they are computed here, with a bar that shows how far.
    """
    return _answers(run, test_set())


@cached(max_entries=6)
def _answers(run: Run, data: Mnist) -> Answers:
    with contextlib.suppress(ValueError):
        kept = answers.from_tensors(run.network, checkpoints.load_answers(run, data.name) or {})
        if len(kept.top) == len(data.test_labels):
            return kept  # without the weights, which would take 13 MB of memory
    weights = load_weights(run)
    caption = f"Reading {len(data.test_labels):,} test images, for the first time with these weights."
    bar = st.progress(0.0, caption)
    computed = answers.of_digits(run.network, weights, data.test_images, lambda done: bar.progress(done, caption))
    bar.empty()
    if not store.is_shipped(run):  # whose answers to the full test set are committed, and wanted on another day
        with contextlib.suppress(OSError):  # a folder that cannot be written: they are computed again another day
            checkpoints.save_answers(run, computed.tensors(), data.name)
    return computed


def loadable_runs() -> list[tuple[Run, dict | None]]:
    """Return the runs that have a checkpoint, each with its result: sum networks first, those best at hands first.

    `pen_accuracy` is measured where a run was trained on pen strokes; the others follow by their accuracy on MNIST.
    """
    return _loadable_runs(RunsFolder(store.ROOT))


@cached(max_entries=1)
def _loadable_runs(folder: RunsFolder):
    measured = [(run, results.read(run)) for run in store.list_runs(folder.path) if checkpoints.has_weights(run)]
    return sorted(measured, key=_rank, reverse=True)


def _rank(run_and_result):
    run, result = run_and_result
    measured = ((result or {}).get(name, 0) for name in ("pen_accuracy", "accuracy"))
    return run.network.reads_pairs, run.data_name != store.TAUGHT, *measured  # one person's hand is not everybody's


def shown(run: Run) -> str:
    """Return how every list calls a run: by its title, if it has one, and its name."""
    return titles().get(run.name, run.name)


def titles() -> dict[str, str]:
    """Return how every list calls each run, by the run's name."""
    return _titles(RunsFolder(store.ROOT))


@cached(max_entries=1)
def _titles(folder: RunsFolder):
    return {run.name: comparison.shown(run) for run in store.list_runs(folder.path)}
