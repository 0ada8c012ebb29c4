"""MNIST addition as the literature sets it: 30,000 fixed pairs, their sums alone, and 5,000 fixed pairs to judge.

    python -m benchmarks.addition [SEEDS]

All 60,000 training images are dealt once, by the seed, into pairs that stay the same; the test digits likewise into
5,000. No test image chooses anything: the recipes were settled on the 1,000 training images that the app's own
trainings keep out, and the accuracy is that of the weights after the last step. With these 1,000 among them, training
has 500 pairs more than the app's `--pairing fixed` deals. Four minutes for each seed on two cores.

Published: DeepProbLog 0.9720 ± 0.0050, NeurASP 0.973, Embed2Sym 0.9762, A-NeSI 0.9766, DeepStochLog 0.979 ± 0.001,
ABLkit 0.980, A-NeSI at best 0.9814. Their networks are other ones, mostly smaller.
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
    for name, recipe in RECIPES.items():
        found = [accuracy(dataclasses.replace(recipe, seed=seed), data) for seed in range(1, seeds + 1)]
        each, seconds = zip(*found, strict=True)
        spread = f" ± {statistics.stdev(each):.4f}" if seeds > 1 else ""
        line = f"{name:20}{f'{statistics.mean(each):.4f}{spread}':>18}{GOALS[name]:8}{statistics.mean(seconds):9.0f}"
        print(f"{line}   {' '.join(f'{one:.4f}' for one in each)}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
