"""How well runs read hands they never met: the six held-out writers of core/images/pen.py, by writer and by digit.

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
from core.credit import Features
from core.evaluation import PAIRINGS
from core.hands import Hands, judge_hands, judged
from core.images import mnist
from core.images.pen import HELD_OUT_WRITERS
from core.model.forward import Weights
from core.model.networks import DIGITS
from core.runs import checkpoints, store

SHIPPED = ["sum_posterior", "pen-sum_posterior-seed1", "sum", "pen-sum-seed1", "pen-sum_linear-seed1"]
TAUGHT = (0, 5, 10, 20, 40)  # pairs that a writer tells the sums of
MOST_TOLD = TAUGHT[-1]
WRITERS = "".join(f"{f'writer {writer}':>11}" for writer in HELD_OUT_WRITERS)  # heads of columns


def by_writer(read: dict[str, Hands]) -> str:
    """Return a table: pairs of each run, the mean over the writers and each writer."""
    lines = [f"{'pairs':24}{'mean':>8}{WRITERS}"]
    for name, hands in read.items():
        lines.append(
            f"{name:24}{hands.accuracy:8.4f}" + "".join(f"{hands.pairs(writer):11.4f}" for writer in HELD_OUT_WRITERS)
        )
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


def by_taught_pairs(run: store.Run, weights: Weights) -> str:
    """Return a table: held-out pairs of each writer after that writer told some sums, and MNIST's test pairs."""
    memory, (images, labels, writers) = teach.remember(run.network, weights), judged()
    features = teach.digit_features(run.network, weights, images)
    columns = []
    for writer in HELD_OUT_WRITERS:
        own = np.random.default_rng(0).permutation(np.flatnonzero(writers == writer))
        told, held_out = np.split(own, [2 * MOST_TOLD])
        pool = _dealt(features, labels, told, seed=0)
        others = [_dealt(features, labels, held_out, seed) for seed in range(PAIRINGS)]
        columns.append(_taught(run.network, weights, memory, pool, others))
    counts, held_out, of_mnist = np.moveaxis(columns, 2, 0)  # (writers, amounts) each
    numbers = counts.mean(axis=0)[len(TAUGHT) :]
    amounts = [f"{most}" for most in TAUGHT]
    amounts += [f"mistakes, {most} at most ({n:.1f})" for most, n in zip(TAUGHT[1:], numbers, strict=True)]
    lines = [f"{run.name + ', pairs told':34}{'mean':>8}{'worst':>8}{'MNIST':>8}{WRITERS}"]
    for amount, shares, mnist_share in zip(amounts, held_out.T, of_mnist.T, strict=True):
        each = "".join(f"{share:11.4f}" for share in shares)
        lines.append(f"{amount:34}{shares.mean():8.4f}{shares.min():8.4f}{mnist_share.mean():8.4f}{each}")
    return "\n".join(lines)


def _taught(network, weights, memory, pool, others):
    """After the sums of some pairs of a pool, then of its mistakes: their number, accuracy on others and on MNIST."""
    mistakes = np.flatnonzero(teach.read(network, teach.last_layer(network, weights), pool) != pool.sums)
    all_pairs, rows = np.arange(len(pool.sums)), []
    for chosen in [all_pairs[:most] for most in TAUGHT] + [mistakes[:most] for most in TAUGHT[1:]]:
        pairs = Features(pool.top[chosen], pool.bottom[chosen], pool.sums[chosen])
        layer = teach.learn(network, weights, memory, pairs)
        right = np.mean([(teach.read(network, layer, pair) == pair.sums).mean() for pair in others])
        rows.append((len(chosen), right, memory.accuracy(network, layer)))
    return rows


def _dealt(features, labels, digits, seed):
    """The features and sums of disjoint pairs of some digits."""
    top, bottom = digits[mnist.disjoint_pairs(len(digits), seed=seed)].T
    return Features(features[top], features[bottom], labels[top] + labels[bottom])


def main() -> int:
    """Print the tables for the runs named, by default the shipped sum networks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", metavar="RUN", default=SHIPPED)
    loaded, read = [], {}
    for name in parser.parse_args().runs:
        try:
            run = store.read(store.locate(name))
            weights = checkpoints.load_weights(run)
        except store.RunError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        loaded.append((run, weights))
        read[run.name] = judge_hands(run.network, weights)
    print(by_writer(read), by_digit(read), sep="\n\n")
    for name, hands in read.items():
        if hands.read is not None:
            print(f"\n{name} misreads most: {confusions(hands)}")
    for run, weights in loaded:
        print(f"\n{by_taught_pairs(run, weights)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
