"""The command line, `python -m core COMMAND`: its commands are in COMMANDS. Bad input: a line on stderr, exit 2."""

import argparse
import contextlib
import dataclasses
import json
import logging
import os
import sys
import time
from pathlib import Path

import numpy as np

from core import hands, likeness, pairs_file, teach, terminal
from core.evaluation import evaluate, judge
from core.images import mnist
from core.images.picture import PictureError, read_picture
from core.insight import shortcuts
from core.jobs import queue, sweep, unattended
from core.jobs.scale import tf_config
from core.model import forward
from core.model.answers import of_digits
from core.pocket import rounding, site
from core.pocket.cost import measure
from core.pocket.document import accuracy_words, document
from core.recipe import RULES, Recipe
from core.report import experiments, measurements
from core.rules import Choice, Flag, Number, RecipeError, Text
from core.runs import checkpoints, control, exchange, files, results, store, unusable
from core.training import start

log = logging.getLogger("core")

LARGEST_LOSS = 0.001  # of accuracy, when packing
STOP_SECONDS = 60
# format → its name in the run's folder
EXPORTS = {"keras": "model.keras", "savedmodel": "savedmodel", "html": "pocket.html"}


class InputError(Exception):
    """What the user gave cannot be used; the message says why."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        """One line, as for every other bad input."""
        raise InputError(f"{message} (see {self.prog} --help)")


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 if it was done, 2 for bad input, 1 if it failed, 130 if stopped, 141 if nobody reads on."""
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # as `head` leaves behind when it has its lines
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())  # for Python's own last flush
        return 141


def _run(arguments):
    """Run a command, as `main` says."""
    parser = Parser(prog="python -m core", description="Train, measure and use the networks of Digit Sum Lab.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_train(commands.add_parser("train", help="train a network into a new run, or resume a run"))
    sweeping = "train every combination of some options' values, a run for each"
    _add_sweep(commands.add_parser("sweep", help=sweeping, allow_abbrev=False))  # else --seed would be --seeds
    for name, help_text in (
        ("evaluate", "measure a run's accuracy on images it was never trained on"),
        ("predict", "read the sum of two digits from two pictures or from one"),
        ("stop", "stop a run that is being trained or waits, and keep its checkpoint"),
        ("pack", "make a finished run small enough to ship: float16 weights, measured again"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("run", metavar="RUN", help="a name in checkpoints/ or a path")
        if name == "predict":
            several = "the upper and the lower digit, or one picture of both: a drawing, a scan or a photo of paper"
            command.add_argument("pictures", metavar="PICTURE", nargs="*", help=several)
            table = "many pairs, one a line: top picture, bottom picture; or one picture of both"
            command.add_argument("--list", metavar="PAIRS.csv", type=Path, help=table)
        if name not in ("pack", "stop"):
            command.add_argument("--json", action="store_true", help="print JSON, an object a line")
    _add_teach(commands.add_parser("teach", help="let a run learn a hand from pairs whose sums are told, as a new run"))
    reproduce = commands.add_parser("reproduce", help="run the report's experiments, and print printed and measured")
    reproduce.add_argument(
        "experiments", nargs="*", metavar="EXPERIMENT", help=f"of {', '.join(experiments.ALL)}; or all"
    )
    reproduce.add_argument("--list", action="store_true", help="train nothing; print what is there")
    protocols = "quick (default): recipes of seconds to half an hour; report: its own, 20,000 iterations each"
    reproduce.add_argument("--protocol", choices=experiments.PROTOCOLS, default="quick", help=protocols)
    _add_export(commands.add_parser("export", help="write a run for other programs, or as a page that reads digits"))
    work = commands.add_parser("work", help="train the run that waits longest, as the app does in the background")
    work.add_argument("--warm", type=int, metavar="PID", help="load TensorFlow, then wait for a run while PID lives")
    commands.add_parser("runs", help="list the runs").add_argument("--json", action="store_true", help="print JSON")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal may know no σ
    try:
        given, rest = parser.parse_known_args(arguments)
        if given.command == "predict" and not any(word.startswith("-") for word in rest):
            given.pictures += rest  # argparse of Python 3.11 takes none that come after an option
        elif rest:
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        terminal.log_to_stderr(terminal.WITH_TIME if given.command == "work" else "%(message)s")
        return COMMANDS[given.command](given)
    except (InputError, store.RunError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"error: {error.filename or 'The output'} cannot be used ({error.strerror or error})", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def _add_train(parser):
    parser.add_argument("--run", metavar="RUN", help="name or path of the new run; by default NETWORK-NUMBER")
    parser.add_argument("--resume", metavar="RUN", help="go on with a stopped run, by its own recipe")
    _add_recipe(parser, dataclasses.fields(Recipe))


def _add_sweep(parser):
    parser.add_argument("--seeds", type=int, metavar="N", default=1, help="Train each with the seeds 1 to N; default 1")
    parser.add_argument("--ray", metavar="ADDRESS", help="Train on a Ray cluster: HOST:PORT, ray://HOST:PORT, or auto")
    _add_recipe(parser, [f for f in dataclasses.fields(Recipe) if f.name != "seed"], nargs="+")


def _add_export(parser):
    parser.add_argument("run", metavar="RUN", nargs="?", help="a name in checkpoints/ or a path")
    forms = "a .keras file (default), a SavedModel, or Pocket: one HTML file that reads drawn digits anywhere"
    parser.add_argument("--format", choices=EXPORTS, default="keras", help=forms)
    parser.add_argument("--weights", choices=rounding.KINDS, help="the numbers in an HTML file; default float16")
    parser.add_argument("--output", metavar="PATH", type=Path, help="where to; by default into the run's folder")
    site = "instead of a run: a new folder of static files, Pocket for each shipped network"
    parser.add_argument("--site", metavar="DIR", type=Path, help=site)


def _add_teach(parser):
    parser.add_argument("origin", metavar="RUN", help="the run that learns; it stays as it is")
    lines = "a pair a line: top picture, bottom picture, sum; the pictures' names are relative to the table's folder"
    parser.add_argument("pairs", metavar="PAIRS.csv", type=Path, help=lines)
    parser.add_argument("--run", metavar="NAME", help="name or path of the new run; by default NETWORK-NUMBER")


def _add_recipe(parser, chosen, **several):
    """An option for each of the chosen fields of a recipe; `several` lets those with a value take more than one."""
    for f in chosen:
        option, rule = "--" + f.name.replace("_", "-"), RULES[f.name]
        words = rule.described(f.default)
        match rule:
            case Flag():
                parser.add_argument(option, action=argparse.BooleanOptionalAction, default=None, help=words)
            case Number():
                kind = _number_or_all if rule.or_all else int if rule.whole else float
                parser.add_argument(option, type=kind, metavar="N", help=words, **several)
            case Choice():
                parser.add_argument(option, metavar="NAME", help=words, **several)
            case Text():
                parser.add_argument(option, metavar="TEXT", help=words, **several)


def _number_or_all(text):
    """A whole number; None for the word "all"."""
    try:
        return None if text == "all" else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a whole number nor all") from None


def train_command(given) -> int:
    """Train a new run to its end, or resume one; with TF_CONFIG in the environment, together with other hosts."""
    asked = {f.name: getattr(given, f.name) for f in dataclasses.fields(Recipe)}
    asked = {name: value for name, value in asked.items() if value is not None}
    if given.resume and (asked or given.run):
        raise InputError("--resume takes the run's own recipe; give no other option")
    together = _together()
    if together and not together.is_chief:
        return _follow(together, None if given.resume else _recipe(asked, together))
    if given.resume:
        run = store.read(store.locate(given.resume))
        control.refuse_to_train(run)  # before a download; `begin` asks again under the lock
        data = mnist.load()
        unattended.refuse_data(run.recipe, data, run)
        _refuse_workers(run.recipe, together)
    else:
        recipe = _recipe(asked, together)
        folder = store.locate(given.run) if given.run else None
        if folder:
            store.refuse_existing(folder)  # before a download
        data = mnist.load()
        unattended.refuse_data(recipe, data)
        run = queue.create(recipe, folder)
    run, held = control.begin(run)
    with held:
        unattended.refuse_data(run.recipe, data, run)  # another process may have settled them while this one waited
        return unattended.train_begun(run, data, given.resume or given.run or run.name, together)


def _together():
    """The cluster of TF_CONFIG, or None. Raises InputError if it is none."""
    try:
        return tf_config.from_environment()
    except ValueError as error:
        raise InputError(str(error)) from error


def _follow(together, recipe) -> int:
    """Train as a worker that is not the chief: write nothing, and end as the chief does."""
    data = mnist.load()
    log.info(data.notice or f"Data: {data.description}.")
    loop = start.import_loop()
    from core.training import workers

    try:
        with workers.Crew(together, log.info) as crew:
            code = workers.follow(crew, recipe, data)
    except loop.TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    log.info({0: "The chief has finished the run."}.get(code, "The chief has ended the run, and says why."))
    return code


def work_command(given) -> int:
    """Train the run that waits longest: what the app starts in the background."""
    ready = []

    def prepare():
        queue.be_nice()
        start.import_loop().warm_up()
        ready.append(mnist.load(download=False))

    if given.warm and not queue.wait_warm(given.warm, prepare):
        return 0
    queue.work(lambda run: unattended.train_unattended(run, *ready))
    return 0


def _refuse_workers(recipe, together):
    """Raises InputError if a batch is too small for the workers of a cluster."""
    if together:
        try:
            tf_config.shares(recipe, len(together.addresses))
        except ValueError as error:
            raise InputError(str(error)) from error


def reproduce_command(given) -> int:
    """Train what is missing of the report's experiments, one run after the other, and print the table."""
    unknown = [name for name in given.experiments if name not in experiments.ALL]
    if unknown:
        raise InputError(f"{unknown[0]!r} is not an experiment; there are {', '.join(experiments.ALL)}")
    chosen = [experiments.ALL[name] for name in given.experiments] or list(experiments.ALL.values())
    wanted = [run for experiment in chosen for run in experiments.planned(experiment, given.protocol)]
    complete = given.list or _sweep(wanted)[1]
    print(measurements.table(chosen, given.protocol))
    return 0 if complete else 1


def sweep_command(given) -> int:
    """Train a grid of recipes, here or on a cluster, and print what each point of it reached."""
    values = {f.name: getattr(given, f.name, None) for f in dataclasses.fields(Recipe)}
    asked = {name: value if isinstance(value, list) else [value] for name, value in values.items() if value is not None}
    try:
        plan = sweep.plan(asked, given.seeds)
    except RecipeError as error:
        raise InputError(str(error)) from error
    trials, complete = _sweep(plan, given.ray)
    print(sweep.table(trials))
    return 0 if complete else 1


def _sweep(plan, address=None):
    """Train what is missing of a plan, here or on the Ray cluster at an address; its runs, and whether all finished."""
    if all((store.ROOT / name / "result.json").exists() for name, _ in plan):
        return queue.find_or_create(plan, "", ""), True
    if _together():
        raise InputError("TF_CONFIG names several workers, but each of these runs is trained by one process. Unset it.")
    train = sweep.on_this_machine
    with contextlib.ExitStack() as connection:
        if address:
            cluster = _import_cluster()
            train = cluster.train
            try:
                connection.enter_context(cluster.connected(address))
            except ConnectionError as error:
                raise InputError(str(error)) from error
        data = mnist.load()
        for _, recipe in plan:
            unattended.refuse_data(recipe, data)
        watch, line = sweep.Watch(queue.find_or_create(plan, data.description, data.name)), terminal.Line()
        for run in watch.unfinished:
            unattended.refuse_data(run.recipe, data, run)
        try:
            train(watch, lambda: line(watch.words(), event=watch.ended))
        except KeyboardInterrupt:
            on = "The cluster lets its trials go" if address else "What is trained or waits goes on, as after Start"
            log.info(f"\n{on}; the same command goes on with the sweep.")
            raise
    line.end()
    for run in watch.unfinished:
        log.info(f"{run.name} is {watch.statuses[run.name]}. {control.failure(run)}".rstrip())
    return watch.trials, not watch.unfinished


def _import_cluster():
    """core.jobs.scale.cluster, imported here because Ray is an extra that most do without."""
    try:
        from core.jobs.scale import cluster
    except ImportError as error:
        raise InputError(f"--ray needs Ray ({error}). pip install --group cluster") from error
    return cluster


def stop_command(given) -> int:
    """Stop a run that the app trains or that waits, and tell where it ended."""
    run = store.read(store.locate(given.run))
    before = control.status(run)
    if before not in control.ACTIVE:
        raise InputError(f"{run.name} is not being trained: it is {before}")
    queue.stop(run)
    until = time.monotonic() + STOP_SECONDS
    while control.status(run) == control.Status.TRAINING:
        if time.monotonic() > until:
            raise InputError(f"{run.name} has not stopped within {STOP_SECONDS} s; Try again")
        time.sleep(0.1)
    progress = control.read_progress(run)
    where = f" at step {progress['step']:,}" if "step" in progress else ""
    log.info(f"{run.name} is {control.status(run)}{where}.")
    return 0


def _weights(run):
    """A run's weights; what there is to know of them is said on stderr."""
    weights, warning = checkpoints.load_checkpoint(run)
    if warning:
        log.info(f"warning: {warning}")
    return weights


def evaluate_command(given) -> int:
    """Measure a run and print the accuracy with its standard error."""
    run = store.read(store.locate(given.run))
    weights = _weights(run)
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


def predict_command(given) -> int:
    """Read two pictures, or one of both digits, or a table of such, and print each sum."""
    if given.list and given.pictures:
        raise InputError("--list goes without a PICTURE: the table names them")
    if not given.list and len(given.pictures) not in (1, 2):
        raise InputError(f"give one PICTURE of two digits, two of one each, or --list; not {len(given.pictures)}")
    run = store.read(store.locate(given.run))
    weights = _weights(run)
    if given.list:
        return _predict_list(given, run, weights)
    answer, words = _read(run, weights, results.read(run), given.pictures)
    print(json.dumps(answer) if given.json else words)
    return 0


def _predict_list(given, run, weights):
    """Read a table's pairs and print a line for each in its order; 2 if any could not be read."""
    pairs = bad = 0
    result = results.read(run)
    try:
        for number, cells in pairs_file.lines(given.list):
            pairs, names = pairs + 1, [name for name in cells[:2] if name]
            try:
                if not names:
                    raise InputError("names no picture")
                answer, words = _read(run, weights, result, [str(given.list.parent / name) for name in names])
                words = f"{' + '.join(names)}: {words}"
            except (InputError, OSError) as error:
                bad += 1
                answer, words = {"error": str(error)}, f"line {number}: not read: {error}"
            print(json.dumps({"line": number, "pictures": names} | answer) if given.json else words, flush=True)
    except ValueError as error:
        raise InputError(f"{given.list} {error}") from error
    if not pairs:
        raise InputError(f"{given.list} names no pictures; write a pair a line: top.png,bottom.png")
    if bad:
        log.info(f"error: {bad} of {pairs} pairs could not be read")
    return 2 if bad else 0


def _read(run, weights, result, pictures):
    """What is read in two pictures, or in one of both digits: as `predict --json` prints it, and in words."""
    top, bottom = _two_digits(pictures)
    prediction = forward.predict(run.network, weights, top, bottom)
    doubted = likeness.doubted(run.network, weights, result, {"top": top, "bottom": bottom})
    named = prediction.digit_probabilities
    words = f"The sum is {prediction.sum}: {prediction.reading}"
    answer = {
        "run": run.name,
        "network": run.recipe.network,
        "sum": prediction.sum,
        "sum_probabilities": [round(float(p), 6) for p in prediction.sum_probabilities],
        "digits": prediction.digits,
        "digit_probabilities": None if named is None else np.round(named.astype(float), 6).tolist(),
        "doubted": doubted,
    }
    return answer, " ".join([words, *(f"The {half} one {likeness.DIFFERENT}." for half in doubted)])


def teach_command(given) -> int:
    """Teach a run's last layer the pairs of a table, keep it as a new run, and print what it reads and has kept."""
    origin = store.read(store.locate(given.origin))
    if refusal := teach.refusal(origin.network):
        raise InputError(f"{origin.name} cannot be taught: {refusal}")
    folder = store.locate(given.run) if given.run else None
    if folder:
        store.refuse_existing(folder)  # before the work
    weights = _weights(origin)
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


def runs_command(given) -> int:
    """List the runs with what was measured; what cannot be used of them is said on stderr."""
    rows, faults = [], store.unreadable()
    for run in store.list_runs():
        faults += [f"{run.name}/{fault}" for fault in unusable.in_files_of(run)]
        result = results.read(run) or {}
        rows.append(
            {
                "run": run.name,
                "network": run.recipe.network,
                "status": control.status(run),
                "parameters": run.network.parameters,
                "accuracy": result.get("accuracy"),
                "standard_error": result.get("standard_error"),
                "created": run.created,
            }
        )
    for fault in faults:
        log.info(f"is left out: {fault}")
    if given.json:
        print(json.dumps(rows))
        return 0
    if not rows:
        print("No runs yet. Train one: python -m core train --network sum_posterior")
    for row in rows:
        measured = "" if row["accuracy"] is None else f"{row['accuracy']:.4f} ± {row['standard_error']:.4f}"
        print(f"{row['run']:24} {row['network']:14} {row['status']:9} {measured:16} {row['created']}")
    return 0


def pack_command(given) -> int:
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


def export_command(given) -> int:
    """Write a run as an HTML file or as a Keras model of Keras' own layers, and tell where and how to use it."""
    if given.site:
        return _export_site(given)
    if given.run is None:
        raise InputError("give a RUN to export, or --site DIR for all shipped networks")
    run = store.read(store.locate(given.run))
    weights = _weights(run)
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
    page = document(run, weights, dataclasses.asdict(cost.after), cost.words, kind)
    with store.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, page)
    print(f"{path}\nOpen it in any browser, with or without a network: {len(page):,} bytes.")
    print(f"{accuracy_words(dataclasses.asdict(cost.after))} {cost.words}")
    return 0


def _refuse_there(output):
    """Raises InputError if something is where the user wants an export to be."""
    if output and os.path.lexists(output):
        raise InputError(f"{output} is there already. Choose another --output.")


COMMANDS = {
    "train": train_command,
    "work": work_command,
    "stop": stop_command,
    "sweep": sweep_command,
    "reproduce": reproduce_command,
    "evaluate": evaluate_command,
    "predict": predict_command,
    "teach": teach_command,
    "runs": runs_command,
    "pack": pack_command,
    "export": export_command,
}


def _recipe(asked, together=None):
    try:
        recipe = Recipe(**asked)
    except RecipeError as error:
        raise InputError(str(error)) from error
    _refuse_workers(recipe, together)
    return recipe


def _two_digits(paths: list[str]) -> np.ndarray:
    """The digits (2, 28, 28) of two picture files, or of one that shows both. Raises InputError if they show none."""
    digits = []
    for path in paths:
        try:
            digits += list(read_picture(Path(path), 3 - len(paths)).digits)
        except FileNotFoundError:
            raise InputError(f"{path} is not there") from None
        except PictureError as error:
            raise InputError(f"{path} {error}") from error
    return np.stack(digits)


if __name__ == "__main__":
    start.own_process()
    sys.exit(main())
