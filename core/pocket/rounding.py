"""Weights rounded to few bytes: float16, or int8 with a scale for each output channel."""

import numpy as np

from core.model.forward import Weights

KINDS = ("float16", "int8")
LARGEST_STEP = 127  # of int8, used from −127 to 127


def encode(weights: Weights, kind: str) -> tuple[list[dict], bytes]:
    """The tensors one after the other as bytes, and what each is: name, shape, type; `network.js` reads them back.

    An int8 kernel is followed by the float32 scale of each of its output channels.
    """
    descriptions, parts = [], []
    for name, tensor in weights.items():
        type_name = _kind_of(tensor, kind)
        descriptions.append({"name": name, "shape": tensor.shape, "type": type_name})
        parts += [part.tobytes() for part in _rounded(tensor, type_name)]
    return descriptions, b"".join(parts)


def rounded(weights: Weights, kind: str) -> Weights:
    """The float32 weights that a browser computes with after `encode`."""
    return {
        name: _restored(_rounded(tensor, kind if tensor.ndim > 1 else "float16")) for name, tensor in weights.items()
    }


def is_exact(weights: Weights, kind: str) -> bool:
    """Whether rounding changes nothing, as where the run's own weights are kept in float16."""
    return all(np.array_equal(weights[name], tensor) for name, tensor in rounded(weights, kind).items())


def _kind_of(tensor, kind):
    """A kernel is of the kind asked for; biases, which are few, are always float16."""
    return kind if tensor.ndim > 1 else "float16"


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
