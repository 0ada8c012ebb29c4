"""Augmentation in the training graph: every image moved, bent, thickened or thinned a little, anew at every step.

Nothing here knows a label, so a network trained from sums alone stays trained from sums alone.
The elastic bending follows Simard, Steinkraus and Platt, "Best practices for convolutional neural networks", 2003.
"""

import math

import numpy as np
import tensorflow as tf

from core.model.networks import SIDE
from core.recipe import Recipe

ELASTIC_GRID = 7  # random displacements a side, which Gaussians spread over the image
MARGIN = 2  # blank pixels put around an image, so that what is outside reads as blank
CUBIC_STEPS = 3  # positions a pixel and a side to which cubic resampling enlarges an image; between them it is bilinear

_CENTRE = (SIDE - 1) / 2
_Y, _X = np.meshgrid(np.arange(SIDE) - _CENTRE, np.arange(SIDE) - _CENTRE, indexing="ij")


def _spread() -> np.ndarray:
    """(28, 7): each pixel as a mixture of the grid's displacements, scaled so that their variance is kept."""
    at = np.linspace(0, SIDE - 1, ELASTIC_GRID)
    weights = np.exp(-((np.arange(SIDE)[:, None] - at[None]) ** 2) / (2 * (at[1] * 0.8) ** 2))
    return (weights / np.sqrt((weights**2).sum(axis=1, keepdims=True))).astype(np.float32)


def _enlarge() -> np.ndarray:
    """(94, 32): cubic interpolation of a blank-edged row of 32 pixels at every third of a pixel.

    Source of the kernel: Keys, "Cubic convolution interpolation for digital image processing", 1981. With its a at -1
    shifted digits keep the mean step between neighbouring pixels within 1 %; with -1/2 they lose 2 % of it, and
    bilinear interpolation takes 6 %.
    """
    side = SIDE + 2 * MARGIN
    at = np.arange(CUBIC_STEPS * (side - 1) + 1) / CUBIC_STEPS
    away = np.abs(at[:, None] - np.arange(side))
    inner = away**3 - 2 * away**2 + 1
    outer = -(away**3) + 5 * away**2 - 8 * away + 4
    return np.select([away < 1, away < 2], [inner, outer], 0.0).astype(np.float32)


SPREAD, ENLARGE = _spread(), _enlarge()


def augment(images: tf.Tensor, recipe: Recipe, step: tf.Tensor, share: slice = slice(None)) -> tf.Tensor:
    """Augment images (n, 28, 28) in 0…1 by the recipe's amounts with random numbers of (seed, step).

    Only the images of `share` are worked on and given back, each moved as in the whole batch.
    """
    n = tf.shape(images)[0]
    images = images[share]
    seed = tf.stack([tf.cast(recipe.seed % 2**31, tf.int32), step])
    amounts = tf.random.stateless_uniform((7, n, 1, 1), seed, -1.0, 1.0)[:, share]
    if recipe.flags:
        random = tf.random.stateless_uniform((4, n, 1, 1), seed + [0, 2**29])[:, share]
        images = _add_flags(images, recipe.flags, random)
    y, x = _sources(amounts, recipe)
    if recipe.elastic_pixels:
        noise = tf.random.stateless_normal((2, n, ELASTIC_GRID, ELASTIC_GRID), seed + [0, 2**30])[:, share]
        bend = recipe.elastic_pixels * tf.einsum("pi,cnij,qj->cnpq", SPREAD, noise, SPREAD)
        y, x = y + bend[0], x + bend[1]
    images = _sample(images, y + _CENTRE, x + _CENTRE, recipe.resampling == "cubic")
    if recipe.stroke_width:
        images = _thicken(images, recipe.stroke_width * amounts[6])
    return images


def _add_flags(images, chance, random):
    """A short stroke down to the left from where the ink begins, with the given chance and whatever the digit.

    It is how most of Europe begins a 1, which MNIST's writers rarely do. `random`, (4, n, 1, 1) in 0…1, decides.
    """
    ink = tf.cast(images > 0.5, tf.float32)
    first = tf.argmax(tf.reduce_max(ink, axis=2), axis=1)  # the first row with ink, and the first ink in it
    left = tf.argmax(tf.gather(ink, first, batch_dims=1), axis=1)
    y, x = (tf.cast(index, tf.float32)[:, None, None] - _CENTRE for index in (first, left))
    angle, length, width = 0.5 + 0.6 * random[0], 5 + 7 * random[1], 1.5 + 2 * random[2]
    flag = _segment(y, x, tf.sin(angle), -tf.cos(angle), length, width)
    return tf.where(random[3] < chance, tf.maximum(images, flag), images)


def _segment(y, x, down, across, length, width):
    """Images (n, 28, 28) of a line from (y, x) along the unit vector (down, across), all (n, 1, 1), in pixels."""
    along = tf.clip_by_value((_Y - y) * down + (_X - x) * across, 0.0, length)
    distance = tf.sqrt((_Y - y - along * down) ** 2 + (_X - x - along * across) ** 2)
    return tf.clip_by_value(width / 2 + 0.5 - distance, 0.0, 1.0)


def _sources(amounts, recipe):
    """For each pixel of the result, (n, 28, 28) each: where in the image it comes from, relative to the centre."""
    turn = amounts[0] * math.radians(recipe.turn_degrees)
    scale_y = tf.exp(amounts[1] * math.log1p(recipe.scale))
    scale_x = tf.exp(amounts[2] * math.log1p(recipe.scale))
    shear = amounts[3] * recipe.shear
    y = _Y - amounts[4] * recipe.shift_pixels
    x = _X - amounts[5] * recipe.shift_pixels
    turned_y = tf.cos(turn) * y - tf.sin(turn) * x
    turned_x = tf.sin(turn) * y + tf.cos(turn) * x
    return turned_y * scale_y, (turned_x + shear * turned_y) * scale_x


def _sample(images, y, x, cubic):
    """Images (n, 28, 28) interpolated at (y, x), each (n, 28, 28); blank outside.

    Bilinear interpolation blurs: a network that was trained on its images finds every image that was not moved too
    sharp. Cubic interpolation of three positions a pixel, and bilinear between them, is as sharp as the images are.
    """
    images = tf.pad(images, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))
    y, x = y + MARGIN, x + MARGIN
    if cubic:
        images = tf.clip_by_value(tf.einsum("pi,nij,qj->npq", ENLARGE, images, ENLARGE), 0.0, 1.0)
        y, x = CUBIC_STEPS * y, CUBIC_STEPS * x
    side, flat = images.shape[-1], tf.reshape(images, (-1,))
    y = tf.clip_by_value(y, 0.0, side - 1.001)
    x = tf.clip_by_value(x, 0.0, side - 1.001)
    top, left = tf.floor(y), tf.floor(x)
    below, right = y - top, x - left
    first = tf.range(tf.shape(images)[0])[:, None, None] * side * side
    index = first + tf.cast(top, tf.int32) * side + tf.cast(left, tf.int32)
    upper = tf.gather(flat, index) * (1 - right) + tf.gather(flat, index + 1) * right
    lower = tf.gather(flat, index + side) * (1 - right) + tf.gather(flat, index + side + 1) * right
    return upper * (1 - below) + lower * below


def _thicken(images, amounts):
    """Towards the brightest neighbour for positive amounts (n, 1, 1), towards the darkest for negative ones."""
    maps = images[..., None]
    thick = tf.nn.max_pool2d(maps, 3, 1, "SAME")[..., 0]
    thin = -tf.nn.max_pool2d(-maps, 3, 1, "SAME")[..., 0]
    return images + tf.nn.relu(amounts) * (thick - images) + tf.nn.relu(-amounts) * (thin - images)
