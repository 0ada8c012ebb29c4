"""What a network answers to each of many digits, computed once and kept: a pair's logits then cost an addition.

A sum network's logits for a pair are made of what each half brings alone (`sum`: A·f(top) + B·f(bottom) + c), so the
answers to 10,000 digits hold the answers to all 100 million pairs of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.model import forward, operations
from core.model.networks import Network, paired


@dataclass(frozen=True)
class Answers:
    """Of n digits, by one network.

    A network that reads one digit: `top` are its logits (n, 10), and `bottom` the same. `sum_posterior` and its like:
    the digit's probabilities (n, 10), read as a top and as a bottom. `sum` and its like: what the digit adds to the 19
    logits (n, 19) as a top and as a bottom; `bias` (19,) is what is there without either.
    """

    network: Network
    top: np.ndarray
    bottom: np.ndarray
    bias: np.ndarray | None

    def logits(self, tops: np.ndarray, bottoms: np.ndarray) -> np.ndarray:
        """Return the logits (m, 19) of m pairs of digits' indices. ValueError if the network reads no pairs."""
        if not self.network.reads_pairs:
            raise ValueError(f"{self.network.name} reads one digit, not pairs")
        top, bottom = self.top[tops], self.bottom[bottoms]
        if self.bias is not None:
            return top + bottom + self.bias
        return np.log(np.maximum(operations.add_distributions(top, bottom), operations.PROBABILITY_FLOOR))

    def tensors(self) -> dict[str, np.ndarray]:
        """Return them as arrays to be kept; `from_tensors` takes them back."""
        kept = {"top": self.top}
        if self.bias is not None:
            kept["bias"] = self.bias
        return kept if self.bottom is self.top else kept | {"bottom": self.bottom}


def as_pairs(answers: Answers) -> Answers:
    """Return answers of a network that reads one digit as those of it reading two, whose distributions add up."""
    if answers.network.reads_pairs:
        return answers
    probabilities = operations.softmax(answers.top)
    return Answers(paired(answers.network), probabilities, probabilities, None)


def from_tensors(network: Network, tensors: dict[str, np.ndarray]) -> Answers:
    """Restore answers that were kept. Raises ValueError if they cannot be those of the network."""
    top = tensors.get("top", np.zeros(0))
    adds = network.reads_pairs and not network.names_digits
    wanted = {"top", "bottom", "bias"} if adds else {"top"} if network.tied else {"top", "bottom"}
    shape = (len(top), network.classes if adds else 10)
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    if shapes != {name: (network.classes,) if name == "bias" else shape for name in wanted}:
        raise ValueError(f"these are not answers of {network.name}")
    return Answers(network, top, tensors.get("bottom", top), tensors.get("bias"))


def of_digits(
    network: Network,
    weights: forward.Weights,
    digits: np.ndarray,
    on_progress: Callable[[float], object] = lambda done: None,
) -> Answers:
    """Compute the answers to digits (n, 28, 28). `on_progress` hears the fraction done."""
    if not network.reads_pairs:
        logits = forward.logits(network, weights, digits, on_progress)
        return Answers(network, logits, logits, None)
    top = bottom = forward.tower(network, weights, digits, on_progress=on_progress)
    if not network.tied:
        bottom = forward.tower(network, weights, digits, "bottom", on_progress)
    if network.names_digits:
        return Answers(network, top, bottom, None)
    kernel, bias = (weights[name] for name in network.steps[-1].weights)
    of_top, of_bottom = np.split(kernel, 2)
    return Answers(network, top @ of_top, bottom @ of_bottom, bias)
