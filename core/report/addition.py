"""MNIST addition in the literature's setting: what others published, and what `python -m benchmarks.addition` measured.

30,000 fixed pairs of training images, their sums alone, judged on 5,000 fixed pairs of test images.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from core.report import measurements

FILE = Path(__file__).with_name("addition.json")  # written by the benchmark, a line for each recipe


@dataclass(frozen=True)
class Published:
    """A system, the paper that describes it, and its published accuracy, with its spread if that is known.

    The accuracies are as the project collected them; some are from later comparisons than the system's own paper.
    """

    system: str
    source: str
    accuracy: float
    spread: float | None = None


PUBLISHED = (
    Published("DeepProbLog", "Manhaeve et al., NeurIPS 2018", 0.9720, 0.0050),
    Published("NeurASP", "Yang et al., IJCAI 2020", 0.973),
    Published("Embed2Sym", "Aspis et al., KR 2022", 0.9762),
    Published("A-NeSI", "van Krieken et al., NeurIPS 2023; its best 0.9814", 0.9766),
    Published("DeepStochLog", "Winters et al., AAAI 2022", 0.979, 0.001),
    Published("ABLkit", "Huang et al., Frontiers of Computer Science 2024", 0.980),
)

# Published accuracies by the digits of each number, trained on sums of numbers as long; as this project collected them.
# Which system reached which is not recorded, so they may be of different ones.
PUBLISHED_BY_LENGTH = {2: 0.964, 4: 0.940, 15: 0.808, 100: 0.378}


@dataclass(frozen=True)
class Reached:
    """What one recipe reached: accuracy by seed, and the mean seconds of its trainings, in which number format."""

    recipe: str
    accuracies: tuple[float, ...]
    seconds: float
    precision: str

    @property
    def summary(self) -> str:
        """Mean ± standard deviation over the seeds."""
        return measurements.summary(self.accuracies)


def reached() -> list[Reached]:
    """Return what was measured last, or nothing if it never was."""
    if not FILE.exists():
        return []
    return [Reached(**entry | {"accuracies": tuple(entry["accuracies"])}) for entry in json.loads(FILE.read_text())]


def keep(measured: list[Reached]) -> None:
    """Write what was measured, for the report page."""
    measurements.keep(FILE, measured)
