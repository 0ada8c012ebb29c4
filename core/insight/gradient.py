"""The gradient of a network's logits with respect to the image, by backpropagation in NumPy.

Each layer hands the gradient of what comes out of it back to what goes into it, the last layer first.
"""

import numpy as np

from core.model import forward
from core.model.backward import back_through
from core.model.forward import Weights
from core.model.halves import Split
from core.model.networks import Network
from core.model.operations import DIGITS, SUM_OF_PAIR


def leading_gradients(
    network: Network, weights: Weights, top: np.ndarray, bottom: np.ndarray, half: str, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the `count` sums with the largest logits, these logits, and their gradients at one of the digits.

    `top` and `bottom` (28, 28) in 0…1 are read by a network that splits them first, as all do whose halves are apart;
    `half` is "top" or "bottom". Sums and logits (count,), the largest first; gradients (count, 28, 28). The logits of
    `sum_posterior` are not cut off at PROBABILITY_FLOOR, where a gradient would be 0. Where a change upwards and one
    downwards differ (a ReLU at 0, equal values under a max pool) the gradient is that of one side: 0 for the ReLU, the
    first value's for the pool. Raises ValueError for a network that does not split first.
    """
    if network.layers[0] != Split():
        raise ValueError(
            f"{network.name} does not split its input first; core.model.networks.paired makes one that does"
        )
    image = np.concatenate([top, bottom]).astype(np.float32)
    outputs = forward.activations(network, weights, image[None])
    own, meeting = (0 if half == "top" else 1), network.tower_length
    logits, last = outputs[-1][0], meeting
    if network.names_digits:  # one function with the softmax before it
        last -= 1
        logits, to_digits = _sum_of_scores(*outputs[last - 1])
    sums = np.argsort(-logits, kind="stable")[:count]
    if network.names_digits:
        g = to_digits[own][sums]
    else:
        one_hot = np.eye(network.classes, dtype=np.float32)[sums]
        g = back_through(network.steps[meeting:], weights, outputs[meeting - 1 :], one_hot)[0][own::2]
    steps, weights = forward.tower_of(network, weights, half)
    of_half = [output[[own]] for output in outputs[:last]]  # from the halves down to where they meet, this half alone
    return sums, logits[sums], back_through(steps[: last - 1], weights, of_half, g)[0][..., 0]


def _sum_of_scores(top, bottom):
    """log P(s), (19,), from two digits' scores before the softmax (10,), and its gradients by them, 2 × (19, 10).

    log P(s) = log Σ exp(top_d + bottom_(s−d)) − log Σ exp(top) − log Σ exp(bottom), so the gradient by a score is the
    share of its digit among the pairs of s, less its digit's probability.
    """
    of_top, of_bottom = (scores - scores.max() for scores in (top, bottom))
    of_top, of_bottom = (scores - np.log(np.exp(scores).sum()) for scores in (of_top, of_bottom))
    pairs = np.where(SUM_OF_PAIR.T.reshape(-1, DIGITS, DIGITS) > 0, np.add.outer(of_top, of_bottom), -np.inf)
    largest = pairs.max(axis=(1, 2))
    shares = np.exp(pairs - largest[:, None, None])
    totals = shares.sum(axis=(1, 2))
    shares /= totals[:, None, None]
    by_top, by_bottom = shares.sum(axis=2) - np.exp(of_top), shares.sum(axis=1) - np.exp(of_bottom)
    return largest + np.log(totals), (by_top, by_bottom)
