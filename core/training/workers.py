"""One training on several hosts: tf.distribute's MultiWorkerMirroredStrategy under our own loop.

Every worker has all images and all weights. Of each batch it works on its share, and the gradients of all are summed
by the strategy's collectives, so that Adam takes the same step everywhere. What is random is drawn for the whole batch
on every worker, and a sum network's pairs are those of the whole batch, so the result is that of one process.

The chief trains as ever, and says before each call of the graph what is to be done in it. The others do that and write
nothing.
"""

import contextlib
import json
import re
import time
from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from core import settings
from core.images import mnist
from core.jobs.scale.tf_config import Cluster, host_and_port, shares, wait_for_all
from core.model.networks import Network
from core.recipe import Recipe, recipe_from_dict
from core.training.loop import Stop, TrainingError, settle_determinism
from core.training.trainer import Trainer

MESSAGE_BYTES = 4096
LINGER_SECONDS = 3.0  # a worker that has lost another one stays, for the others to learn which it was
OTHER_RECIPE, OTHER_DATA = 1, 2
COMPLAINTS = {
    OTHER_RECIPE: "was asked for another recipe than the chief",
    OTHER_DATA: "has other images than the chief: one has the full MNIST, the other the embedded part",
}
# what TensorFlow raises on the others when a worker dies, hangs, or can no longer be reached
BROKEN = (
    *(tf.errors.UnavailableError, tf.errors.DeadlineExceededError, tf.errors.AbortedError),
    *(tf.errors.CancelledError, tf.errors.FailedPreconditionError, tf.errors.InternalError),
)


class WorkerLost(TrainingError):
    """Another worker no longer answers; the message names it."""


class Disagreement(TrainingError):
    """The workers were not all given the same; the message says what."""

    exit_code = 2


class Crew:
    """The workers of a cluster, as one of them sees them: a chief that speaks, and sums over what all of them have."""

    def __init__(self, cluster: Cluster, say: Callable[[str], None]):
        """Wait for the others and connect. Before any other operation of TensorFlow; raises TrainingError."""
        self.cluster = cluster
        try:
            wait_for_all(cluster, say)
        except TimeoutError as error:
            raise TrainingError(f"{error}. Start all workers, or leave it out of TF_CONFIG.") from error
        except OSError as error:
            raise TrainingError(f"{cluster.name(cluster.index)} cannot listen there ({error.strerror})") from error
        settings.bypass_proxy([host for host, _ in map(host_and_port, cluster.addresses)])
        tf.get_logger().setLevel("ERROR")  # that it sums eagerly, once a call, is known
        # a chief is worker 0 to TensorFlow, too, however TF_CONFIG puts it
        resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec({"worker": list(cluster.addresses)}), task_type="worker", task_id=cluster.index
        )
        with self.naming_the_lost():
            self.strategy = tf.distribute.MultiWorkerMirroredStrategy(resolver)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        """Let the others go, who are told how it ended by the exit code that the chief itself will have."""
        if self.cluster.is_chief and kind is not WorkerLost:
            stopped = kind is not None and issubclass(kind, Stop | KeyboardInterrupt)
            with contextlib.suppress(WorkerLost):
                self.tell(end=130 if stopped else int(kind is not None))

    def tell(self, **message) -> dict:
        """Send the chief's message to every worker; the others' is ignored. Raises WorkerLost."""
        encoded = json.dumps(message).encode() if self.cluster.is_chief else b""
        padded = encoded.ljust(MESSAGE_BYTES, b" ") if encoded else bytes(MESSAGE_BYTES)
        return json.loads(self.sum(np.frombuffer(padded, np.uint8).astype(np.int32)).astype(np.uint8).tobytes())

    def sum(self, value: np.ndarray) -> np.ndarray:
        """Sum an array, which has the same shape and type on each, over all workers. Raises WorkerLost."""
        with self.naming_the_lost():
            return self.strategy.run(lambda: all_sum([tf.constant(value)])[0]).numpy()

    def from_chief(self, value: np.ndarray) -> np.ndarray:
        """Return the chief's value. Raises WorkerLost."""
        wide = value.astype(np.int64) if value.dtype == np.uint32 else value  # which no collective sums
        return self.sum(wide if self.cluster.is_chief else np.zeros_like(wide)).astype(value.dtype)

    @contextlib.contextmanager
    def naming_the_lost(self):
        """Turn TensorFlow's error about a lost worker into WorkerLost, which names it."""
        try:
            yield
        except BROKEN as error:
            named = re.findall(r"/task:(\d+)", _origin(str(error)))
            # only the chief has the service that hears every worker's heartbeat
            lost = int(named[0]) if named else 0 if "CoordinationService" in str(error) else self.cluster.index
            if lost == self.cluster.index:
                raise
            time.sleep(LINGER_SECONDS)
            advice = "Start it again, or leave it out of TF_CONFIG, and resume."
            raise WorkerLost(f"{self.cluster.name(lost)} no longer answers. {advice}") from error


def _origin(message):
    """TensorFlow's message without the node of our graph where it was noticed."""
    return message.partition("Collective ops is aborted by")[2] or message


def all_sum(tensors: list[tf.Tensor]) -> list[tf.Tensor]:
    """Sum each tensor over all workers. Inside of `strategy.run`."""
    return tf.distribute.get_replica_context().all_reduce("SUM", [tf.identity(tensor) for tensor in tensors])


class DropoutOfShare(keras.layers.Dropout):
    """Drops of a share of the rows what a plain Dropout with this seed would drop of them in the whole batch."""

    def __init__(self, rate: float, first_row: int, rows: int, **options):
        super().__init__(rate, **options)
        self.first_row, self.rows = first_row, rows

    def call(self, inputs, training=False):
        if not training:
            return inputs
        whole = keras.ops.ones((self.rows, *inputs.shape[1:]), inputs.dtype)
        kept = keras.random.dropout(whole, self.rate, seed=self.seed_generator)
        return inputs * kept[self.first_row : self.first_row + tf.shape(inputs)[0]]


class SharedTrainer(Trainer):
    """A trainer whose steps are taken by all workers at once, each on its share of the batch."""

    def __init__(self, crew: Crew, recipe: Recipe, network: Network, data: mnist.Mnist, precision: str):
        self.crew, self._begun = crew, False
        self.share = shares(recipe, len(crew.cluster.addresses))[crew.cluster.index]
        digits = recipe.step_digits
        # untied halves have dropout layers of their own, which see every second digit of dealt pairs; a tied tower
        # reads two digits at a time, and sees a blank one after an odd number of them
        halved = 2 if recipe.deals_pairs and not network.tied else 1
        filled = digits % 2 if network.reads_pairs and network.tied else 0
        self.dropout = partial(DropoutOfShare, first_row=self.share.start // halved, rows=(digits + filled) // halved)
        super().__init__(recipe, network, data, precision)

    def advance(self, steps: int) -> tuple[float, float]:
        """Take steps, as the chief, together with the others. Raises WorkerLost."""
        order = {"steps": steps, "step": self.step, "rate_factor": self.rate_factor, "begin": not self._begun}
        return self.obey(self.crew.tell(**order))

    def obey(self, order: dict) -> tuple[float, float]:
        """Take the steps of which the chief told, from its own state where it begins. Raises WorkerLost."""
        self.step, self.rate_factor = order["step"], order["rate_factor"]
        if order["begin"]:
            for variable in self._state_variables().values():
                variable.assign(self.crew.from_chief(variable.numpy()))
            self._begun = True
        with self.crew.naming_the_lost():
            return super().advance(order["steps"])

    def _gradients(self, chosen, step):
        return self.crew.strategy.run(self._summed_gradients, (chosen, step))

    def _summed_gradients(self, chosen, step):
        gradients, loss, accuracy = Trainer._gradients(self, chosen, step)
        *gradients, loss, accuracy = all_sum([*gradients, loss, accuracy])
        return gradients, loss, accuracy

    def _of_all(self, features):
        """As Trainer's, from every worker's share, with the gradient of what all make of them."""
        return all_sum([tf.pad(features, ((self.share.start, self.recipe.step_digits - self.share.stop), (0, 0)))])[0]


def chief_of(crew: Crew) -> Callable[..., SharedTrainer]:
    """Return what makes the chief's trainer in `loop.train`, after it told the others what to train."""

    def make(recipe, network, data, precision):
        crew.tell(recipe=recipe.as_dict(), data=data.name, precision=precision)
        _complain(crew, 0)
        return SharedTrainer(crew, recipe, network, data, precision)

    return make


def follow(crew: Crew, asked: Recipe | None, data: mnist.Mnist) -> int:
    """Be a worker that is not the chief, until the chief has ended; return the chief's exit code.

    Raises WorkerLost, and Disagreement if `asked` is another recipe than the chief's, or the images are others.
    """
    order = crew.tell()
    if "end" in order:
        return order["end"]
    recipe = recipe_from_dict(order["recipe"])
    _complain(crew, OTHER_RECIPE if asked not in (None, recipe) else OTHER_DATA * (data.name != order["data"]))
    settle_determinism(recipe)
    trainer = SharedTrainer(crew, recipe, recipe.architecture, data, order["precision"])
    while "end" not in (order := crew.tell()):
        trainer.obey(order)
    return order["end"]


def _complain(crew, complaint):
    """Hear what any worker has to complain of. Raises Disagreement on all of them."""
    own = np.zeros(len(crew.cluster.addresses), np.int32)
    own[crew.cluster.index] = complaint
    for index, heard in enumerate(crew.sum(own)):
        if heard:
            raise Disagreement(f"{crew.cluster.name(index)} {COMPLAINTS[int(heard)]}.")
