"""The commands that train: one run, the run that waits, a sweep, the report's experiments; and stop and list."""

import contextlib
import dataclasses
import json
import logging
import sys
import time

from core import terminal
from core.images import mnist
from core.jobs import queue, sweep, unattended, worker
from core.jobs.scale import tf_config
from core.recipe import Recipe
from core.report import experiments, measurements
from core.report.experiment import planned
from core.rules import RecipeError
from core.runs import control, results, store, value_faults
from core.terminal import InputError
from core.training import start

log = logging.getLogger(__name__)

STOP_SECONDS = 60


def train(given) -> int:
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


def work(given) -> int:
    """Train the run that waits longest: what the app starts in the background."""
    ready = []

    def prepare():
        worker.be_nice()
        start.import_loop().warm_up()
        ready.append(mnist.load(download=False))

    if given.warm and not worker.wait_warm(given.warm, prepare):
        return 0
    worker.work(lambda run: unattended.train_unattended(run, *ready))
    return 0


def sweep_grid(given) -> int:
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


def reproduce(given) -> int:
    """Train what is missing of the report's experiments, one run after the other, and print the table."""
    unknown = [name for name in given.experiments if name not in experiments.ALL]
    if unknown:
        raise InputError(f"{unknown[0]!r} is not an experiment; there are {', '.join(experiments.ALL)}")
    chosen = [experiments.ALL[name] for name in given.experiments] or list(experiments.ALL.values())
    wanted = [run for experiment in chosen for run in planned(experiment, given.protocol)]
    complete = given.list or _sweep(wanted)[1]
    print(measurements.table(chosen, given.protocol))
    return 0 if complete else 1


def stop(given) -> int:
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


def list_runs(given) -> int:
    """List the runs with what was measured; what cannot be used of them is reported on stderr."""
    rows, faults = [], store.unreadable()
    for run in store.list_runs():
        faults += [f"{run.name}/{fault}" for fault in value_faults.in_files_of(run)]
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


def _refuse_workers(recipe, together):
    """Raises InputError if a batch is too small for the workers of a cluster."""
    if together:
        try:
            tf_config.shares(recipe, len(together.addresses))
        except ValueError as error:
            raise InputError(str(error)) from error


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
            train(watch, lambda: line(watch.describe(), event=watch.ended))
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


def _recipe(asked, together=None):
    try:
        recipe = Recipe(**asked)
    except RecipeError as error:
        raise InputError(str(error)) from error
    _refuse_workers(recipe, together)
    return recipe
