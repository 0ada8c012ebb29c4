"""A sweep: every combination of some options' values, with several seeds, each trained into a run of its own.

The plan alone decides the runs' names, so the same plan finds its own runs again: what has finished is kept, what was
stopped or killed goes on from its checkpoint. This machine trains them here, a Ray cluster in scale/cluster.py.
"""

import itertools
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace

from core.jobs import queue
from core.recipe import Recipe
from core.report import experiments, measurements
from core.report.experiment import Experiment, planned
from core.rules import RecipeError, word
from core.runs import control, results, store
from core.runs.control import Status

LARGEST = 10_000  # trials
LONGEST_NAME = 200  # characters; file systems take 255 bytes
RETRIES = 3  # how often a trial whose trainer was killed goes on
FED = queue.LONGEST_QUEUE // 2  # trials that wait at one time: the rest of the queue is for those who press Start
LOOK_SECONDS = 1.0


def plan(options: dict[str, list], seeds: int) -> list[tuple[str, Recipe]]:
    """Return name and recipe of each trial: all combinations of the options' values, each with the seeds 1 … `seeds`.

    A name says every option that is given and its value; a recipe of the report's experiments keeps the name that it
    has there. Raises RecipeError for a value that a recipe refuses, a grid too large, or too many options for a name.
    """
    size = seeds * math.prod(len(values) for values in options.values())
    if not 1 <= size <= LARGEST:
        raise RecipeError(f"the grid has {size:,} trials; allowed: from 1 to {LARGEST:,}")
    names = {}
    for values in itertools.product(*options.values()):
        for seed in range(1, seeds + 1):
            recipe = Recipe(**dict(zip(options, values, strict=True)), seed=seed)
            names[recipe] = experiments.names().get(recipe) or _name(recipe, options)
    longest = max(map(len, names.values()))
    if longest > LONGEST_NAME:
        raise RecipeError(
            f"a trial's name would have {longest} characters; allowed: {LONGEST_NAME}. Give fewer options"
        )
    return [(name, recipe) for recipe, name in names.items()]


def _name(recipe, options):
    given = [f.name for f in fields(Recipe) if f.name in options and f.name != "network"]
    parts = [_word(name, getattr(recipe, name)) for name in given]
    return "-".join(["sweep", recipe.network, *parts, f"seed{recipe.seed}"])


def _word(name, value):
    """An option with its value, in a file's name: keep_prob0.75, labels-sums, examples-all, tied-no."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{name}{'' if is_number else '-'}{word(value)}"


def command(experiment: Experiment) -> str:
    """Return the command that trains the runs of one of the report's experiments, if they are a grid of values."""
    recipes = [recipe for _, recipe in planned(experiment)]
    parts = ["python -m core sweep"]
    for f in fields(Recipe):
        values = list(dict.fromkeys(getattr(recipe, f.name) for recipe in recipes))
        if f.name != "seed" and (f.name == "network" or values != [f.default]):
            parts.append(f"--{f.name.replace('_', '-')} {' '.join(map(word, values))}")
    return " ".join([*parts, f"--seeds {max(recipe.seed for recipe in recipes)}"])


class Watch:
    """Looks at a sweep's runs: what each is doing, and how long the rest takes at the pace since the first look."""

    def __init__(self, trials: list[store.Run]):
        self.trials = trials
        self.statuses: dict[str, str] = {}
        self.look()
        self.began, self.steps_before = time.monotonic(), self._steps_left()

    def look(self) -> None:
        """See what each run is doing; one that has finished needs no second look."""
        for run in self.trials:
            if self.statuses.get(run.name) != "finished":
                self.statuses[run.name] = control.status(run)

    @property
    def unfinished(self) -> list[store.Run]:
        return [run for run in self.trials if self.statuses[run.name] != Status.FINISHED]

    @property
    def ended(self) -> int:
        """How many trials have ended, well or not."""
        return sum(status in (Status.FINISHED, Status.FAILED, Status.INTERRUPTED) for status in self.statuses.values())

    def describe(self) -> str:
        """Describe how far the sweep is, in a line."""
        count = Counter(self.statuses.values())
        parts = [
            f"{count[Status.FINISHED]:,} of {len(self.trials):,} trials finished",
            f"{count[Status.TRAINING]:,} trained now",
        ]
        parts += [f"{count[name]:,} {name}" for name in (Status.FAILED, Status.INTERRUPTED) if count[name]]
        left = self._steps_left()
        if left < self.steps_before:
            pace = (time.monotonic() - self.began) / (self.steps_before - left)
            minutes, seconds = divmod(round(pace * left), 60)
            parts.append(f"{minutes:,}:{seconds:02d} left")
        return ", ".join(parts)

    def _steps_left(self):
        awaited = [run for run in self.unfinished if self.statuses[run.name] != Status.FAILED]
        return sum(run.recipe.steps - control.read_progress(run).get("step", 0) for run in awaited)


def on_this_machine(watch: Watch, tell: Callable[[], None]) -> None:
    """Train the runs through the queue that Start uses, which is fed as it drains, until each has ended.

    One whose trainer was killed goes on, RETRIES times at most; one that failed or was stopped is left. `tell` is
    called after each look. Raises RunError if a run cannot be queued.
    """
    starts: Counter[str] = Counter()
    refusals: Counter[str] = Counter()

    def is_due(run):
        status = watch.statuses[run.name]
        again = status == Status.INTERRUPTED and starts[run.name] <= RETRIES
        return status not in (Status.FINISHED, *control.ACTIVE) and (again or not starts[run.name])

    while True:
        watch.look()
        due = [run for run in watch.unfinished if is_due(run)]
        for run in due[: max(0, FED - len(queue.queue()))]:
            try:
                queue.enqueue(run)
            except queue.QueueFull:
                break
            except store.RunError:  # perhaps somebody else resumed or deleted it since it was looked at
                refusals[run.name] += 1
                if refusals[run.name] > RETRIES:
                    raise
            else:
                starts[run.name] += 1
        if queue.living_workers() < queue.LIMIT:  # else those on their way would be started again with each look
            queue.advance()
        tell()
        if not due and not any(watch.statuses[run.name] in control.ACTIVE for run in watch.unfinished):
            return
        time.sleep(LOOK_SECONDS)


def table(trials: list[store.Run]) -> str:
    """List mean accuracy ± its standard deviation over the seeds, a line for each point of the grid."""
    points: dict[Recipe, list[store.Run]] = {}
    for run in trials:
        points.setdefault(replace(run.recipe, seed=0), []).append(run)
    varying = [f.name for f in fields(Recipe) if len({getattr(recipe, f.name) for recipe in points}) > 1]
    lines = [f"{'':34} {measurements.MEASURED_HEADS}"]
    for recipe, repeats in points.items():
        name = " ".join(_word(name, getattr(recipe, name)) for name in varying) or recipe.network
        lines.append(f"{name:34} {measurements.measured_cells(measurements.reached(repeats))}")
    measured_on = sorted({result["data"] for run in trials if (result := results.read(run))})
    return "\n".join([*lines, *(f"Measured on {data}." for data in measured_on)])
