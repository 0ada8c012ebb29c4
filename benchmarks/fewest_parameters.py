"""How many digits a network reads with at most 100, 200, 400, 700, 1,000, 2,000 and 10,000 parameters.

    python -m benchmarks.fewest_parameters [SEEDS [BUDGET ...]]

What it finds is kept in core/report/fewest_parameters.json, a line for each training, and shown on the report page
beside `minimal`, which has 694, and what others published. A training whose line is there is not done
again. No test image chooses anything: layers and recipes were chosen on 5,000 training images that were kept out for
it (benchmarks/README.md), and the accuracy is that of the weights after the last step, of every seed.
"""

import dataclasses
import sys

from core.evaluation import evaluate
from core.images import mnist
from core.model.layers import (
    AveragePool,
    Convolution,
    Dense,
    DepthwiseConvolution,
    GlobalDepthwiseConvolution,
    Layer,
    MaxPool,
    ReLU,
)
from core.model.networks import Network
from core.model.operations import DIGITS
from core.recipe import Recipe
from core.report import fewest_parameters
from core.report.fewest_parameters import Training
from core.training.trainer import Trainer

SEEDS = 5
# It names `minimal` because a recipe names one of the app's networks; the trainer is handed other layers.
RECIPE = Recipe(
    network="minimal",
    learning_rate=3e-2,
    average_decay=0.999,
    shift_pixels=1.0,
    turn_degrees=4.0,
    scale=0.05,
    precision="float32",  # so that no machine chooses another one
)


def mixed(filters: int) -> tuple[Layer, ...]:
    """Return a convolution of each channel by itself, a 1×1 one that mixes the channels, and a ReLU."""
    return DepthwiseConvolution(3), Convolution(1, filters), ReLU()


@dataclasses.dataclass(frozen=True)
class Contender:
    """A network within a budget of parameters, and the recipe that trains it."""

    budget: int
    recipe: Recipe
    layers: tuple[Layer, ...]

    @property
    def network(self) -> Network:
        return Network(f"at_most_{self.budget}", "", self.layers)


def contender(budget: int, steps: int, *layers: Layer, **changes: float) -> Contender:
    """Return the network of some layers and of what names the digit after them, with RECIPE but for the `changes`."""
    ending = GlobalDepthwiseConvolution(3), Dense(DIGITS)
    return Contender(budget, dataclasses.replace(RECIPE, steps=steps, **changes), (*layers, *ending))


CONTENDERS = (
    contender(
        100,
        20_000,
        *(AveragePool(), Convolution(3, 3), ReLU(), AveragePool()),  # 7×7×3
        AveragePool(),
    ),
    contender(
        200,
        20_000,
        *(AveragePool(), Convolution(3, 3), ReLU(), AveragePool()),  # 7×7×3
        *(*mixed(5), AveragePool()),
    ),
    contender(
        400,
        12_000,
        *(Convolution(3, 4), ReLU(), AveragePool()),  # 14×14×4
        *(*mixed(6), AveragePool()),  # 7×7×6
        *(*mixed(8), AveragePool()),
    ),
    contender(
        700,
        20_000,
        *(Convolution(3, 6), ReLU(), MaxPool()),  # 14×14×6
        *(*mixed(6), *mixed(7), MaxPool()),  # 7×7×7
        *(*mixed(8), *mixed(8), MaxPool()),
    ),
    contender(
        1000,
        10_000,
        *(Convolution(3, 6), ReLU(), MaxPool()),  # 14×14×6
        *(*mixed(9), *mixed(9), MaxPool()),  # 7×7×9
        *(*mixed(11), *mixed(11), MaxPool()),
    ),
    contender(
        2000,
        10_000,
        *(Convolution(3, 6), ReLU(), *mixed(10), MaxPool()),  # 14×14×10
        *(*mixed(14), *mixed(14), MaxPool()),  # 7×7×14
        *(*mixed(16), *mixed(18), MaxPool()),
    ),
    contender(
        10_000,
        11_000,
        *(Convolution(3, 8), ReLU(), Convolution(3, 8), ReLU(), MaxPool()),  # 14×14×8
        *(Convolution(3, 16), ReLU(), Convolution(3, 16), ReLU(), MaxPool()),  # 7×7×16
        *(Convolution(3, 34), ReLU(), MaxPool()),
        learning_rate=1e-2,
        shift_pixels=2.0,
        turn_degrees=8.0,
        scale=0.1,
        shear=0.1,
    ),
)


def train(contender: Contender, seed: int, data: mnist.Mnist) -> Training:
    """Train a network once, and measure what it reads of the test images after the last step."""
    network, recipe = contender.network, dataclasses.replace(contender.recipe, seed=seed)
    trainer = Trainer(recipe, network, data, recipe.precision)
    trainer.advance(recipe.steps)
    accuracy = evaluate(network, trainer.weights(), data).accuracy
    return Training(contender.budget, network.parameters, seed, recipe.steps, accuracy, round(trainer.seconds, 1))


def main(seeds: int = SEEDS, *budgets: int) -> None:
    """Do the trainings that are missing, print a line for each, and keep them."""
    data = mnist.load()
    if data.name != "full":
        sys.exit(data.notice)
    print(f"{'at most':>7} {'parameters':>10} {'seed':>4} {'steps':>6} {'accuracy':>8} {'seconds':>7}")
    for contender in CONTENDERS:
        for seed in range(1, seeds + 1):
            done = {(training.budget, training.seed) for training in fewest_parameters.trainings()}
            if (contender.budget, seed) in done or (budgets and contender.budget not in budgets):
                continue
            one = train(contender, seed, data)
            fewest_parameters.keep([*fewest_parameters.trainings(), one])
            print(
                f"{one.budget:7,} {one.parameters:10,} {seed:4} {one.steps:6,} {one.accuracy:8.4f} {one.seconds:7.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
