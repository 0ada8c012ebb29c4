"""How well runs read hands they never met: the six judging writers of core/images/pen.py, by writer and by digit.

    python -m benchmarks.hands [RUN …]

Pairs are a writer's own digits, dealt ten times into disjoint pairs. Half a minute, and some seconds a run.
"""

import argparse
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the server

import numpy as np

from core.hands import Hands, judge_hands
from core.images.pen import JUDGES
from core.model.networks import DIGITS
from core.runs import checkpoints, store


def by_writer(judged: dict[str, Hands]) -> str:
    """Return a table: pairs of each run, the mean over the writers and each writer."""
    heads = "".join(f"{f'writer {writer}':>11}" for writer in JUDGES)
    lines = [f"{'pairs':24}{'mean':>8}{heads}"]
    for name, hands in judged.items():
        lines.append(f"{name:24}{hands.accuracy:8.4f}" + "".join(f"{hands.pairs(writer):11.4f}" for writer in JUDGES))
    return "\n".join(lines)


def by_digit(judged: dict[str, Hands]) -> str:
    """Return a table: single digits of each run that names digits, all and by label."""
    lines = [f"{'digits':24}{'all':>8}" + "".join(f"{digit:8}" for digit in range(DIGITS))]
    for name, hands in judged.items():
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


def main() -> int:
    """Print the tables for the runs named, by default the three shipped sum networks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", metavar="RUN", default=["sum_posterior", "sum", "sum_linear"])
    judged = {}
    for name in parser.parse_args().runs:
        try:
            run = store.read(store.locate(name))
            judged[run.name] = judge_hands(run.network, checkpoints.load_weights(run))
        except store.RunError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
    print(by_writer(judged), by_digit(judged), sep="\n\n")
    for name, hands in judged.items():
        if hands.read is not None:
            print(f"\n{name} misreads most: {confusions(hands)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
