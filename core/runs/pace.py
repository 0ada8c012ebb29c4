"""How long a training will take here, by the last one of its kind, and durations as text."""

from core.recipe import Recipe
from core.runs import metrics, store


def expected_seconds(recipe: Recipe, known: list[store.Run]) -> tuple[float, store.Run] | None:
    """Return how many seconds of training a recipe will take on this machine, and the run that this is known from.

    It takes the newest run of the same network that was trained here, one that augments as the recipe does if there
    is one, and its digits per second. None where no such run is among `known`, which are the newest first.
    """
    alike = [
        run for run in known if run.network == recipe.architecture and run.is_by_recipe and not store.is_shipped(run)
    ]
    for run in sorted(alike, key=lambda run: run.recipe.augments != recipe.augments):
        if seconds := step_seconds(metrics.read(run)):
            return seconds / run.recipe.step_digits * recipe.step_digits * recipe.steps, run
    return None


def step_seconds(points: list[dict]) -> float | None:
    """Return the seconds of a step by a run's points; the time before the first one went into building the graph."""
    timed = [(point["step"], point["seconds"]) for point in points if isinstance(point.get("seconds"), int | float)]
    if len(timed) < 3:
        return None
    (first, began), (last, ended) = timed[1], timed[-1]
    return (ended - began) / (last - first) if last > first and ended > began else None


def duration(seconds: float) -> str:
    """Say a duration: in hours from two hours on, in minutes and seconds below."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 120:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def about(seconds: float) -> str:
    """Say a duration that is only estimated, to two digits or so: "40 s", "3 min", "2.5 h"."""
    if seconds < 10:
        return "some seconds"
    if seconds < 90:
        return f"{round(seconds, -1):.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
