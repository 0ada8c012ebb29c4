"""What goes in and out of the app: weights that somebody brings or teaches, and curves as a table."""

import contextlib
import csv
import io
import logging
import shutil
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from core import likeness
from core.evaluation import Evaluation, judge
from core.images.mnist import Mnist
from core.jobs import queue
from core.model.answers import of_digits
from core.model.forward import Weights
from core.model.networks import NETWORKS
from core.recipe import Recipe
from core.runs import checkpoints, labels, metrics, results, store, tensors

log = logging.getLogger(__name__)


def recipes_of(data: bytes, filename: str) -> list[Recipe]:
    """Return the networks, as recipes, whose tensors a safetensors file has: several where only a ReLU differs.

    The network that the file itself names comes first. The values are not looked at: `add_upload` does.
    Raises RunError saying what is wrong where there is none.
    """
    try:
        shapes, named = tensors.weight_shapes(data)
    except ValueError as error:
        raise store.RunError(f"{_shown(filename)} holds no weights: {error}.") from error
    known = [Recipe(network=name, tied=tied) for name in NETWORKS for tied in _tied_values(name)]
    fitting = [recipe for recipe in known if recipe.architecture.weight_shapes == shapes]
    if not fitting:
        nearest = max(known, key=lambda recipe: len(recipe.architecture.weight_shapes.items() & shapes.items()))
        checkpoints.check_weights(nearest.architecture, data, _shown(filename))
    return sorted(fitting, key=lambda recipe: recipe.network != named)


@contextlib.contextmanager
def _all_or_nothing(run):
    """Remove a run that was made just now, in which nobody has seen anything, if what is written into it fails."""
    try:
        with store.writing(run.folder):
            yield
    except store.RunError:
        shutil.rmtree(run.folder, ignore_errors=True)
        raise


def add_upload(data: bytes, recipe: Recipe, filename: str) -> store.Run:
    """Add a run that holds uploaded weights. Raises RunError, before anything is written, if they are no weights
    of the recipe's network, and also if the run cannot be written.
    """
    weights = checkpoints.check_weights(recipe.architecture, data, _shown(filename))
    run = queue.create(recipe, None, f"unknown: uploaded as {_shown(filename)}", store.UPLOADED, noted_versions={})
    with _all_or_nothing(run):
        checkpoints.save_weights(run, weights, 0)
    log.info("%s is added: weights of %s, uploaded", run.name, recipe.network)
    return run


def add_taught(
    origin: store.Run,
    weights: Weights,
    pairs: int,
    data: Mnist,
    folder: Path | None = None,
    title: str = "",
    on_progress: Callable[[float], object] = lambda done: None,
) -> tuple[store.Run, Evaluation]:
    """Keep weights that learned so many pairs of a hand, from those of `origin` on, as a new run that is measured.

    It is measured on the test images of `data` before anything is written; `on_progress` hears the fraction done.
    Raises RunError if it cannot be written; nothing is left then.
    """
    if folder:
        store.refuse_existing(folder)
    answers = of_digits(origin.network, weights, data.test_images, on_progress)
    evaluation = judge(answers, data)
    taught = "a pair" if pairs == 1 else f"{pairs} pairs"
    description = f"all that {origin.name} was trained on, and then on {taught} drawn by one hand"
    run = queue.create(origin.recipe, folder, description, store.TAUGHT, noted_versions={})
    with _all_or_nothing(run):
        checkpoints.save_weights(run, weights, 0)
        checkpoints.save_answers(run, answers.tensors(), data.name)
        labels.write(run, labels.Label(title=title))
        seen = likeness.result(origin.network, weights)
        results.write(run, asdict(evaluation) | {"steps": 0} | seen)
    return run, evaluation


def curves_csv(chosen: Sequence[store.Run]) -> str:
    """Write the runs' metrics as CSV: run, step, and a column for each quantity that any has; empty where unknown."""
    points = [(run.name, point) for run in chosen for point in metrics.read(run)]
    quantities = list(dict.fromkeys(name for _, point in points for name in point if name != "step"))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["run", "step", *quantities])
    table.writerows([name, *(point.get(column, "") for column in ("step", *quantities))] for name, point in points)
    return text.getvalue()


def _tied_values(name):
    return (True, False) if NETWORKS[name].reads_pairs else (True,)


def _shown(filename):
    """A file's name as messages and run.json may show it: without what a page would take for a picture or a link."""
    kept = (c for c in filename if unicodedata.category(c)[0] != "C" and c not in "`*[]<>()!#$|~:\\")
    return "".join(kept)[:80].strip() or "the file"
