"""Train a run whose lock is held, whether somebody watches or not: how it ends is noted in its folder."""

import logging
import shlex
import sys
import traceback

from core import terminal
from core.images import mnist
from core.jobs.scale.tf_config import Cluster
from core.recipe import Recipe
from core.runs import control, store
from core.training.start import import_loop

log = logging.getLogger(__name__)


def train_unattended(run: store.Run, data: mnist.Mnist | None = None) -> bool:
    """Train a run whose lock is held; how it ends is noted in its folder. Whether this process can train another one.

    It cannot if something went wrong, or if the run was deterministic: that stays switched on.
    """
    try:
        if data is None or data.name != "full":  # it may be downloaded now
            control.write_progress(run, "loading MNIST", step=0, steps=run.recipe.steps)
            data = mnist.load()
        refuse_data(run.recipe, data, run)
        return train_begun(run, data, run.name) == 0 and not run.recipe.deterministic
    except store.RunError as error:
        control.note_failure(run, str(error))
        log.error("error: %s", error)
        return False


def refuse_data(recipe: Recipe, data: mnist.Mnist, begun: store.Run | None = None) -> None:
    """Check that a recipe can be trained on some data.

    Raises RunError if there are too few images for it, or others than those a run began with.
    """
    if begun and begun.data and data.name != begun.data_name:
        raise store.RunError(f"{begun.name} trains on {begun.data}; only the {data.description} is here. {data.notice}")
    if recipe.examples is not None and recipe.examples > len(data.train_labels):
        raise store.RunError(f"examples is {recipe.examples:,}; there is only the {data.description}. {data.notice}")


def train_begun(run: store.Run, data: mnist.Mnist, shown_name: str, together: Cluster | None = None) -> int:
    """Train a run whose lock is held; an ending that is not its end is noted in its folder and reported on stderr.

    As the chief of a cluster, if there is one. Return the exit code of the command that trains it.
    """
    run = store.settle_data(run, data.description, data.name)
    log.info(data.notice or f"Data: {data.description}.")
    log.info(f"Run {run.name}: {run.recipe.network}, {run.network.parameters:,} parameters. Loading TensorFlow.")
    control.write_progress(run, "loading TensorFlow", step=0, steps=run.recipe.steps)
    control.reserve_room(run)

    loop = import_loop()
    try:
        if together is None:
            result = loop.train(run, data, terminal.ProgressLine())
        else:
            from core.training import workers

            with workers.Crew(together, log.info) as crew:
                result = loop.train(run, data, terminal.ProgressLine(), workers.chief_of(crew))
    except loop.Stop:
        log.info(f"\nStopped and saved. Go on with: python -m core train --resume {shlex.quote(shown_name)}")
        return 130
    except (KeyboardInterrupt, BrokenPipeError):  # nobody reads on
        control.write_progress(run, "stopped")
        raise
    except Exception as error:
        reason = "not enough memory. Try a smaller batch." if isinstance(error, MemoryError) else str(error)
        if isinstance(error, OSError):
            reason = f"{run.folder} cannot be written ({error.strerror or error}). Mend that, then resume it."
        elif not isinstance(error, loop.TrainingError | MemoryError | store.RunError):
            traceback.print_exc()  # a fault of ours: the log keeps where
            reason = f"an unexpected fault, {type(error).__name__}: {str(error)[:300]}"
        control.note_failure(run, reason)
        print(f"\nerror: {run.name} failed: {reason}", file=sys.stderr)
        return getattr(error, "exit_code", 1)
    print(f"{run.name}: accuracy {result.accuracy:.4f} ± {result.standard_error:.4f} on {result.data}")
    return 0
