"""The number format that convolutions are computed in: float32, or bfloat16 where a trial shows that it is faster."""

import contextlib
import math
import time
from functools import cache

import tensorflow as tf

from core.recipe import Recipe

TRIAL_SECONDS = 0.5  # of the two number formats
LEAST_ROUNDS = 3  # of it: the first one includes what is prepared once


def first(recipe: Recipe) -> str:
    """Choose the number format for a run that begins: the recipe's, or by trial; a deterministic run takes no trial."""
    if recipe.precision != "auto":
        return recipe.precision
    return "float32" if recipe.deterministic else faster()


@cache
def faster() -> str:
    """Return "bfloat16" where a trial of half a second shows that it trains faster here than float32, else "float32".

    The two take turns, and the best time of each counts: what else runs on the machine decides nothing.
    """
    best = {tf.float32: math.inf, tf.bfloat16: math.inf}
    until, rounds = time.monotonic() + TRIAL_SECONDS, 0
    while rounds < LEAST_ROUNDS or time.monotonic() < until:
        rounds += 1
        for dtype in best:
            with contextlib.suppress(tf.errors.OpError):  # not every build has the operations in bfloat16
                best[dtype] = min(best[dtype], _convolution_seconds(dtype))
    return "bfloat16" if best[tf.bfloat16] * 1.2 < best[tf.float32] else "float32"


def _convolution_seconds(dtype):
    """Of the second convolution of `deep` for 32 images, and of its two gradients."""
    images, kernel = tf.ones((32, 14, 14, 32), dtype), tf.ones((5, 5, 32, 64), dtype)
    began = time.monotonic()
    with tf.GradientTape() as tape:
        tape.watch([images, kernel])
        maps = tf.nn.conv2d(images, kernel, 1, "SAME")
    for gradient in tape.gradient(maps, [images, kernel]):
        gradient.numpy()
    return time.monotonic() - began
