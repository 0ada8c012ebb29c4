"""A run's curve as TensorBoard reads it: an event file beside metrics.jsonl. Imports TensorFlow; the pages never do."""

import time

import tensorflow as tf
from tensorflow.core.util.event_pb2 import Event

from core import runs
from core.curves import QUANTITIES


class EventFile:
    """The event file of a run, made anew from its metrics, then grown point by point.

    It is made anew because a resumed run takes points back, which TensorBoard would show twice.
    """

    def __init__(self, run: runs.Run):
        for old in run.folder.glob("events.out.tfevents.*"):
            old.unlink()
        path = run.folder / f"events.out.tfevents.{time.time_ns()}.digit-sum-lab"
        self._writer = tf.io.TFRecordWriter(str(path))
        self._writer.write(Event(wall_time=time.time(), file_version="brain.Event:2").SerializeToString())
        for point in runs.read_metrics(run):
            self.add(point)

    def add(self, point: dict) -> None:
        """Write a point of the curve, each quantity under its name."""
        event = Event(wall_time=time.time(), step=point["step"])
        for quantity in QUANTITIES:
            # "accuracy/train" and "accuracy/test" share a panel there
            side, _, name = quantity.partition("_")
            tag = f"{name}/{side}" if side in ("train", "test") else quantity
            event.summary.value.add(tag=tag, simple_value=point[quantity])
        self._writer.write(event.SerializeToString())
        self._writer.flush()
