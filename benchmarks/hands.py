"""How well runs read hands they never met: the six judging writers of core/images/pen.py, by writer and by digit.

    python -m benchmarks.hands [RUN …]

Pairs are a writer's own digits, dealt ten times into disjoint pairs. Then each writer teaches each run (core/teach.py)
the sums of some of their pairs, and it is judged on digits that it was not taught: once all of these pairs were told,
once those alone that were misread. Half a minute, and as much for each run.
"""

import argparse
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the server

import numpy as np

from core import teach
from core.evaluation import PAIRINGS
from core.hands import Hands, judge_hands, judged
from core.images import mnist
from core.images.pen import JUDGES
from core.model.networks import DIGITS
from core.runs import checkpoints, store

SHIPPED = ["sum_posterior", "pen-sum_posterior-seed1", "sum", "pen-sum-seed1", "sum_linear"]
TAUGHT = (0, 5, 10, 20, 40)  # pairs that a writer tells the sums of


def by_writer(read: dict[str, Hands]) -> str:
    """Return a table: pairs of each run, the mean over the writers and each writer."""
    heads = "".join(f"{f'writer {writer}':>11}" for writer in JUDGES)
    lines = [f"{'pairs':24}{'mean':>8}{heads}"]
    for name, hands in read.items():
        lines.append(f"{name:24}{hands.accuracy:8.4f}" + "".join(f"{hands.pairs(writer):11.4f}" for writer in JUDGES))
    return "\n".join(lines)


def by_digit(read: dict[str, Hands]) -> str:
    """Return a table: single digits of each run that names digits, all and by label."""
    lines = [f"{'digits':24}{'all':>8}" + "".join(f"{digit:8}" for digit in range(DIGITS))]
    for name, hands in read.items():
        if hands.read is None:
            lines.append(f"{name:24}{'–':>8}  (names no digits)")
            continue
        right = hands.read == hands.labels
        shares = [right.mean(), *(right[hands.labels == digit].mean() for digit in range(DIGITS))]
        lines.append(f"{name:24}" + "".join(f"{share:8.4f}" for share in shares))
    return "\n".join(lines)


def confusions(hands: Hands, most: int = 8) -> str:
    """Return what is misread most often, as label→answer and how often."""
    wrong = hands.read != hands.labels
    pairs, counts = np.unique(np.stack([hands.labels, hands.read])[:, wrong], axis=1, return_counts=True)
    often = np.argsort(-counts, kind="stable")[:most]
    return ", ".join(f"{pairs[0, i]}→{pairs[1, i]} {counts[i]}×" for i in often)


def by_taught_pairs(run: store.Run) -> str:
    """Return a table: held-out pairs of each writer after that writer told some sums, and MNIST's test pairs."""
    network, weights = run.network, checkpoints.load_weights(run)
    memory, before = teach.remember(network, weights), teach.last_layer(network, weights)
    images, labels, writers = judged()
    features = teach.digit_features(network, weights, images)

    def dealt(digits, seed):
        top, bottom = digits[mnist.disjoint_pairs(len(digits), seed=seed)].T
        return teach.Features(features[top], features[bottom], labels[top] + labels[bottom])

    heads = "".join(f"{f'writer {writer}':>11}" for writer in JUDGES)
    lines = [f"{run.name + ', pairs told':34}{'mean':>8}{'worst':>8}{'MNIST':>8}{heads}"]
    for kind in ("all", "mistakes"):
        for most in TAUGHT if kind == "all" else TAUGHT[1:]:
            held_out, of_mnist, told = [], [], []
            for writer in JUDGES:
                own = np.random.default_rng(0).permutation(np.flatnonzero(writers == writer))
                pool = dealt(own[: 2 * TAUGHT[-1]], seed=0)
                useful = np.ones(len(pool.sums), bool)
                if kind == "mistakes":
                    useful = teach.read(network, before, pool) != pool.sums
                chosen = np.flatnonzero(useful)[:most]
                pairs = teach.Features(pool.top[chosen], pool.bottom[chosen], pool.sums[chosen])
                layer = teach.learn(network, weights, memory, pairs)
                others = [dealt(own[2 * TAUGHT[-1] :], seed) for seed in range(PAIRINGS)]
                held_out.append(np.mean([(teach.read(network, layer, pair) == pair.sums).mean() for pair in others]))
                of_mnist.append(memory.accuracy(network, layer))
                told.append(len(chosen))
            which = f"{most}" if kind == "all" else f"mistakes, {most} at most ({np.mean(told):.1f})"
            shares = "".join(f"{share:11.4f}" for share in held_out)
            lines.append(f"{which:34}{np.mean(held_out):8.4f}{min(held_out):8.4f}{np.mean(of_mnist):8.4f}{shares}")
    return "\n".join(lines)


def main() -> int:
    """Print the tables for the runs named, by default the shipped sum networks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", metavar="RUN", default=SHIPPED)
    runs, read = [], {}
    for name in parser.parse_args().runs:
        try:
            run = store.read(store.locate(name))
            read[run.name] = judge_hands(run.network, checkpoints.load_weights(run))
            runs.append(run)
        except store.RunError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
    print(by_writer(read), by_digit(read), sep="\n\n")
    for name, hands in read.items():
        if hands.read is not None:
            print(f"\n{name} misreads most: {confusions(hands)}")
    for run in runs:
        print(f"\n{by_taught_pairs(run)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
