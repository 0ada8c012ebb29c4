"""One run from its start or its last checkpoint to its measured result: points of the curve, checkpoints, Stop."""

import dataclasses
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from core import hands, likeness
from core.evaluation import Evaluation, judge
from core.images import mnist
from core.insight import shortcuts
from core.model.answers import of_digits
from core.presets import MOVES
from core.recipe import Recipe
from core.runs import checkpoints, control, metrics, results, store
from core.runs import snapshots as run_snapshots
from core.training import precision
from core.training.tensorboard import EventFile
from core.training.trainer import Trainer, pen_images

POINTS = 100  # evaluations of a run at most, about
STEPS_BETWEEN_POINTS = 20  # at least, after the first ones: an evaluation takes as long as some steps
CALL_STEPS = 50  # steps inside one call of the graph at most
CALL_SECONDS = 0.5  # for such a call, about, so that Stop is heard and progress is shown
SNAPSHOT_FACTOR = 1.5  # between the steps of two snapshots: a network changes most at first
SAVE_SECONDS = 10  # between two checkpoints


class TrainingError(Exception):
    """Training cannot go on; the message says why and what to do."""

    exit_code = 1


@dataclass(frozen=True)
class Progress:
    """Where a training is: steps done, of how many, digits per second, seconds left, and the last point noted."""

    step: int
    steps: int
    images_per_second: float
    seconds_left: float
    point: dict | None


class Stop(Exception):
    """Training was asked to stop, and has saved its state."""


def train(
    run: store.Run,
    data: mnist.Mnist,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    make: "Callable[..., Trainer] | None" = None,
) -> Evaluation:
    """Train a run to its end, from its start or from its last checkpoint, and measure the result.

    `make` makes the trainer, by default a Trainer. The caller holds the run's lock. SIGTERM, SIGINT and a Stop asked of
    the run save a checkpoint and raise Stop.
    Raises TrainingError if the loss is no longer finite, ValueError if the data has too few images, RunError if
    the run's state is damaged.
    """
    settle_determinism(run.recipe)
    started = checkpoints.load_resume(run)
    number_format = Trainer.precision_of(started[0]) if started else precision.first(run.recipe)
    if run.recipe.step_pen_digits:
        _draw_pen_images(run, started[1] if started else 0)
    trainer = (make or Trainer)(run.recipe, run.network, data, number_format)
    if started:
        state, step, warning = started
        trainer.restore(state, step)
        if warning:
            print(f"warning: {warning}", file=sys.stderr)
            control.note_warning(run, warning)
    metrics.rewind(run, trainer.step)
    run_snapshots.rewind(run, trainer.step)
    _follow(run, trainer, on_progress)
    _tell_measuring(run, trainer.step, 0.0)
    weights = _finite_weights(run, trainer)
    checkpoints.save_weights(run, weights, trainer.step)
    answers = of_digits(run.network, weights, data.test_images, lambda done: _tell_measuring(run, trainer.step, done))
    result = judge(answers, data)
    checkpoints.save_answers(run, answers.tensors(), data.name)
    spent = {"steps": trainer.step, "seconds": round(trainer.seconds, 1), "precision": trainer.precision}
    seen = hands.result(run, weights) | likeness.result(run.network, weights)
    seen |= shortcuts.result(run.recipe.labels, answers, data)
    results.write(run, dataclasses.asdict(result) | spent | seen)
    return result


def _draw_pen_images(run, step):
    """Draw them before the trainer is made, which then finds them drawn; tell how far it is, and hear a Stop."""

    def tell(done):
        control.write_progress(run, "drawing pen strokes", step=step, steps=run.recipe.steps, done=round(done, 3))
        if control.requests(run).stop:
            control.write_progress(run, "stopped", step=step, steps=run.recipe.steps)
            raise Stop

    pen_images(run.recipe, tell)


def _tell_measuring(run, step, done):
    control.write_progress(run, "measuring", step=step, steps=step, done=round(done, 3))


def settle_determinism(recipe: Recipe) -> None:
    """Let this process compute bit-identically on every repeat, if the recipe asks for it."""
    if recipe.deterministic:
        keras.utils.set_random_seed(recipe.seed)
        tf.config.experimental.enable_op_determinism()


def _follow(run, trainer, on_progress):
    """Run the steps, noting a point now and then and saving every SAVE_SECONDS; hear what is asked of the run."""
    stopping = []
    handlers = {s: signal.signal(s, lambda number, frame: stopping.append(number)) for s in _signals()}
    steps, saved, point, events = run.recipe.steps, time.monotonic(), None, EventFile(run)
    snapshots = snapshot_steps(steps) if run.network.reads_pairs else []
    began, first, pace = None, trainer.step, 0.0  # the first call builds the graph, and says nothing of the pace
    try:
        while trainer.step < steps:
            wishes = control.requests(run)
            trainer.rate_factor = wishes.rate_factor or trainer.rate_factor
            next_point = point_after(trainer.step, steps)
            in_time = int(CALL_SECONDS / pace) if pace else 1
            loss, accuracy = trainer.advance(max(1, min(CALL_STEPS, in_time, next_point - trainer.step)))
            if not np.isfinite(loss):
                raise _diverged(run, trainer, "loss is")
            if trainer.step == next_point:
                point = trainer.point(loss, accuracy)
                metrics.append(run, point)
                events.add(point)
                if trainer.step in snapshots and (taken := trainer.snapshot()):
                    run_snapshots.save(run, taken, trainer.step)
            if began is None:
                began, first = time.monotonic(), trainer.step
                control.write_progress(run, "training", step=first, steps=steps)  # what was loaded is loaded
            else:
                pace = (time.monotonic() - began) / (trainer.step - first)
                progress = Progress(
                    trainer.step, steps, run.recipe.step_digits / pace, pace * (steps - trainer.step), point
                )
                control.write_progress(
                    run,
                    "training",
                    step=progress.step,
                    steps=steps,
                    images_per_second=round(progress.images_per_second),
                    seconds_left=round(progress.seconds_left, 1),
                )
                on_progress(progress)
            stopping += [signal.SIGTERM] * control.requests(run).stop
            if stopping or time.monotonic() - saved > SAVE_SECONDS:
                weights = _finite_weights(run, trainer)
                checkpoints.save_resume(run, trainer.state(), trainer.step)
                checkpoints.save_weights(run, weights, trainer.step)
                saved = time.monotonic()
            if stopping:
                control.write_progress(run, "stopped", step=trainer.step, steps=steps)
                raise Stop
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _finite_weights(run, trainer):
    """The weights to keep. Pooling and ReLU turn what is not a number into zero, so the loss alone does not tell."""
    weights = trainer.weights()
    if not all(np.isfinite(tensor).all() for tensor in weights.values()):
        raise _diverged(run, trainer, "weights are")
    return weights


def _diverged(run, trainer, what):
    advice = f"Try a lower learning rate than {run.recipe.learning_rate * trainer.rate_factor:g}."
    return TrainingError(f"The {what} no longer finite after step {trainer.step:,}. {advice}")


def _signals():
    return (signal.SIGTERM, signal.SIGINT)


def point_after(step: int, steps: int) -> int:
    """Return the step of the next point of the curve: 1, 2, 5, 10, 20, 50 … and evenly after these."""
    every = max(STEPS_BETWEEN_POINTS, round(steps / POINTS))
    early = (lead * 10**power for power in range(7) for lead in (1, 2, 5))
    return min(steps, (step // every + 1) * every, next(point for point in early if point > step))


def snapshot_steps(steps: int) -> list[int]:
    """Return the points where a snapshot is taken: the first, each SNAPSHOT_FACTOR after the one before, the last."""
    taken: list[int] = []
    step = 0
    while step < steps:
        step = point_after(step, steps)
        if step == steps or not taken or step >= SNAPSHOT_FACTOR * taken[-1]:
            taken.append(step)
    return taken


def warm_up() -> None:
    """Do ahead of time what every run needs: the trial of the two number formats, and what TensorFlow loads late."""
    for network in ("tiny", "sum_posterior"):
        recipe = Recipe(network=network, examples=100, batch=10, steps=1, keep_prob=0.5, **MOVES)
        trainer = Trainer(recipe, recipe.architecture, mnist.embedded(), precision.faster())
        trainer.point(*trainer.advance(1))
