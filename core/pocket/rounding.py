"""Weights rounded to few bytes: float16, or int8 with a scale for each output channel."""

import numpy as np

from core.model.forward import Weights

KINDS = ("float16", "int8")
SMALL = (
    0.02  # share of all weights under which a tensor stays float16: sum's last kernel, 1.2%, cost 1.5 points as int8
)
LARGEST_STEP = 127  # of int8, used from −127 to 127


def encode(weights: Weights, kind: str) -> tuple[list[dict], bytes]:
    """Encode the tensors, one after the other, and describe each: name, shape, type; `network.js` reads them back.

    An int8 kernel is followed by the float32 scale of each of its output channels.
    """
    descriptions, parts = [], []
    for name, type_name in _kinds(weights, kind).items():
        descriptions.append({"name": name, "shape": weights[name].shape, "type": type_name})
        parts += [part.tobytes() for part in _rounded(weights[name], type_name)]
    return descriptions, b"".join(parts)


def rounded(weights: Weights, kind: str) -> Weights:
    """Return the float32 weights that a browser computes with after `encode`."""
    return {name: _restored(_rounded(weights[name], type_name)) for name, type_name in _kinds(weights, kind).items()}


def is_exact(weights: Weights, kind: str) -> bool:
    """Return whether rounding changes nothing, as where the run's own weights are kept in float16."""
    return all(np.array_equal(weights[name], tensor) for name, tensor in rounded(weights, kind).items())


def _kinds(weights, kind):
    """The kind of each tensor: the one asked for where that saves much; biases and small kernels are float16."""
    least = SMALL * sum(tensor.size for tensor in weights.values())
    return {name: kind if tensor.ndim > 1 and tensor.size >= least else "float16" for name, tensor in weights.items()}


def _rounded(tensor, kind):
    """The arrays that stand for a tensor: float16 values, or int8 steps and the float32 size of a step per channel."""
    if kind == "float16":
        return (tensor.astype("<f2"),)
    largest = np.abs(tensor).reshape(-1, tensor.shape[-1]).max(axis=0)
    scales = np.where(largest > 0, largest / LARGEST_STEP, 1).astype("<f4")
    return np.rint(tensor / scales).astype(np.int8), scales


def _restored(arrays):
    steps, *scales = arrays
    return steps.astype(np.float32) * scales[0] if scales else steps.astype(np.float32)
