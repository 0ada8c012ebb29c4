"""The commands that write a run in another form: pack and export."""

import dataclasses
import logging
import os

import numpy as np

from core import hands, likeness, terminal
from core.commands.reading import weights_of
from core.evaluation import judge
from core.images import mnist
from core.insight import shortcuts
from core.model.answers import of_digits
from core.pocket import site
from core.pocket.cost import measure
from core.pocket.document import describe_accuracy, document
from core.runs import checkpoints, control, files, results, store
from core.terminal import InputError
from core.training import start

log = logging.getLogger(__name__)

LARGEST_LOSS = 0.001  # of accuracy, when packing
# format → its name in the run's folder
EXPORTS = {"keras": "model.keras", "savedmodel": "savedmodel", "html": "pocket.html"}


def pack(given) -> int:
    """Replace the weights of a finished run by float16 ones and measure it again."""
    run = store.read(store.locate(given.run))
    results.to_pack(run)
    data = mnist.load()
    with control.lock(run):
        result = results.to_pack(run)  # again, as another process may have trained or packed it meanwhile
        weights, warning = checkpoints.load_checkpoint(run)
        if warning:
            raise InputError(f"{warning} It is not packed: what was measured is not of these weights.")
        is_packed = checkpoints.is_packed(run)
        if is_packed and checkpoints.load_answers(run, data.name):
            print(f"{run.name} is packed already: accuracy {result['accuracy']:.4f} in float16")
            return 0
        halves = {name: tensor.astype(np.float16) for name, tensor in weights.items()}
        rounded = {name: tensor.astype(np.float32) for name, tensor in halves.items()}
        answers = of_digits(run.network, rounded, data.test_images)
        measured = judge(answers, data)
        if measured.accuracy < result["accuracy"] - LARGEST_LOSS:
            before, after = result["accuracy"], measured.accuracy
            raise InputError(f"{run.name} would fall from {before:.4f} to {after:.4f} in float16, and stays as it is")
        with store.writing(run.folder, ". Make room, then pack it again."):
            if not is_packed:  # else the copy that is kept of the full weights would be replaced, too
                checkpoints.save_weights(run, halves, result["steps"])
            checkpoints.save_answers(run, answers.tensors(), data.name)
            seen = hands.result(run, rounded) | likeness.result(run.network, rounded)
            seen |= shortcuts.result(run.recipe.labels, answers, data)
            results.write(run, result | dataclasses.asdict(measured) | seen)
    print(f"{run.name}: accuracy {measured.accuracy:.4f} in float16, {result['accuracy']:.4f} before")
    return 0


def export(given) -> int:
    """Write a run as an HTML file or as a Keras model of Keras' own layers, and tell where and how to use it."""
    if given.site:
        return _export_site(given)
    if given.run is None:
        raise InputError("give a RUN to export, or --site DIR for all shipped networks")
    run = store.read(store.locate(given.run))
    weights = weights_of(run)
    path = given.output or run.folder / EXPORTS[given.format]
    _refuse_there(given.output)
    if given.weights and given.format != "html":
        raise InputError(f"--weights is {given.weights}; only --format html rounds them")
    for form, kind, suffix in (("keras", "a Keras file", ".keras"), ("html", "an HTML file", ".html")):
        if given.format == form and path.suffix != suffix:
            raise InputError(f"--output is {path}; {kind}'s name ends in {suffix}")
    if given.format == "html":
        return _export_html(run, weights, path, given.weights or "float16")
    tf = start.import_tensorflow()
    from core.training import keras_model

    model = keras_model.build(run.network)
    keras_model.set_weights(model, weights)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.remove_old_temporaries(path.parent)
        with files.staging(path) as folder:
            if given.format == "keras":
                model.save(folder / path.name)
            else:
                model.export(folder / path.name, verbose=False)
            _refuse_there(given.output)
    except (OSError, tf.errors.OpError) as error:
        raise InputError(f"{path} cannot be written ({getattr(error, 'strerror', None) or error})") from error
    height, width, _ = run.network.input_shape
    load = "keras.models.load_model" if given.format == "keras" else "tf.saved_model.load"
    print(f"{path}\nLoad it with {load}: images (n, {height}, {width}, 1) in 0…1 to logits (n, {run.network.classes}).")
    return 0


def _export_site(given) -> int:
    """Write a folder that any server of static files can serve, and tell what is in it."""
    if given.run or given.output or given.weights or given.format != "keras":
        raise InputError("--site goes alone: it takes all shipped networks, as HTML files with float16 weights")
    with store.writing(given.site):
        try:
            pages = site.write(given.site)
        except FileExistsError:
            raise InputError(f"{given.site} is there already. Choose a new folder for --site.") from None
    networks, size = len(pages) - 1, sum(page.stat().st_size for page in pages)
    print(
        f"{pages[0]}\nOpen it, or let any host of static files serve the folder: {networks} networks, {size:,} bytes."
    )
    return 0


def _export_html(run, weights, path, kind) -> int:
    """Write a run as a page that reads drawn digits, and tell what rounding its weights costs."""
    data, line = mnist.load_test(), terminal.Line()
    log.info(data.notice)
    cost = measure(run, weights, kind, data, lambda done: line(f"Reading the test images: {done:.0%}", event=None))
    line.end()
    page = document(run, weights, dataclasses.asdict(cost.after), cost.summary, kind)
    with store.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, page)
    print(f"{path}\nOpen it in any browser, with or without a network: {len(page):,} bytes.")
    print(f"{describe_accuracy(dataclasses.asdict(cost.after))} {cost.summary}")
    return 0


def _refuse_there(output):
    """Raises InputError if something is where the user wants an export to be."""
    if output and os.path.lexists(output):
        raise InputError(f"{output} is there already. Choose another --output.")
