"""The networks backwards in NumPy: from the gradient at what comes out of layers to the gradients at what goes in.

What `core.model.forward` is to the way there, this is to the way back, and the only one; tests hold it against
TensorFlow's GradientTape.
"""

import numpy as np

from core.model.forward import Weights
from core.model.networks import Step


def back_through(
    steps: tuple[Step, ...], weights: Weights, outputs: list[np.ndarray], g: np.ndarray
) -> list[np.ndarray]:
    """Return the gradients at the input of each of these steps, in order, from the gradient g at the last one's output.

    `outputs` is the input of the first step and then the output of every step, as `forward.through` gives them. g may
    have several rows for a single input, where no two halves are in the batch: several gradients at that input.
    """
    gradients = []
    for step, x, y in zip(steps[::-1], outputs[-2::-1], outputs[:0:-1], strict=True):
        kernels = [weights[name] for name in step.kernels]
        if step.untied:
            halves = [step.layer.backward(g[i::2], x[i::2], y[i::2], kernel) for i, kernel in enumerate(kernels)]
            g = np.stack(halves, axis=1).reshape(x.shape)
        else:
            g = step.layer.backward(g, x, y, *kernels)
        gradients.append(g)
    return gradients[::-1]
