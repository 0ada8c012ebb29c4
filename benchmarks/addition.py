"""MNIST addition as the literature sets it: 30,000 fixed pairs, their sums alone, and 5,000 fixed pairs to judge.

    python -m benchmarks.addition [SEEDS]

What it finds is kept in core/report/addition.json, and shown on the report page beside what others published.
All 60,000 training images are dealt once, by the seed, into pairs that stay the same; the test digits likewise into
5,000. No test image chooses anything: the recipes were settled on the 1,000 training images that the app's own
trainings keep out, and the accuracy is that of the weights after the last step. With these 1,000 among them, training
has 500 pairs more than the app's `--pairing fixed` deals. Four minutes for each seed on two cores.
"""

import dataclasses
import statistics
import sys
import time

import numpy as np

from core.images import mnist
from core.model.answers import of_digits
from core.presets import MOVES
from core.recipe import Recipe
from core.report import addition
from core.training import precision
from core.training.trainer import Trainer

AS_THEY_ARE = Recipe(
    network="sum_posterior",
    pairing="fixed",
    batch=64,
    steps=2400,  # a little more than five times each pair
    learning_rate=2e-3,
    keep_prob=0.5,
    average_decay=0.99,
)
RECIPES = {"images as they are": AS_THEY_ARE, "images moved": dataclasses.replace(AS_THEY_ARE, **MOVES)}
GOALS = {"images as they are": 0.985, "images moved": 0.99}


def literature() -> mnist.Mnist:
    """Return MNIST with all of its 60,000 training images."""
    data, kept_out = mnist.load(), mnist.embedded()
    return dataclasses.replace(
        data,
        train_images=np.concatenate([data.train_images, kept_out.test_images]),
        train_labels=np.concatenate([data.train_labels, kept_out.test_labels]),
    )


def accuracy(recipe: Recipe, data: mnist.Mnist) -> tuple[float, float]:
    """Train, and return the accuracy on the fixed test pairs and the seconds from the first step to the last."""
    trainer = Trainer(recipe, recipe.architecture, data, precision.first(recipe))
    began = time.monotonic()
    trainer.advance(recipe.steps)
    seconds = time.monotonic() - began
    answers = of_digits(recipe.architecture, trainer.weights(), data.test_images)
    top, bottom = mnist.disjoint_pairs(len(data.test_labels), seed=0).T
    truth = data.test_labels[top].astype(int) + data.test_labels[bottom]
    return float((answers.logits(top, bottom).argmax(axis=1) == truth).mean()), seconds


def main(seeds: int = 5) -> None:
    """Print a line for each recipe."""
    data = literature()
    pairs = len(data.train_labels) // 2
    print(f"{pairs:,} pairs to train, {len(data.test_labels) // 2:,} to judge, {precision.faster()}, {seeds} seeds")
    print(f"{'':20}{'accuracy':>18}{'goal':>8}{'seconds':>9}   each seed")
    measured = []
    for name, recipe in RECIPES.items():
        found = [accuracy(dataclasses.replace(recipe, seed=seed), data) for seed in range(1, seeds + 1)]
        each, seconds = zip(*found, strict=True)
        one = addition.Reached(name, each, round(statistics.mean(seconds), 1), precision.faster())
        line = f"{name:20}{one.summary:>18}{GOALS[name]:8}{one.seconds:9.0f}"
        print(f"{line}   {' '.join(f'{accuracy:.4f}' for accuracy in each)}", flush=True)
        measured.append(one)
    addition.keep(measured)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
