"""Weights of no training: random, and the same each time."""

import numpy as np


def weights_of(network):
    generator = np.random.default_rng(1)
    return {name: generator.normal(0, 0.05, shape).astype(np.float32) for name, shape in network.weight_shapes.items()}
