"""How much that is no digit is doubted (core/likeness.py), and how many digits are doubted wrongly.

    python -m benchmarks.not_digits [RUN …]

What is no digit: letters and doodles written stroke by stroke, each varied as core/images/pen.py varies a hand, random
scribbles, and two pen digits in one frame. Digits: MNIST's test digits and the six held-out writers'; of neither
was a threshold taken, but for the 1,000 embedded test digits, which are 10 % of the first. Half a minute for each run.
"""

import argparse
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the server

import numpy as np

from core import hands, likeness
from core.images import mnist, pen
from core.runs import checkpoints, results, store

SHIPPED = ["pen-sum_posterior-seed1", "sum_posterior", "deep-seed1", "compact-seed1", "tiny-seed2"]
EACH = 40  # drawings of each kind
MOST_DIGITS = 5000  # of MNIST's test digits


def arc(x: float, y: float, width: float, height: float, begin: float, end: float) -> list[tuple[float, float]]:
    """Return points of an ellipse around (x, y), from one angle to the other, in degrees."""
    angles = np.radians(np.linspace(begin, end, 32))
    return list(zip(x + width * np.cos(angles), y + height * np.sin(angles), strict=True))


SPIRAL = [(5 + a / 4 * np.cos(a), 5 + a / 4 * np.sin(a)) for a in np.linspace(0, 20, 80)]
SHAPES = {  # strokes of points on a field of 10 by 10, y downwards
    "A": [[(0, 10), (4, 0), (8, 10)], [(1.7, 6), (6.3, 6)]],
    "E": [[(7, 0), (0, 0), (0, 10), (7, 10)], [(0, 5), (6, 5)]],
    "H": [[(0, 0), (0, 10)], [(7, 0), (7, 10)], [(0, 5), (7, 5)]],
    "K": [[(0, 0), (0, 10)], [(7, 0), (0, 5), (7, 10)]],
    "M": [[(0, 10), (0, 0), (4, 6), (8, 0), (8, 10)]],
    "R": [[(0, 10), (0, 0)], [(0, 0), (4, 0), *arc(4, 2.5, 2.8, 2.5, -90, 90), (0, 5)], [(3, 5), (7, 10)]],
    "T": [[(0, 0), (8, 0)], [(4, 0), (4, 10)]],
    "W": [[(0, 0), (2, 10), (4, 3), (6, 10), (8, 0)]],
    "X": [[(0, 0), (8, 10)], [(8, 0), (0, 10)]],
    "heart": [[(5, 10), (0, 4), *arc(2.5, 2.7, 2.5, 2.5, 150, 360), *arc(7.5, 2.7, 2.5, 2.5, 180, 390), (5, 10)]],
    "star": [[(1, 10), (5, 0), (9, 10), (0, 4), (10, 4), (1, 10)]],
    "house": [[(0, 10), (0, 4), (5, 0), (10, 4), (10, 10), (0, 10)], [(4, 10), (4, 6), (6, 6), (6, 10)]],
    "face": [arc(5, 5, 5, 5, 0, 360), [(3, 3), (3, 4)], [(7, 3), (7, 4)], arc(5, 5.5, 2.5, 2.2, 20, 160)],
    "zigzag": [[(0, 0), (10, 2), (0, 4), (10, 6), (0, 8), (10, 10)]],
    "spiral": [SPIRAL],
    "cross": [[(0, 5), (10, 5)], [(5, 0), (5, 10)]],
    "arrow": [[(0, 5), (10, 5)], [(6, 1), (10, 5), (6, 9)]],
    "triangle": [[(5, 0), (0, 9), (10, 9), (5, 0)]],
    "hash": [[(3, 0), (2, 10)], [(7, 0), (6, 10)], [(0, 3.3), (10, 3.3)], [(0, 6.6), (10, 6.6)]],
}


def scribble(generator: np.random.Generator) -> list[list[tuple[float, float]]]:
    """Return one stroke that wanders over the field."""
    corners = generator.uniform(0, 10, (int(generator.integers(14, 30)), 2))
    along = np.linspace(0, len(corners) - 1, 6 * len(corners))
    return [list(zip(*(np.interp(along, range(len(corners)), axis) for axis in corners.T), strict=True))]


def two_digits(generator: np.random.Generator) -> list[np.ndarray]:
    """Return the strokes of two digits of the held-out writers beside each other."""
    written = pen.held_out()
    left, right = (pen.centred(written[i].strokes, 1.0, 0) for i in generator.integers(len(written), size=2))
    return [*left, *(stroke + [0.9, 0] for stroke in right)]


def drawn() -> dict[str, np.ndarray]:
    """Return what is no digit, by its kind: images (EACH, 28, 28) uint8."""
    generator = np.random.default_rng(0)
    makers = {name: lambda _, strokes=strokes: strokes for name, strokes in SHAPES.items()}
    makers |= {"scribble": scribble, "two digits": two_digits}
    return {
        name: np.stack([pen.varied_image(make(generator), generator) for _ in range(EACH)])
        for name, make in makers.items()
    }


def main() -> int:
    """Print, for each run, the shares that are doubted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", metavar="RUN", default=SHIPPED)
    given = parser.parse_args()
    others, (judged, _, _) = drawn(), hands.judged()
    tested = mnist.load_test().test_images[:MOST_DIGITS]
    print(f"{'doubted':26}{'MNIST':>8}{'writers':>9}{'no digit':>10}   by kind")
    for name in given.runs:
        run = store.read(store.locate(name))
        weights, limit = checkpoints.load_weights(run), (results.read(run) or {}).get("energy_threshold")
        if limit is None:
            print(f"{name:26} names no digits, or has no threshold")
            continue
        share = {
            kind: float((likeness.energies(run.network, weights, images) > limit).mean())
            for kind, images in ({"MNIST": tested, "writers": judged} | others).items()
        }
        mean = np.mean([share[kind] for kind in others])
        kinds = ", ".join(f"{kind} {share[kind]:.2f}" for kind in others)
        print(f"{name:26}{share['MNIST']:8.4f}{share['writers']:9.4f}{mean:10.3f}   {kinds}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
