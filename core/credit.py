"""Find where the credit for a told sum goes: the gradient at a network's last layer, by hand.

With p and q what a network that names digits reads in the two halves, the gradient of −log P(s) at the top digit's
logits is p − r, where r(d) = p(d)·q(s−d) / P(s) is what the top digit is once the sum is known; likewise below. For a
network that names no digits it is P minus one at the true sum.
"""

from dataclasses import dataclass, field

import numpy as np

from core.model.forward import Weights
from core.model.networks import Network, paired
from core.model.operations import DIGITS, SUMS, softmax


@dataclass(frozen=True)
class Features:
    """What the last layer reads of n pairs: (n, f) of each half; and the pairs' sums (n,)."""

    top: np.ndarray = field(repr=False)
    bottom: np.ndarray = field(repr=False)
    sums: np.ndarray


def gradients(network: Network, layer: Weights, pairs: Features) -> Weights:
    """Return the gradient of the mean of −log P(s) over pairs, at the kernel and at the bias of the last layer."""
    kernel, bias = layer
    if paired(network).names_digits:
        logits = digit_logits(layer, pairs.top), digit_logits(layer, pairs.bottom)
        of_top, of_bottom = (_mean_share(g, layer[kernel]) for g in credit(*logits, pairs.sums))
        moved = pairs.top.T @ of_top + pairs.bottom.T @ of_bottom
        return {kernel: moved, bias: of_top.sum(axis=0) + of_bottom.sum(axis=0)}
    g = softmax(_sum_logits(layer, pairs.top, pairs.bottom).astype(np.float64))
    g[np.arange(len(g)), pairs.sums] -= 1
    g = _mean_share(g, layer[kernel])
    return {kernel: np.concatenate([pairs.top.T @ g, pairs.bottom.T @ g]), bias: g.sum(axis=0)}


def credit(top: np.ndarray, bottom: np.ndarray, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return p − r, the gradients at digit logits (n, 10) of tops and of bottoms, once the sums (n,) of both are known.

    In logarithms, so that a network that is quite sure of a wrong sum learns, too.
    """
    others = np.asarray(sums)[:, None] - np.arange(DIGITS)  # the digit that the other half must then be
    allowed, others = (others >= 0) & (others < DIGITS), others.clip(0, DIGITS - 1)
    log_top, log_bottom = _log_softmax(top), _log_softmax(bottom)
    r_top = softmax(np.where(allowed, log_top + np.take_along_axis(log_bottom, others, 1), -np.inf))
    r_bottom = np.where(allowed, np.take_along_axis(r_top, others, 1), 0)
    return np.exp(log_top) - r_top, np.exp(log_bottom) - r_bottom


@dataclass(frozen=True)
class Credit:
    """What one pair teaches a network, that it reads before and after, and where the credit for the sum goes.

    `before` and `after` are the probabilities (10,) of the top and of the bottom digit, and `blame` is p − r of both;
    where a network names no digits they are of the sum (19,), alone: P, and P minus one at the true sum.
    """

    before: tuple[np.ndarray, ...]
    after: tuple[np.ndarray, ...]
    blame: tuple[np.ndarray, ...]


def credit_of(network: Network, before: Weights, after: Weights, pairs: Features, index: int) -> Credit:
    """Return what the pair at an index taught: `before` and `after` are the last layer, untaught and taught."""
    top, bottom, total = pairs.top[[index]], pairs.bottom[[index]], pairs.sums[[index]]
    if paired(network).names_digits:
        old, new = (
            [digit_logits(layer, half).astype(np.float64) for half in (top, bottom)] for layer in (before, after)
        )
        blame = [*credit(old[0], old[1], total)]
    else:
        old, new = ([_sum_logits(layer, top, bottom).astype(np.float64)] for layer in (before, after))
        blame = [softmax(old[0]) - np.eye(SUMS)[total]]
    read_before, read_after = (tuple(softmax(logits)[0] for logits in each) for each in (old, new))
    return Credit(read_before, read_after, tuple(g[0] for g in blame))


def digit_logits(layer: Weights, x: np.ndarray) -> np.ndarray:
    """Return the logits (n, 10) of digits from their features (n, f), by a last layer that names digits."""
    kernel, bias = layer.values()
    return x @ kernel + bias


def _sum_logits(layer, top, bottom):
    kernel, bias = layer.values()
    of_top, of_bottom = np.split(kernel, 2)
    return top @ of_top + bottom @ of_bottom + bias


def _mean_share(g, kernel):
    return (g / len(g)).astype(kernel.dtype)


def _log_softmax(logits):
    logits = logits.astype(np.float64)
    logits -= logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
