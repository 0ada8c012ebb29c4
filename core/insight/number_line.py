"""The number line: do the features of digits lie in the digits' order, though nobody told the network what a 3 is?

The features are what the last FC layer reads: of one digit, all layers before it, Join left out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.images import mnist
from core.insight.principal import Principal, principal_components
from core.model import forward
from core.model.halves import Join
from core.model.layers import Dense
from core.model.networks import Network
from core.model.operations import DIGITS

SNAPSHOT_COMPONENTS = 8  # of which a snapshot keeps the scores
SNAPSHOT_STRIDE = 2  # of the 1,000 embedded test digits a snapshot takes every second


@dataclass(frozen=True)
class Line:
    """Where n digits of known value lie on the first k components of their features.

    `scores` (n, k) are in units of the root of all features' variance together. `correlations` (k,): for each component
    |ρ|, the absolute value of Spearman's rank correlation of the scores with the digits' values.
    """

    scores: np.ndarray
    labels: np.ndarray
    correlations: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """(k,): the share of all variance that lies along each component."""
        return (self.scores**2).mean(axis=0)

    def means(self, component: int = 0) -> np.ndarray:
        """Return the mean score (10,) of each digit on a component."""
        scores = self.scores[:, component]
        return np.array([scores[self.labels == digit].mean() for digit in range(DIGITS)])

    def order(self, component: int = 0) -> tuple[int, ...]:
        """Return the digits in the order of their mean scores on a component."""
        return tuple(self.means(component).argsort().tolist())


def line(scores: np.ndarray, labels: np.ndarray, like: np.ndarray | None = None) -> Line:
    """Return how digits with these labels (n,) and scores (n, k) lie.

    The sign of a component means nothing: here scores rise with the digits, or go along with `like` (n, k) if given.
    """
    values = labels.astype(int)
    correlations = np.array([rank_correlation(along, values) for along in scores.T])
    signs = np.sign(correlations) if like is None else np.sign((scores * like).sum(axis=0))
    return Line(scores * np.where(signs < 0, -1, 1).astype(np.float32), values, np.abs(correlations))


@dataclass(frozen=True)
class Map:
    """The line of some digits, and the components on which further digits can be put beside them."""

    line: Line
    principal: Principal

    def scores_of(self, features: np.ndarray) -> np.ndarray:
        """Return the scores (m, k) of further digits' features (m, …), in the units and with the signs of the line."""
        signs = np.where((self.line.scores * self.principal.scores).sum(axis=0) < 0, -1, 1)
        return self.principal.project(features) * signs / _unit(self.principal)


def draw_map(features: np.ndarray, labels: np.ndarray, components: int) -> Map:
    """Draw the map of digits with these features (n, …) and labels (n,)."""
    principal = principal_components(features, components)
    return Map(line(principal.scores / _unit(principal), labels), principal)


def _unit(principal):
    return np.float32(np.sqrt(principal.variance) or 1)


def before_last(network: Network) -> Network:
    """Cut a network before its last FC layer: of a sum network the tower, up to the features that the layer reads."""
    last = max(i for i, layer in enumerate(network.layers) if isinstance(layer, Dense))
    layers = tuple(layer for layer in network.layers[:last] if layer != Join())
    return replace(network, layers=(*layers, Join()) if network.reads_pairs else layers)


def features(
    network: Network,
    weights: forward.Weights,
    digits: np.ndarray,
    half: str = "top",
    on_progress: Callable[[float], object] = lambda done: None,
) -> np.ndarray:
    """Return what the last FC layer reads of single digits (n, 28, 28): (n, …). `half` matters if they are untied."""
    cut = before_last(network)
    if network.reads_pairs:
        return forward.tower(cut, weights, digits, half, on_progress)
    return forward.logits(cut, weights, digits, on_progress)


def rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Return Spearman's ρ of two (n,): the correlation of their ranks, ties sharing their mean rank; 0 if constant."""
    ranks = [_ranks(values) - (len(values) - 1) / 2 for values in (x, y)]
    scale = np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum())
    return float((ranks[0] * ranks[1]).sum() / scale) if scale else 0.0


def _ranks(values):
    """(n,): from 0; equal values share the mean of their ranks."""
    _, rank_index, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return (last - (counts + 1) / 2)[rank_index]


def snapshot_digits() -> tuple[np.ndarray, np.ndarray]:
    """Return the test digits of which snapshots are taken in training, and their labels: always the same 500."""
    data = mnist.embedded()
    return data.test_images[::SNAPSHOT_STRIDE], data.test_labels[::SNAPSHOT_STRIDE]


def snapshot(features: np.ndarray) -> dict[str, np.ndarray]:
    """Return what is kept of the features of `snapshot_digits`: scores on the first components, as in `Line`."""
    principal = principal_components(features, SNAPSHOT_COMPONENTS)
    return {"scores": (principal.scores / _unit(principal)).astype(np.float16)}


def from_snapshot(tensors: dict[str, np.ndarray], like: np.ndarray | None = None) -> Line:
    """Return the line that `snapshot` kept; `like` as for `line`. Raises ValueError if it is none."""
    _, labels = snapshot_digits()
    scores = tensors.get("scores")
    if scores is None or scores.shape != (len(labels), SNAPSHOT_COMPONENTS):
        raise ValueError("this is no snapshot of the digits")
    return line(scores.astype(np.float32), labels, like)
