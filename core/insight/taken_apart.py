"""The last layer's sum, taken apart: logits = A·f(top) + B·f(bottom) + c, and how near that is to adding perfectly.

Perfect adding by such a sum is the parabola −a(s − d₁ − d₂)² = −a·s² + 2a·s·d₁ + 2a·s·d₂ − a(d₁ + d₂)²: what one digit
adds is a straight line in s whose slope is proportional to the digit, and the last term, the same for all s, a softmax
does not see.
"""

from dataclasses import dataclass

import numpy as np

from core.model import answers, forward
from core.model.networks import Network
from core.model.operations import SUMS

S = np.arange(SUMS, dtype=float)


@dataclass(frozen=True)
class Parts:
    """What the top digit, the bottom digit and the bias add to the 19 logits: (19,) each."""

    top: np.ndarray
    bottom: np.ndarray
    bias: np.ndarray

    @property
    def total(self) -> np.ndarray:
        return self.top + self.bottom + self.bias


@dataclass(frozen=True)
class Parabola:
    """−a(s − vertex)² + c, fitted to logits (…, 19) by least squares; each field is (…).

    `fit` is R², the share of the logits' variance over the 19 sums that the parabola explains.
    """

    a: np.ndarray
    vertex: np.ndarray
    c: np.ndarray
    fit: np.ndarray

    def at(self, sums: np.ndarray) -> np.ndarray:
        """Return the values (m,) of a single parabola at sums (m,)."""
        return self.c - self.a * (sums - self.vertex) ** 2


def parts(network: Network, weights: forward.Weights, top: np.ndarray, bottom: np.ndarray) -> Parts:
    """Return what two digits (28, 28) add to the logits of a network that joins its halves; else ValueError."""
    of_both = answers.of_digits(network, weights, np.stack([top, bottom]))
    if of_both.bias is None:
        raise ValueError(f"{network.name} does not add two vectors in its last layer")
    return Parts(of_both.top[0], of_both.bottom[1], of_both.bias)


def centred(values: np.ndarray) -> np.ndarray:
    """Return logits (…, 19) less their mean over the sums, which a softmax does not see."""
    return values - values.mean(axis=-1, keepdims=True)


def parabola(logits: np.ndarray) -> Parabola:
    """Fit the parabola nearest to logits (…, 19). Its vertex is not finite where the logits do not bend at all."""
    x = S - S.mean()
    terms = np.stack([x**2, x, np.ones(SUMS)], axis=1)
    square, slope, level = np.linalg.lstsq(terms, logits.reshape(-1, SUMS).T.astype(float), rcond=None)[0]
    fitted = (terms @ np.stack([square, slope, level])).T
    flat = logits.reshape(-1, SUMS)
    with np.errstate(divide="ignore", invalid="ignore"):
        explained = 1 - ((flat - fitted) ** 2).sum(axis=1) / (centred(flat.astype(float)) ** 2).sum(axis=1)
        middle = -slope / (2 * square)
        top = level + slope * middle / 2
    shape = logits.shape[:-1]
    return Parabola(*(v.reshape(shape) for v in (-square, middle + S.mean(), top, explained)))


def slopes(added: np.ndarray) -> np.ndarray:
    """Return by how much what digits add (n, 19) rises from one sum to the next, by least squares: (n,).

    For perfect adding by −a(s − d₁ − d₂)² it is 2a·d and a constant that all digits share.
    """
    x = S - S.mean()
    return added @ x / (x @ x)


def straightness(added: np.ndarray) -> float:
    """Return R² of straight lines in s for what n digits add (n, 19), each less the digits' mean and its own constant.

    The mean of all digits takes up the term −a·s², which the layer may put into either half or the bias.
    """
    own = centred(added - added.mean(axis=0))
    lines = np.outer(slopes(own), S - S.mean())
    return float(1 - ((own - lines) ** 2).sum() / (own**2).sum())
