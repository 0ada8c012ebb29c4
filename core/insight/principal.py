"""Principal components: the few directions in which many features differ most (Pearson, 1901)."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Principal:
    """Scores (n, k) of n points on their first k components, the largest variance first.

    `variance` is that of all features together. `mean` (d,) and `directions` (d, k) take further points there.
    """

    scores: np.ndarray
    variance: float
    mean: np.ndarray
    directions: np.ndarray

    def project(self, features: np.ndarray) -> np.ndarray:
        """Return the scores (m, k) of further points (m, …)."""
        return (features.reshape(len(features), -1) - self.mean) @ self.directions


def principal_components(features: np.ndarray, count: int) -> Principal:
    """Return the first `count` components of points (n, …), whose features are taken as one vector each.

    Components that are not there, for want of points or of features, have scores of 0. Their signs mean nothing.
    """
    points = features.reshape(len(features), -1).astype(np.float32)
    mean = points.mean(axis=0)
    points -= mean
    # points·pointsᵀ and pointsᵀ·points have the same eigenvalues; the smaller of the two is solved
    if points.shape[1] < len(points):
        directions = np.linalg.eigh(points.T @ points)[1][:, ::-1][:, :count]
    else:
        values, vectors = np.linalg.eigh(points @ points.T)
        lengths = np.sqrt(np.maximum(values, values[-1] * 1e-6))[::-1][:count]
        directions = points.T @ vectors[:, ::-1][:, :count] / np.where(lengths, lengths, 1)
    directions = np.pad(directions, ((0, 0), (0, count - directions.shape[1])))
    variance = float((points**2).sum(dtype=np.float64) / len(points))
    return Principal(points @ directions, variance, mean, directions)
