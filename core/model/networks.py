"""The networks, each a visible list of layers, and everything that follows from the list by counting.

A network is read by four readers: `parameter_lines` does the arithmetic the way the report writes it,
`core.training.keras_model` builds the Keras model that trains, `core.model.forward` computes it in NumPy to answer, and
`core.pocket` in JavaScript. To add a network, add one list to NETWORKS: its shapes, counts, model and answers follow.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from core.model.halves import AddDigits, Join, Split
from core.model.layers import (
    AveragePool,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Dropout,
    GlobalDepthwiseConvolution,
    Layer,
    MaxPool,
    ReLU,
    Shape,
    Softmax,
)
from core.model.operations import DIGITS, SUMS

SIDE = 28  # pixels of an MNIST digit, each way


@dataclass(frozen=True)
class Step:
    """One layer in its place: what goes in, what comes out, and the weights it owns.

    Shapes are those of one half while `halves` is 2. `weights` maps canonical tensor names to shapes: a kernel and a
    bias, or where the halves are untied those of the top and then those of the bottom.
    """

    layer: Layer
    label: str
    shape_in: Shape
    shape_out: Shape
    halves: int
    weights: dict[str, Shape]
    multiply_adds: int  # for one input of the network, both halves counted

    @property
    def parameters(self) -> int:
        return sum(prod(shape) for shape in self.weights.values())

    @property
    def untied(self) -> bool:
        """Whether tops and bottoms, which follow each other in the batch, each have weights of their own here."""
        return any(name.startswith("bottom.") for name in self.weights)

    @property
    def kernels(self) -> list[str]:
        """The names of its kernels: none, one, or where the halves are untied that of the top and of the bottom."""
        return [name for name in self.weights if name.endswith(".kernel")]

    @property
    def names_by_half(self) -> list[list[str]]:
        """The names of its weights: once, or where the halves are untied the top's and the bottom's apart."""
        names = list(self.weights)
        return [names[: len(names) // 2], names[len(names) // 2 :]] if self.untied else [names]

    @property
    def arithmetic(self) -> str:
        """The parameter count as the report writes it, "5·5·1·32 + 32 = 800 + 32 = 832"; empty without weights."""
        if not self.weights:
            return ""
        kernel, *bias = (self.weights[name] for name in self.names_by_half[0])
        factors, total = "·".join(f"{size:,}" for size in kernel), prod(kernel)
        once = f"{factors} = {total:,}"
        if bias:
            ((size,),) = bias
            once = f"{factors} + {size:,} = {total:,} + {size:,} = {total + size:,}"
        return f"2·({once}) = {self.parameters:,}" if self.untied else once


@dataclass(frozen=True)
class Network:
    """A network of the app: its name, what it is in a sentence, and its layers from pixels to logits.

    `tied` says whether the two halves of a sum network share their weights; see `untied`.
    """

    name: str
    summary: str
    layers: tuple[Layer, ...]
    tied: bool = True

    @property
    def reads_pairs(self) -> bool:
        """Whether the input is 56×28, two digits one above the other, rather than 28×28, one digit."""
        return Split() in self.layers

    @property
    def names_digits(self) -> bool:
        """Whether a network that reads pairs names each digit with a probability, rather than the sum alone."""
        return AddDigits() in self.layers

    @property
    def input_shape(self) -> tuple[int, int, int]:
        return (2 * SIDE if self.reads_pairs else SIDE, SIDE, 1)

    @property
    def classes(self) -> int:
        return SUMS if self.reads_pairs else DIGITS

    @cached_property  # each rerun of a page asks for the parameters of all networks
    def steps(self) -> tuple[Step, ...]:
        """The layers with their shapes, weights and costs, in order."""
        steps: list[Step] = []
        counts: dict[str, int] = {}
        shape: Shape = self.input_shape
        halves = 1
        for layer in self.layers:
            weights = layer.weight_shapes(shape)
            if weights:
                counts[layer.kind] = counts.get(layer.kind, 0) + 1
                weights = {f"{layer.kind}{counts[layer.kind]}.{part}": size for part, size in weights.items()}
            if halves == 2 and not self.tied:
                weights = {f"{half}.{name}": size for half in ("top", "bottom") for name, size in weights.items()}
            label = layer.label(shape, shared=halves == 2 and self.tied)
            multiply_adds = halves * layer.multiply_adds(shape)
            shape_in, shape, halves = shape, layer.shape_out(shape), layer.halves_out or halves
            steps.append(Step(layer, label, shape_in, shape, halves, weights, multiply_adds))
        return tuple(steps)

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """Canonical tensor name → shape, in the order of the layers: exactly what a checkpoint holds."""
        return {name: shape for step in self.steps for name, shape in step.weights.items()}

    @property
    def parameters(self) -> int:
        return sum(step.parameters for step in self.steps)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of one forward pass for one input (a pair, where the network reads pairs)."""
        return sum(step.multiply_adds for step in self.steps)

    @property
    def parameter_lines(self) -> list[str]:
        """The report's arithmetic, a line for each layer that has parameters, and their total."""
        lines = [f"{step.label}: {step.arithmetic}" for step in self.steps if step.weights]
        return [*lines, f"total: {self.parameters:,}"]

    @property
    def tower_length(self) -> int:
        """How many layers serve each half alone, Split included: all before Join or AddDigits."""
        return next(i for i, step in enumerate(self.steps) if step.layer.halves_out == 1)


def pool_first(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Turn each "ReLU, max pool" into "max pool, ReLU": the same function, a quarter of the work for the ReLU."""
    swapped = list(layers)
    for i in range(len(swapped) - 1):
        if swapped[i : i + 2] == [ReLU(), MaxPool()]:
            swapped[i : i + 2] = [MaxPool(), ReLU()]
    return tuple(swapped)


def uncut(network: Network) -> Network:
    """Return a sum network of the same weights that reads 56×28 as one picture, split before the first FC layer.

    With SAME padding each half then sees an edge of the other, where it saw blank paper before: nearly, not exactly,
    the same function. The report draws it so; we train and read the halves apart, which is what gives N² pairs.
    """
    layers = [layer for layer in network.layers if layer != Split()]
    first_dense = next(i for i, layer in enumerate(layers) if isinstance(layer, Dense))
    return replace(network, layers=(*layers[:first_dense], Split(), *layers[first_dense:]))


def untied(network: Network) -> Network:
    """Return a sum network whose halves each have their own weights, up to where they meet: what sharing saves."""
    return replace(network, tied=False)


def paired(network: Network) -> Network:
    """Let a network that reads one digit read both halves by the same weights, and add their distributions.

    It adds as `sum_posterior` does. A network that reads pairs already is given back as it is.
    """
    if network.reads_pairs:
        return network
    return replace(network, layers=(Split(), *network.layers, Softmax(), AddDigits()))


CONVOLUTIONS = (
    Convolution(5, 32),
    ReLU(),
    MaxPool(),  # 14×14×32
    Convolution(5, 64),
    ReLU(),
    MaxPool(),  # 7×7×64 = 3136
)

NETWORKS = {
    network.name: network
    for network in (
        Network(
            "sum_posterior",
            "Past the report: one shared reader names each digit with a probability, and the two distributions are "
            "convolved into that of the sum.",
            (Split(), *CONVOLUTIONS, Dense(1024), ReLU(), Dropout(), Dense(DIGITS), Softmax(), AddDigits()),
        ),
        Network(
            "sum",
            "The report's question 5: one shared FC layer reads both halves, and a last FC layer learns to add. "
            "The shared layer has the ReLU that the report's words leave out and its accuracy needs.",
            (Split(), *CONVOLUTIONS, Dense(1024), ReLU(), Dropout(), Join(), Dense(SUMS)),
        ),
        Network(
            "sum_linear",
            "The report's question 5 to the letter: as sum, without a ReLU on the shared layer.",
            (Split(), *CONVOLUTIONS, Dense(1024), Dropout(), Join(), Dense(SUMS)),
        ),
        Network(
            "deep",
            "The report's question 1: two convolutions and two FC layers read one digit.",
            (*CONVOLUTIONS, Dense(1024), ReLU(), Dropout(), Dense(DIGITS)),
        ),
        Network(
            "linear",
            "The report's question 2: deep with every ReLU removed and average pooling, so one linear function.",
            (
                *(Convolution(5, 32), AveragePool()),  # 14×14×32
                *(Convolution(5, 64), AveragePool()),  # 7×7×64
                *(Dense(1024), Dropout(), Dense(DIGITS)),
            ),
        ),
        Network(
            "shallow",
            "The report's question 3: one convolution, no pooling, one FC layer.",
            (Convolution(8, 8), ReLU(), Dropout(), Dense(DIGITS)),
        ),
        Network(
            "compact",
            "The report's question 3, its network with a minimal number of parameters.",
            (
                *(Convolution(7, 16), ReLU(), MaxPool()),  # 14×14×16
                *(Convolution(5, 26), ReLU(), MaxPool()),  # 7×7×26 = 1274
                *(Dense(1024), ReLU(), Dropout(), Dense(DIGITS)),
            ),
        ),
        Network(
            "reduced",
            "The report's question 4: deep with a smaller second convolution and FC layer, against over-fitting.",
            (
                *(Convolution(5, 32), ReLU(), MaxPool()),  # 14×14×32
                *(Convolution(3, 64), ReLU(), MaxPool()),  # 7×7×64 = 3136
                *(Dense(300), ReLU(), Dropout(), Dense(DIGITS)),
            ),
        ),
        Network(
            "dropout",
            "The report's question 4: deep with a dropout layer between every two layers.",
            (
                *(Convolution(5, 32), ReLU(), MaxPool(), Dropout()),  # 14×14×32
                *(Convolution(5, 64), ReLU(), MaxPool(), Dropout()),  # 7×7×64 = 3136
                *(Dense(1024), ReLU(), Dropout(), Dense(DIGITS)),
            ),
        ),
        Network(
            "tiny",
            "Past the report: its question 3 asked for a minimal number of parameters. Under a thousand are enough.",
            (
                *(Convolution(3, 4), ReLU(), MaxPool()),  # 14×14×4
                *(Convolution(3, 5), ReLU(), MaxPool()),  # 7×7×5
                *(Convolution(3, 5), ReLU(), MaxPool()),  # 3×3×5 = 45
                *(Dropout(), Dense(DIGITS)),
            ),
        ),
        Network(
            "minimal",
            "Past the report: a minimal number of parameters again, 694. Convolutions of each channel by itself take "
            "turns with 1×1 ones that mix the channels.",
            (
                *(Convolution(3, 4), ReLU()),
                *(DepthwiseConvolution(3), Convolution(1, 6), ReLU(), MaxPool()),  # 14×14×6
                *(DepthwiseConvolution(3), Convolution(1, 8), ReLU()),
                *(DepthwiseConvolution(3), Convolution(1, 8), ReLU(), MaxPool()),  # 7×7×8
                *(DepthwiseConvolution(3), Convolution(1, 9), ReLU(), MaxPool()),  # 3×3×9
                *(GlobalDepthwiseConvolution(3), Dropout(), Dense(DIGITS)),
            ),
        ),
    )
}
