"""One digit in many versions, beside another that stays as it is."""

from dataclasses import replace

import numpy as np

from core.model import forward
from core.model.forward import Weights
from core.model.networks import Network, paired, pool_first


def logits_beside(network: Network, weights: Weights, versions: np.ndarray, other: np.ndarray, half: str) -> np.ndarray:
    """Return the logits (n, 19) of n versions (n, 28, 28) of the digit in `half`, "top" or "bottom", beside one other.

    The other digit (28, 28) is read once. A network that reads one digit is read as `networks.paired` makes it.
    """
    network = paired(network)
    network = replace(network, layers=pool_first(network.layers))
    own = forward.tower(network, weights, versions, half)
    others = forward.tower(network, weights, other[None], "bottom" if half == "top" else "top").repeat(len(own), axis=0)
    return forward.head(network, weights, *((own, others) if half == "top" else (others, own)))
