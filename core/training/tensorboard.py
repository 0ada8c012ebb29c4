"""A run's curve as TensorBoard reads it: an event file beside metrics.jsonl. Imports TensorFlow; the pages never do."""

import tensorflow as tf

from core.runs import metrics, store
from core.runs.curves import DRAWN

# TensorBoard draws these tensors as curves. tf.summary.scalar would say the same, but wants TensorBoard installed.
SCALARS = tf.compat.v1.SummaryMetadata(plugin_data={"plugin_name": "scalars"}, data_class="DATA_CLASS_SCALAR")


class EventFile:
    """The event file of a run, made anew from its metrics, then grown point by point.

    It is made anew because a resumed run takes points back, which TensorBoard would show twice.
    """

    def __init__(self, run: store.Run):
        for old in run.folder.glob("events.out.tfevents.*"):
            old.unlink()
        self._writer = tf.summary.create_file_writer(str(run.folder), filename_suffix=".digit-sum-lab")
        for point in metrics.read(run):
            self.add(point)

    def add(self, point: dict) -> None:
        """Write a point of the curve, each quantity under its name."""
        with self._writer.as_default(point["step"]):
            for quantity in (quantity.name for quantity in DRAWN if quantity.name in point):
                # "accuracy/train" and "accuracy/test" share a panel there
                side, _, name = quantity.partition("_")
                tag = f"{name}/{side}" if side in ("train", "test") else quantity
                tf.summary.write(tag, tf.constant(point[quantity], tf.float32), metadata=SCALARS)
        self._writer.flush()
