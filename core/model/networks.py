"""The networks, each a visible list of layers, and everything that follows from the list by counting.

A network is read here by three readers: `parameter_lines` does the arithmetic the way the report writes it,
`core.keras_model` builds the Keras model that trains, and `core.model.forward` computes it in NumPy to answer.
To add a network, add one list to NETWORKS: its shapes, counts, model and forward pass follow.

All convolutions have stride 1 and SAME padding; all pooling is 2×2 with stride 2.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

DIGITS = 10
SUMS = 19  # 0+0 … 9+9
SIDE = 28  # pixels of an MNIST digit, each way


@dataclass(frozen=True)
class Convolution:
    size: int  # the filter is size×size
    filters: int


@dataclass(frozen=True)
class Dense:
    """A fully connected layer ("FC" in the report)."""

    units: int


@dataclass(frozen=True)
class ReLU:
    pass


@dataclass(frozen=True)
class MaxPool:
    pass


@dataclass(frozen=True)
class AveragePool:
    pass


@dataclass(frozen=True)
class Dropout:
    """Keeps each value with the recipe's keep_prob while training; does nothing at 1, and never at prediction."""


@dataclass(frozen=True)
class Softmax:
    pass


@dataclass(frozen=True)
class Split:
    """56×28 becomes two halves of 28×28; every layer up to Join or AddDigits serves both with the same weights."""


@dataclass(frozen=True)
class Join:
    """The feature vectors of the top and bottom half, one after the other, as one vector."""


@dataclass(frozen=True)
class AddDigits:
    """Two digit distributions become the logarithm of the distribution of their sum: P(s) = Σ P(d)·P(s−d)."""


Layer = Convolution | Dense | ReLU | MaxPool | AveragePool | Dropout | Softmax | Split | Join | AddDigits


@dataclass(frozen=True)
class Step:
    """One layer in its place: what goes in, what comes out, and the weights it owns.

    Shapes are those of one half while `halves` is 2. `weights` maps canonical tensor names to shapes: a kernel and a
    bias, or where the halves are untied those of the top and then those of the bottom.
    """

    layer: Layer
    label: str
    shape_in: tuple[int, ...]
    shape_out: tuple[int, ...]
    halves: int
    weights: dict[str, tuple[int, ...]]
    multiply_adds: int  # for one input of the network, both halves counted

    @property
    def parameters(self) -> int:
        return sum(prod(shape) for shape in self.weights.values())

    @property
    def arithmetic(self) -> str:
        """The parameter count as the report writes it, "5·5·1·32 + 32 = 800 + 32 = 832"; empty without weights."""
        if not self.weights:
            return ""
        kernel, bias = list(self.weights.values())[:2]
        product = "·".join(f"{size:,}" for size in kernel)
        once = f"{product} + {bias[0]:,} = {prod(kernel):,} + {bias[0]:,} = {prod(kernel) + bias[0]:,}"
        return once if len(self.weights) == 2 else f"2·({once}) = {self.parameters:,}"


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
    def input_shape(self) -> tuple[int, int, int]:
        return (2 * SIDE if self.reads_pairs else SIDE, SIDE, 1)

    @property
    def classes(self) -> int:
        return SUMS if self.reads_pairs else DIGITS

    @cached_property  # each rerun of a page asks for the parameters of all networks
    def steps(self) -> tuple[Step, ...]:
        """The layers with their shapes, weights and costs, in order."""
        steps, counts = [], {"conv": 0, "fc": 0}
        shape, halves = self.input_shape, 1
        for layer in self.layers:
            shape_in, weights, multiply_adds = shape, {}, 0
            match layer:
                case Convolution(size, filters):
                    counts["conv"] += 1
                    name = f"conv{counts['conv']}"
                    height, width, channels = shape
                    weights = {f"{name}.kernel": (size, size, channels, filters), f"{name}.bias": (filters,)}
                    multiply_adds = height * width * size * size * channels * filters
                    shape = (height, width, filters)
                    label = f"conv {size}×{size}×{channels}→{filters}"
                case Dense(units):
                    counts["fc"] += 1
                    name = f"fc{counts['fc']}"
                    inputs = prod(shape)
                    weights = {f"{name}.kernel": (inputs, units), f"{name}.bias": (units,)}
                    multiply_adds = inputs * units
                    shape = (units,)
                    label = f"FC {inputs}→{units}" + (", shared" if halves == 2 and self.tied else "")
                case MaxPool() | AveragePool():
                    height, width, channels = shape
                    shape = (height // 2, width // 2, channels)
                    label = "max pool 2×2" if layer == MaxPool() else "average pool 2×2"
                case Split():
                    height, width, channels = shape
                    shape, halves = (height // 2, width, channels), 2
                    label = "split into top and bottom"
                case Join():
                    shape, halves = (2 * prod(shape),), 1
                    label = "join top and bottom"
                case AddDigits():
                    shape, halves = (2 * prod(shape) - 1,), 1
                    label = "add: convolve the two distributions"
                case Softmax() | ReLU() | Dropout():
                    label = {Softmax(): "softmax", ReLU(): "ReLU", Dropout(): "dropout"}[layer]
            served = 2 if halves == 2 and layer != Split() else 1
            if halves == 2 and not self.tied:
                weights = {f"{half}.{name}": size for half in ("top", "bottom") for name, size in weights.items()}
            steps.append(Step(layer, label, shape_in, shape, halves, weights, served * multiply_adds))
        return tuple(steps)

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
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
        return next(i for i, layer in enumerate(self.layers) if layer in (Join(), AddDigits()))


def pool_first(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """The same function with "ReLU, max pool" turned into "max pool, ReLU": a quarter of the work for the ReLU."""
    layers = list(layers)
    for i in range(len(layers) - 1):
        if layers[i : i + 2] == [ReLU(), MaxPool()]:
            layers[i : i + 2] = [MaxPool(), ReLU()]
    return tuple(layers)


def uncut(network: Network) -> Network:
    """A sum network with the same weights that reads 56×28 as one picture and splits it before the first FC layer.

    With SAME padding each half then sees an edge of the other, where it saw blank paper before: nearly, not exactly,
    the same function. The report draws it so; we train and read the halves apart, which is what gives N² pairs.
    """
    layers = [layer for layer in network.layers if layer != Split()]
    first_dense = next(i for i, layer in enumerate(layers) if isinstance(layer, Dense))
    return replace(network, layers=(*layers[:first_dense], Split(), *layers[first_dense:]))


def untied(network: Network) -> Network:
    """A sum network whose halves each have weights of their own, up to where they meet: what sharing saves."""
    return replace(network, tied=False)


def paired(network: Network) -> Network:
    """A network that reads one digit, with the same weights, as one that reads both halves and adds their
    distributions as `sum_posterior` does. A network that reads pairs already is given back as it is.
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
    )
}
