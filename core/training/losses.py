"""The loss of a batch, and how a sum network's pairs come of its digits.

Losses are sums, written once, for one process and for several: of a batch each process has a share.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from core.model.networks import Network
from core.model.operations import PROBABILITY_FLOOR, SUMS
from core.model.questions import QUESTIONS
from core.recipe import Recipe
from core.training import keras_model


class Losses:
    """The losses, by a recipe, of a model that is being trained.

    `share` is the part of a batch's digits that is worked on here; `of_all` makes of its features those of the whole
    batch.
    """

    def __init__(
        self,
        recipe: Recipe,
        network: Network,
        model: keras.Model,
        share: slice,
        of_all: Callable[[tf.Tensor], tf.Tensor],
    ):
        self.recipe, self.network, self.model = recipe, network, model
        self.share, self.of_all = share, of_all
        self.tower = keras_model.tower(model) if network.reads_pairs else None

    def of_batch(self, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the loss and the accuracy of a batch, of which `images` are the share here and `labels` all.

        Both are sums over the share's inputs, divided by what the whole batch weighs: with one process they are means,
        with several they add up to them. Of a sum network's N² pairs a share has its own tops with the bottoms of all.
        """
        own, n = labels[self.share], self.recipe.step_digits
        if not self.network.reads_pairs:
            logits = self.model(images[..., None], training=True)
            return tf.reduce_sum(self._cross_entropies(own, logits)) / n, tf.reduce_sum(right(logits, own)) / n
        top, bottom, top_digits, bottom_digits = self._halves(images, own, training=True)
        if self.recipe.deals_pairs:
            _, weights_of_all = self._truth(labels[0::2], labels[1::2])
        else:
            bottom, bottom_digits = self.of_all(bottom), labels
            _, weights_of_all = self._truth(labels, labels)
        logits, truth, weights = self._pairs(top, bottom, top_digits, bottom_digits)
        total = tf.reduce_sum(weights_of_all)
        accuracy = tf.math.divide_no_nan(tf.reduce_sum(right(logits, truth) * weights), total)
        if self.recipe.labels in QUESTIONS:
            if self.recipe.labels != "sums":
                logits, truth = self._answers(top, bottom, top_digits, bottom_digits)
            losses = self._cross_entropies(truth, logits)
            return tf.math.divide_no_nan(tf.reduce_sum(losses * weights), total), accuracy
        named = tf.math.log(tf.maximum(tf.concat([top, bottom], 0), PROBABILITY_FLOOR))
        losses = self._cross_entropies(tf.concat([top_digits, bottom_digits], 0), named)
        return tf.reduce_sum(losses) / (n if self.recipe.deals_pairs else 2 * n), accuracy

    def _cross_entropies(self, truth, logits):
        """Cross-entropy of each input; with an outlier rate ε, that of (1−ε)·p + ε/classes, which is bounded.

        The sum network's logits fall with the square of the distance from the right sum, so one misread digit would
        otherwise outweigh all the pairs that are nearly right.
        """
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(truth, logits)
        rate = self.recipe.outlier_rate
        return -tf.math.log((1 - rate) * tf.exp(-losses) + rate / logits.shape[-1]) if rate else losses

    def _halves(self, images, labels, training):
        """Features of tops and of bottoms, and their digits: of pairs, or of N digits to pair each with each."""
        if self.recipe.deals_pairs:
            side = images.shape[-1]
            features = self.tower(tf.reshape(images, (-1, 2 * side, side, 1)), training=training)
            return features[0::2], features[1::2], labels[0::2], labels[1::2]
        return *features_of_digits(self.tower, self.network, images, training), labels, labels

    def _pairs(self, top, bottom, top_digits, bottom_digits):
        """Logits (n, 19), true sums and weights of pairs: as they come, or of every top with every bottom.

        The last FC layer acts on two joined vectors, so its logits are a sum of two parts, and N digits give N² pairs
        for N passes through the tower. A pair that the recipe leaves out weighs nothing.
        """
        if self.recipe.deals_pairs:
            logits = logits_of_pairs(self.model, top, bottom)
        elif self.network.names_digits:
            logits = tf.reshape(keras_model.log_answer_probabilities(top, bottom), (-1, SUMS))  # [top, bottom, sum]
        else:
            last = self.model.layers[-1]
            of_top, of_bottom = tf.split(last.kernel, 2)
            parts = (top @ of_top)[:, None] + (bottom @ of_bottom)[None, :] + last.bias
            logits = tf.reshape(parts, (-1, SUMS))
        return logits, *self._truth(top_digits, bottom_digits)

    def _truth(self, top_digits, bottom_digits):
        """True sums and weights of pairs, as `_pairs` has them."""
        top_digits, bottom_digits = self._paired(top_digits, bottom_digits)
        sums = top_digits + bottom_digits
        if not self.recipe.unmet:
            return sums, tf.ones_like(sums, tf.float32)
        return sums, tf.gather_nd(self.recipe.met, tf.stack([top_digits, bottom_digits], 1))

    def _answers(self, top, bottom, top_digits, bottom_digits):
        """Logits and truth as `_pairs` has them, of the question that the recipe asks in place of the sum."""
        question = QUESTIONS[self.recipe.labels]
        bottoms = bottom[:, None] if self.recipe.deals_pairs else bottom
        logits = keras_model.log_answer_probabilities(top, bottoms, question)
        pairs = tf.stack(self._paired(top_digits, bottom_digits), 1)
        truth = tf.gather_nd(tf.constant(question.answer_indices, tf.int32), pairs)
        return tf.reshape(logits, (-1, len(question.answers))), truth

    def _paired(self, top_digits, bottom_digits):
        """The digits of pairs: as they come, or of every top with every bottom."""
        if self.recipe.deals_pairs:
            return top_digits, bottom_digits
        tops, bottoms = tf.shape(top_digits)[0], tf.shape(bottom_digits)[0]
        return tf.repeat(top_digits, bottoms), tf.tile(bottom_digits, [tops])


def features_of_digits(
    tower: keras.Model, network: Network, images: tf.Tensor, training: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return what each digit becomes as a top and as a bottom, which is the same where the halves are tied."""
    side = images.shape[-1]
    if not network.tied:
        features = tower(tf.concat([images, images], axis=1)[..., None], training=training)
        return features[0::2], features[1::2]
    # the tower takes two digits at a time; an odd batch is filled up with a blank one, whose features are dropped
    n = tf.shape(images)[0]
    filled = tf.pad(images, ((0, n % 2), (0, 0), (0, 0)))
    features = tower(tf.reshape(filled, (-1, 2 * side, side, 1)), training=training)[:n]
    return features, features


def logits_of_pairs(model: keras.Model, top: tf.Tensor, bottom: tf.Tensor) -> tf.Tensor:
    """Return the logits (n, 19) of pairs from their features (n, …)."""
    last = model.layers[-1]
    if isinstance(last, keras.layers.Dense):
        return last(tf.concat([top, bottom], axis=1))
    return keras_model.log_answer_probabilities(top, bottom[:, None])[:, 0]


def right(logits: tf.Tensor, truth: tf.Tensor) -> tf.Tensor:
    """Return 1.0 for each input whose largest logit is that of the truth, else 0.0."""
    return tf.cast(tf.equal(tf.argmax(logits, axis=1, output_type=tf.int32), truth), tf.float32)
