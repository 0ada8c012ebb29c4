"""How long each network trains until it first reaches the accuracy that the report printed for it.

    python -m benchmarks.time_to_accuracy [SEEDS] [NETWORK ...]

Each network trains by the recipe "Quickest" (core/presets.py), once for each seed. The clock runs from the first step,
the building of the graph left out, and stands still while a point of the curve is judged, as in the curves of the app:
on a fifth of MNIST's test digits, or on pairs of them. Beside it the report's own protocol: its pace is measured in the
same run, over PROTOCOL_STEPS steps, and multiplied by its 20,000 iterations. The report's `deep` was a figure; 0.99 is
this project's own goal.
"""

import dataclasses
import math
import statistics
import sys

import tensorflow as tf

from core.images import mnist
from core.presets import as_in_the_report, quickest
from core.recipe import Recipe
from core.training import precision
from core.training.trainer import Trainer

# network → accuracy, and the seconds that were set as a goal on a processor with bfloat16
GOALS = {
    "sum_posterior": (0.95, 5),
    "sum": (0.95, 30),
    "deep": (0.99, 15),
    "linear": (0.9174, 5),
    "shallow": (0.9605, 5),
    "compact": (0.9586, 5),
}
POINTS = 40  # looks at the accuracy in a run
PROTOCOL_STEPS = 100


def seconds_to(recipe: Recipe, accuracy: float, data: mnist.Mnist) -> tuple[float, int]:
    """Seconds of training, and steps, until the averaged weights first reach an accuracy; infinite if never."""
    trainer = started(recipe, data)
    every = max(1, recipe.steps // POINTS)
    while trainer.step < recipe.steps:
        point = trainer.point(*trainer.advance(min(every, recipe.steps - trainer.step)))
        if point["test_accuracy"] >= accuracy:
            return trainer.seconds, trainer.step
    return math.inf, recipe.steps


def protocol_seconds(network: str, data: mnist.Mnist) -> float:
    """What 20,000 iterations of the report's own protocol would take at the pace of the first ones."""
    recipe = as_in_the_report(network)
    trainer = started(recipe, data)
    trainer.advance(PROTOCOL_STEPS)
    return trainer.seconds / trainer.step * recipe.steps


def started(recipe: Recipe, data: mnist.Mnist) -> Trainer:
    """A trainer whose graph is built, back at its first step."""
    trainer = Trainer(recipe, recipe.architecture, data, precision.first(recipe))
    state = trainer.state()
    trainer.point(*trainer.advance(1))
    trainer.restore(state, 0)
    return trainer


def main(seeds: int = 5, *networks: str) -> None:
    """Print a line for each network."""
    data = mnist.load()
    print(f"TensorFlow {tf.__version__}, {precision.faster()}, {data.description}")
    print(f"{'':14} accuracy  median s  steps  goal s  protocol s  ratio  each seed, s")
    for network in networks or GOALS:
        accuracy, goal_seconds = GOALS[network]
        recipes = [dataclasses.replace(quickest(network), seed=seed) for seed in range(1, seeds + 1)]
        found = [seconds_to(recipe, accuracy, data) for recipe in recipes]
        seconds, steps = (statistics.median(values) for values in zip(*found, strict=True))
        protocol = protocol_seconds(network, data)
        each = " ".join(f"{s:.1f}" for s, _ in found)
        line = f"{network:14} {accuracy:8.4f} {seconds:9.1f} {steps:6.0f} {goal_seconds:7} {protocol:11,.0f}"
        print(f"{line} {protocol / seconds:6.0f}  {each}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:])
