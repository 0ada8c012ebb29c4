"""What a data-parallel step costs in communication: two workers on this host, over loopback, against one.

    python -m benchmarks.communication [ROUNDS] [BATCH]

Both workers compute on one thread, so that each has a core of its own. In every round are measured, each for SECONDS: a
step of `deep` on the whole batch by one worker while the other waits; a step on half a batch by both at the same time,
each alone; a step on the whole batch by both together; and the sum of as many numbers as the gradient has. Printed are
medians over the rounds. What together takes longer than half a batch alone is the price of communication.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time

SECONDS = 3.0
NETWORK = "deep"


def main(rounds: int = 5, batch: int = 256) -> int:
    """Start both workers; the chief prints the table."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    workers = []
    for index in range(2):
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        threads = {f"TF_NUM_{kind}OP_THREADS": "1" for kind in ("INTRA", "INTER")}
        settings = {"TF_CONFIG": json.dumps(config), "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
        command = [sys.executable, "-m", "benchmarks.communication", "worker", str(rounds), str(batch)]
        workers.append(subprocess.Popen(command, env=os.environ | threads | settings))
    return max(worker.wait() for worker in workers)


def work(rounds: int, batch: int) -> None:
    """Measure as one of the two workers. The chief says when a measurement ends, so both take the same steps."""
    import tensorflow as tf

    from core.images import mnist
    from core.jobs.scale import tf_config
    from core.recipe import Recipe
    from core.training.trainer import Trainer
    from core.training.workers import Crew, SharedTrainer, all_sum

    crew = Crew(tf_config.from_environment(), lambda words: print(words, file=sys.stderr))
    data = mnist.load(download=False)
    recipes = [Recipe(network=NETWORK, batch=n, steps=100_000, precision="float32") for n in (batch, batch // 2)]
    whole, half = (Trainer(recipe, recipe.architecture, data, "float32") for recipe in recipes)
    together = SharedTrainer(crew, recipes[0], recipes[0].architecture, data, "float32")
    order = {"steps": 1, "rate_factor": 1.0}
    together.obey(order | {"step": 0, "begin": True})
    parameters = recipes[0].architecture.parameters
    gradient = tf.ones(parameters)
    sum_once = tf.function(lambda: crew.strategy.run(lambda: all_sum([gradient])[0][0]))

    contestants = {
        "whole batch alone": lambda: crew.cluster.is_chief and whole.advance(1),
        "half a batch alone": lambda: half.advance(1),
        "whole batch together": lambda: together.obey(order | {"step": together.step, "begin": False}),
        "sum of the gradient": lambda: sum_once().numpy(),
    }
    found = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, step in contestants.items():
            step()
            crew.tell()
            once = time.perf_counter()
            step()
            once = time.perf_counter() - once
            times = crew.tell(times=max(1, round(SECONDS / once)))["times"]
            began = time.perf_counter()
            for _ in range(times):
                step()
            found[name].append((time.perf_counter() - began) / times)
            crew.tell()
    if not crew.cluster.is_chief:
        return
    milliseconds = {name: 1e3 * statistics.median(seconds) for name, seconds in found.items()}
    for name, value in milliseconds.items():
        print(f"{name:22} {value:8.1f} ms a step, from {1e3 * min(found[name]):.1f} to {1e3 * max(found[name]):.1f}")
    one, half_alone, two, summed = milliseconds.values()
    sent = 4 * parameters  # bytes: each of 2 workers sends 2·(2 − 1)/2 of the float32 gradient in a ring
    print(f"communication: {two - half_alone:.1f} ms a step, {(two - half_alone) / two:.0%} of it")
    print(f"two workers against one: {one / two:.2f} times as fast")
    print(f"sent by each worker: {sent / 1e6:.1f} MB a step; the sum alone moves {sent / summed / 1e6:.2f} GB/s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        work(*map(int, sys.argv[2:]))
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
