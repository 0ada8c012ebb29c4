"""The commands that read with a run: evaluate, predict, and teach it a hand."""

import dataclasses
import json
import logging
import sys

import numpy as np

from core import hands, likeness, pairs_file, teach, terminal
from core.evaluation import evaluate
from core.images import mnist
from core.model import forward
from core.runs import checkpoints, exchange, results, store
from core.terminal import InputError

log = logging.getLogger(__name__)


def evaluate_run(given) -> int:
    """Measure a run and print the accuracy with its standard error."""
    run = store.read(store.locate(given.run))
    weights = weights_of(run)
    data = mnist.load()
    result = evaluate(run.network, weights, data)
    pen_accuracy = hands.judge_hands(run.network, weights).accuracy
    if given.json:
        named = {"run": run.name, "network": run.recipe.network}
        print(json.dumps(named | dataclasses.asdict(result) | {"pen_accuracy": round(pen_accuracy, 4)}))
    else:
        log.info(data.notice)
        print(f"{run.name}: accuracy {result.accuracy:.4f} ± {result.standard_error:.4f} on {result.data}")
        print(f"{run.name}: accuracy {pen_accuracy:.4f} on pairs of pen digits, of six writers never trained on")
    return 0


def predict(given) -> int:
    """Read two pictures, or one of both digits, or a table of such, and print each sum."""
    if given.list and given.pictures:
        raise InputError("--list goes without a PICTURE: the table names them")
    if not given.list and len(given.pictures) not in (1, 2):
        raise InputError(f"give one PICTURE of two digits, two of one each, or --list; not {len(given.pictures)}")
    run = store.read(store.locate(given.run))
    weights = weights_of(run)
    if given.list:
        return _predict_list(given, run, weights)
    answer, text = _read(run, weights, results.read(run), given.pictures)
    print(json.dumps(answer) if given.json else text)
    return 0


def teach_hand(given) -> int:
    """Teach a run's last layer the pairs of a table, keep it as a new run, and print what it reads and has kept."""
    origin = store.read(store.locate(given.origin))
    if refusal := teach.refusal(origin.network):
        raise InputError(f"{origin.name} cannot be taught: {refusal}")
    folder = store.locate(given.run) if given.run else None
    if folder:
        store.refuse_existing(folder)  # before the work
    weights = weights_of(origin)
    try:
        pairs, faults = pairs_file.read_pairs(given.pairs)
    except ValueError as error:
        raise InputError(f"{given.pairs} {error}") from error
    for fault in faults:
        print(f"error: {given.pairs}, {fault}", file=sys.stderr)
    if faults:
        raise InputError(f"nothing was taught; mend {'this line' if len(faults) == 1 else 'these lines'} first")
    if not 0 < len(pairs) <= teach.MOST_PAIRS:
        raise InputError(f"{given.pairs} has {len(pairs)} pairs; allowed: 1 to {teach.MOST_PAIRS}")
    data, line = mnist.load_test(), terminal.Line()
    log.info(data.notice)
    memory = teach.remember(origin.network, weights, lambda done: line(f"Remembering MNIST: {done:.0%}", event="m"))
    features = teach.features_of(origin.network, weights, tuple(pairs))
    layer = teach.learn(origin.network, weights, memory, features)
    before, after = (
        int((teach.read(origin.network, each, features) == features.sums).sum())
        for each in (teach.last_layer(origin.network, weights), layer)
    )
    taught, measured = exchange.add_taught(
        *(origin, weights | layer, len(pairs), data, folder),
        on_progress=lambda done: line(f"Reading the test images: {done:.0%}", event="t"),
    )
    line.end()
    known = results.read(origin)
    kept = f", {known['accuracy']:.4f} before" if known and known["data"] == measured.data else ""
    print(f"{taught.name}: of {len(pairs)} pairs it reads {after} right, {before} before")
    print(f"{taught.name}: accuracy {measured.accuracy:.4f} ± {measured.standard_error:.4f} on {measured.data}{kept}")
    return 0


def _predict_list(given, run, weights):
    """Read a table's pairs and print a line for each in its order; 2 if any could not be read."""
    pairs = bad = 0
    result = results.read(run)
    try:
        for number, cells in pairs_file.lines(given.list):
            pairs, names = pairs + 1, [name for name in cells[:2] if name]
            try:
                answer, text = _read(run, weights, result, [str(given.list.parent / name) for name in names])
                text = f"{' + '.join(names)}: {text}"
            except (InputError, OSError) as error:
                bad += 1
                answer, text = {"error": str(error)}, f"line {number}: not read: {error}"
            print(json.dumps({"line": number, "pictures": names} | answer) if given.json else text, flush=True)
    except ValueError as error:
        raise InputError(f"{given.list} {error}") from error
    if not pairs:
        raise InputError(f"{given.list} names no pictures; write a pair a line: top.png,bottom.png")
    if bad:
        log.error(f"error: {bad} of {pairs} pairs could not be read")
    return 2 if bad else 0


def _read(run, weights, result, pictures):
    """What is read in two pictures, or in one of both digits: as `predict --json` prints it, and as text."""
    try:
        top, bottom = pairs_file.two_digits(pictures)
    except ValueError as error:
        raise InputError(str(error)) from error
    prediction = forward.predict(run.network, weights, top, bottom)
    doubted = likeness.doubted(run.network, weights, result, {"top": top, "bottom": bottom})
    named = prediction.digit_probabilities
    sentence = f"The sum is {prediction.sum}: {prediction.reading}"
    answer = {
        "run": run.name,
        "network": run.recipe.network,
        "sum": prediction.sum,
        "sum_probabilities": [round(float(p), 6) for p in prediction.sum_probabilities],
        "digits": prediction.digits,
        "digit_probabilities": None if named is None else np.round(named.astype(float), 6).tolist(),
        "doubted": doubted,
    }
    return answer, " ".join([sentence, *(f"The {half} one {likeness.DIFFERENT}." for half in doubted)])


def weights_of(run):
    """Load a run's weights; what there is to know of them is reported on stderr."""
    weights, warning = checkpoints.load_checkpoint(run)
    if warning:
        log.warning(f"warning: {warning}")
    return weights
