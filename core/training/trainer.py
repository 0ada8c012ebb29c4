"""The steps of a training, in one tf.function of our own: a run can be stopped, resumed and followed to the bit."""

import dataclasses
import math
import time
from collections.abc import Callable
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf

from core.evaluation import PAIRINGS
from core.images import mnist, pen
from core.insight import number_line
from core.model.networks import Network
from core.recipe import Recipe
from core.runs import store
from core.runs.curves import CURVE_IMAGES, FIRST_IMAGES
from core.training import keras_model
from core.training.augmentation import augment
from core.training.losses import Losses, features_of_digits, logits_of_pairs, right

ADAM_DECAYS = 0.9, 0.999
ADAM_EPSILON = 1e-8
AVERAGE_EVERY = 8  # steps between two additions to the averaged weights: a pass over all of them is not free


def pen_images(recipe: Recipe, on_progress: Callable[[float], object] = lambda done: None) -> tuple:
    """Draw the pen digits that a recipe trains on, images and labels: of each as many as its steps will see."""
    seen = recipe.steps * recipe.step_pen_digits / len(pen.to_train())
    return pen.training_images(recipe.seed, min(pen.MOST_DRAWINGS, math.ceil(seen)), on_progress)


class Trainer:
    """The steps of one run: the model, Adam's two moments, the averaged weights, and the position in the data."""

    share = slice(None)  # which of a batch's digits are worked on here; workers.py has trainers that take a part
    dropout = keras.layers.Dropout

    def __init__(self, recipe: Recipe, network: Network, data: mnist.Mnist, precision: str):
        self.recipe, self.network, self.precision = recipe, network, precision
        chosen = mnist.subset(data.train_labels, recipe.examples, recipe.seed)
        sources = [(data.train_images[chosen], data.train_labels[chosen])]
        if recipe.step_pen_digits:
            sources.append(pen_images(recipe))
        self.sizes = [len(labels) for _, labels in sources]  # of MNIST's images and, behind them, of the pen's
        self.train = _on_device(*(np.concatenate(parts) for parts in zip(*sources, strict=True)))
        every = max(1, len(data.test_labels) // CURVE_IMAGES)
        self.test = _on_device(data.test_images[::every], data.test_labels[::every])

        options = {"precision": precision, "dropout": self.dropout, "to_train": True}
        self.model = keras_model.build(network, recipe.seed, recipe.initialization, recipe.keep_prob, **options)
        self.variables = self.model.trainable_variables
        # the averaged weights live in a second model, which is the one that is judged and saved
        self.averaged = self._build_empty(network)
        for average, variable in zip(self.averaged.trainable_variables, self.variables, strict=True):
            average.assign(variable)
        self.first_moments = [tf.Variable(tf.zeros(v.shape)) for v in self.variables]
        self.second_moments = [tf.Variable(tf.zeros(v.shape)) for v in self.variables]
        self.step, self.seconds, self.rate_factor = 0, 0.0, 1.0
        self.losses = Losses(recipe, network, self.model, self.share, self._of_all)
        self.averaged_tower = keras_model.tower(self.averaged) if network.reads_pairs else None

    def advance(self, steps: int) -> tuple[float, float]:
        """Take steps; the loss and the accuracy of the last batch."""
        began = time.monotonic()
        recipe = self.recipe
        order = self._order(steps)
        rates = [self.rate_factor * recipe.rate_at(self.step + i) for i in range(steps)]
        loss, accuracy = self._advance(
            tf.constant(order), tf.constant(rates, tf.float32), tf.constant(self.step, tf.int32)
        )
        self.step += steps
        loss, accuracy = float(loss), float(accuracy)
        self.seconds += time.monotonic() - began
        return loss, accuracy

    def _order(self, steps):
        """Which images the next steps take, (steps, digits): of MNIST and of the pen, each in epochs of its own."""
        recipe, of_pen = self.recipe, self.recipe.step_pen_digits
        fixed = recipe.deals_pairs and recipe.pairing == "fixed"
        sources = zip(self.sizes, (recipe.step_digits - of_pen, of_pen), strict=False)
        parts = [mnist.batches(size, n, recipe.seed, self.step, steps, fixed) for size, n in sources if n]
        if of_pen:
            parts[-1] += self.sizes[0]
        return np.concatenate(parts, axis=1)

    def point(self, train_loss: float, train_accuracy: float) -> dict:
        """Return a line of metrics: the last batch as training saw it, and the test images by the averaged weights."""
        losses, rights = zip(*(self._judge(*batch) for batch in self._test_batches()), strict=True)
        return {
            "step": self.step,
            "train_accuracy": round(train_accuracy, 6),
            "train_loss": round(train_loss, 6),
            "test_accuracy": round(float(np.mean(np.concatenate(rights))), 6),
            "test_loss": round(float(np.mean(np.concatenate(losses))), 6),
            "learning_rate": float(f"{self.rate_factor * self.recipe.rate_at(self.step - 1):.6g}"),
            "rate_factor": self.rate_factor,
            "seconds": round(self.seconds, 2),
        }

    def snapshot(self) -> dict[str, np.ndarray] | None:
        """Return, of a sum network, where test digits lie on the first components of their features, as top digits.

        None where the features are not finite, of which the training itself will tell.
        """
        keras_model.set_weights(self._reader, {k.removeprefix("top."): w for k, w in self.weights().items()})
        digits, _ = number_line.snapshot_digits()
        pairs = tf.reshape(tf.cast(digits, tf.float32) / 255, (-1, *self.network.input_shape))
        features = keras_model.tower(self._reader)(pairs, training=False).numpy()
        return number_line.snapshot(features) if np.isfinite(features).all() else None

    @cached_property
    def _reader(self):
        """A third model, for snapshots: the averaged one as far as what its last FC layer reads of a top digit.

        Made when it is first wanted, as nobody should wait for it before the curve's first point.
        """
        return self._build_empty(dataclasses.replace(number_line.before_last(self.network), tied=True))

    def _build_empty(self, network):
        """A model whose weights come from elsewhere: drawing millions of random ones takes a tenth of a second."""
        return keras_model.build(network, initialization="zeros", precision=self.precision, to_train=True)

    def weights(self) -> dict[str, np.ndarray]:
        """Return the weights to keep: averaged, if the recipe averages."""
        return keras_model.get_weights(self.averaged)

    def state(self) -> dict[str, np.ndarray]:
        """Return all that is needed to go on as if never stopped."""
        state = {name: variable.numpy().copy() for name, variable in self._state_variables().items()}
        numbers = {"seconds": self.seconds, "rate_factor": self.rate_factor, "bfloat16": self.precision == "bfloat16"}
        return state | {name: np.array(number) for name, number in numbers.items()}

    def restore(self, state: dict[str, np.ndarray], step: int) -> None:
        """Go on from a state. Raises RunError if it is not one of this run."""
        variables = self._state_variables()
        if set(state) != {*variables, "seconds", "rate_factor", "bfloat16"}:
            raise store.RunError("The resume state does not belong to this recipe. Start a new run.")
        for name, variable in variables.items():
            variable.assign(state[name])
        self.step, self.seconds, self.rate_factor = step, float(state["seconds"]), float(state["rate_factor"])

    @staticmethod
    def precision_of(state: dict[str, np.ndarray]) -> str:
        """Return the number format in which a run began, and must go on."""
        return "bfloat16" if state.get("bfloat16", False) else "float32"

    def _state_variables(self):
        variables = keras_model.named_variables(self.model)
        state = {f"weights.{name}": variable for name, variable in variables.items()}
        for kind, slots in (("first_moment", self.first_moments), ("second_moment", self.second_moments)):
            state |= {f"{kind}.{name}": slot for name, slot in zip(variables, slots, strict=True)}
        averaged = keras_model.named_variables(self.averaged)
        state |= {f"averaged.{name}": variable for name, variable in averaged.items()}
        return state | keras_model.dropout_seeds(self.model)

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, None), tf.int32),
            tf.TensorSpec((None,), tf.float32),
            tf.TensorSpec((), tf.int32),
        ]
    )
    def _advance(self, order, rates, first_step):
        loss, accuracy = tf.constant(0.0), tf.constant(0.0)
        for i in tf.range(tf.shape(order)[0]):
            step = first_step + i
            gradients, loss, accuracy = self._gradients(order[i], step)
            self._adam(gradients, rates[i], tf.cast(step + 1, tf.float32))
            last = step + 1 == self.recipe.steps
            if (step + 1) % AVERAGE_EVERY == 0 or last or self.recipe.average_decay == 0:
                self._average(tf.cast(step + 1, tf.float32))
        return loss, accuracy

    def _gradients(self, chosen, step):
        """Of a step on the chosen images: the gradient of each variable, the loss and the accuracy."""
        images, labels = (tf.gather(part, chosen) for part in self.train)
        images = tf.cast(images, tf.float32) / 255
        images = augment(images, self.recipe, step, self.share) if self.recipe.augments else images[self.share]
        with tf.GradientTape() as tape:
            loss, accuracy = self.losses.of_batch(images, labels)
        return tape.gradient(loss, [v.value for v in self.variables]), loss, accuracy

    def _of_all(self, features):
        """Return the features (n, …) of the whole batch from those of this trainer's share."""
        return features

    def _adam(self, gradients, rate, step):
        """Adam (Kingma and Ba, 2015), fused: one pass over the weights instead of ten.

        Kernels, not biases, decay as in Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.
        """
        first, second = ADAM_DECAYS
        slots = zip(self.variables, self.first_moments, self.second_moments, gradients, strict=True)
        for variable, first_moment, second_moment, gradient in slots:
            if self.recipe.weight_decay and len(variable.shape) > 1:
                variable.value.assign_sub(self.recipe.weight_decay * rate * variable.value)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.value.handle,
                m=first_moment.handle,
                v=second_moment.handle,
                beta1_power=first**step,
                beta2_power=second**step,
                lr=rate,
                beta1=first,
                beta2=second,
                epsilon=ADAM_EPSILON,
                grad=gradient,
            )

    def _average(self, step):
        """Move the averaged weights towards the current ones; faster at first, so that early curves are not stale."""
        decay = tf.minimum(self.recipe.average_decay**AVERAGE_EVERY, step / (step + 10 * AVERAGE_EVERY))
        if self.recipe.average_decay == 0:
            decay = 0.0
        for average, variable in zip(self.averaged.trainable_variables, self.variables, strict=True):
            average.value.assign_sub((1 - decay) * (average.value - variable.value))

    def _test_batches(self):
        """What a curve's point is judged on: images in hundreds, or features of all and pairings of them."""
        images, labels = (part[: FIRST_IMAGES if self.step == 1 else None] for part in self.test)
        if not self.network.reads_pairs:
            for i in range(0, len(labels), 500):
                yield images[i : i + 500], labels[i : i + 500]
            return
        halves = [self._test_features(images[i : i + 500]) for i in range(0, len(labels), 500)]
        tops, bottoms = (np.concatenate([features.numpy() for features in half]) for half in zip(*halves, strict=True))
        rows = [mnist.disjoint_pairs(len(labels), seed=0, epoch=pairing) for pairing in range(PAIRINGS)]
        top, bottom = np.concatenate(rows).T
        numbers = labels.numpy()
        yield tf.constant(np.stack([tops[top], bottoms[bottom]], 1)), tf.constant(numbers[top] + numbers[bottom])

    @tf.function(reduce_retracing=True)
    def _test_features(self, images):
        return features_of_digits(self.averaged_tower, self.network, tf.cast(images, tf.float32) / 255, training=False)

    @tf.function(reduce_retracing=True)
    def _judge(self, inputs, truth):
        """Loss and rightness of each input: images, or the features of pairs."""
        if self.network.reads_pairs:
            logits = logits_of_pairs(self.averaged, inputs[:, 0], inputs[:, 1])
        else:
            logits = self.averaged(tf.cast(inputs, tf.float32)[..., None] / 255, training=False)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(truth, logits), right(logits, truth)


def _on_device(images, labels):
    return tf.constant(images), tf.constant(labels.astype(np.int32))
