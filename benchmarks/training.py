"""How fast a training step is: against the machine's own matrix product, Keras' `fit` and PyTorch, in one run.

    pip install --group bench
    python -m benchmarks.training [ROUNDS [FORMAT ...]]

FORMAT is float32 or bfloat16, by default both, over which a processor without bfloat16 takes an hour. Every round
measures each contestant in turn for SECONDS; printed are medians over the rounds, as digits per second and as a
fraction of the limit: the machine's product of two square matrices in the same number format, measured in the same
rounds. A digit of `deep` costs 27.8 MFLOP forward; training it counts three times that, less the first layer's gradient
towards the image, which nobody needs.
"""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from core.images import mnist
from core.model.networks import NETWORKS, Network
from core.recipe import Recipe
from core.training import keras_model
from core.training.trainer import Trainer

SECONDS = 3.0
SIDE = 2048  # of the limit's matrices
BATCHES = (256, 50)
FORMATS = ("float32", "bfloat16")


def training_flop(network: Network) -> int:
    """Floating-point operations to train on one digit: forward, and backward towards weights and inputs."""
    first = next(step for step in network.steps if step.weights)
    digits = 2 if network.reads_pairs else 1
    return 2 * (3 * network.multiply_adds - first.multiply_adds) // digits


def pace(step: Callable[[], object], digits: int) -> float:
    """Digits per second of `step`, which takes `digits`, over SECONDS."""
    step()
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        step()
        count += digits
    return count / (time.perf_counter() - began)


def limit(dtype: str) -> Callable[[], float]:
    """FLOP per second of a matrix product."""
    a = tf.random.normal((SIDE, SIDE), dtype=tf.float32)
    a = tf.cast(a, dtype)
    product = tf.function(lambda: tf.reduce_sum(tf.cast(tf.matmul(a, a), tf.float32)))
    return lambda: pace(lambda: product().numpy(), 2 * SIDE**3)


def ours(name: str, batch: int, dtype: str, data: mnist.Mnist, **fields) -> Callable[[], float]:
    """Our own step; `fields` of the recipe add augmentation."""
    recipe = Recipe(**{"network": name, "batch": batch, "steps": 100_000, "precision": dtype} | fields)
    trainer = Trainer(recipe, NETWORKS[name], data, dtype)
    steps = max(1, 1024 // batch)
    trainer.advance(steps)
    return lambda: pace(lambda: trainer.advance(steps), steps * trainer.recipe.step_digits)


def keras_fit(batch: int, dtype: str, data: mnist.Mnist) -> Callable[[], float]:
    """`deep` by Keras' own `fit`, as its documentation trains such a network."""
    network = NETWORKS["deep"]
    model = keras_model.build(network, precision=dtype)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    images = data.train_images[: 20 * 256, ..., None].astype(np.float32) / 255
    labels = data.train_labels[: 20 * 256].astype(np.int32)
    model.fit(images, labels, batch_size=batch, epochs=1, verbose=0)
    return lambda: pace(lambda: model.fit(images, labels, batch_size=batch, epochs=1, verbose=0), len(labels))


def pytorch(batch: int, dtype: str, data: mnist.Mnist) -> Callable[[], float]:
    """`deep` in PyTorch, eager, channels last, autocast for bfloat16."""
    import torch
    from torch import nn

    model = nn.Sequential(
        *(nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(3136, 1024), nn.ReLU(), nn.Linear(1024, 10)),
    ).to(memory_format=torch.channels_last)
    optimizer, loss = torch.optim.Adam(model.parameters(), fused=True), nn.CrossEntropyLoss()
    images = torch.tensor(data.train_images[:batch, None].astype(np.float32) / 255)
    images = images.to(memory_format=torch.channels_last)
    labels = torch.tensor(data.train_labels[:batch].astype(np.int64))

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bfloat16"):
            value = loss(model(images), labels)
        value.backward()
        optimizer.step()

    return lambda: pace(step, batch)


def main(rounds: int = 5, *formats: str) -> None:
    """Print the table."""
    data = mnist.load()
    moves = {"shift_pixels": 2.0, "turn_degrees": 8.0, "scale": 0.1, "shear": 0.1}
    formats = formats or FORMATS
    contestants = {("limit", dtype, 0): limit(dtype) for dtype in formats}
    for dtype in formats:
        for batch in BATCHES:
            contestants["deep", dtype, batch] = ours("deep", batch, dtype, data)
            contestants["sum", dtype, batch] = ours("sum", batch, dtype, data)
            contestants["Keras fit", dtype, batch] = keras_fit(batch, dtype, data)
            try:
                contestants["PyTorch", dtype, batch] = pytorch(batch, dtype, data)
            except ImportError as error:
                print(f"No PyTorch ({error}): pip install --group bench", file=sys.stderr)
        contestants["deep, moved images", dtype, 256] = ours("deep", 256, dtype, data, **moves)
    found = {contestant: [] for contestant in contestants}
    for number in range(rounds):
        for contestant, measure in contestants.items():
            found[contestant].append(measure())
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    medians = {contestant: statistics.median(values) for contestant, values in found.items()}
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, TensorFlow {tf.__version__}")
    for dtype in formats:
        print(f"limit {dtype}: {medians['limit', dtype, 0] / 1e9:.0f} GFLOP/s")
    print(f"{'':20} {'format':9} {'batch':>5} {'digits/s':>9} {'of limit':>8} {'of Keras fit':>12} {'of PyTorch':>11}")
    for (name, dtype, batch), value in medians.items():
        if name == "limit":
            continue
        flop = training_flop(NETWORKS["sum" if name == "sum" else "deep"])
        peers = [medians.get((peer, dtype, batch)) for peer in ("Keras fit", "PyTorch")]
        ratios = "".join(f"{value / peer:12.2f}" if peer else " " * 12 for peer in peers)
        share = value * flop / medians["limit", dtype, 0]
        print(f"{name:20} {dtype:9} {batch:5} {value:9,.0f} {share:8.2f}{ratios}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:])
