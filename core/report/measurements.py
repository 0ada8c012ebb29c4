"""What the finished runs of an experiment reached, and the table of it beside what the report printed."""

import dataclasses
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.report.experiment import Experiment, Variant, run_name
from core.runs import results, store

MEASURED_HEADS = f"{'measured':>22} {'runs':>4} {'seconds each':>12}"
ALL_OR_NOTHING = 0.1  # of spread: with more of it some runs learned and some did not, and no mean says so


@dataclass(frozen=True)
class Measured:
    """Accuracies of a variant's finished runs, the seconds that they took, and their names.

    `hands` are accuracies on pairs of pen digits, by writers never trained on, of runs that were trained on some.
    """

    accuracies: tuple[float, ...]
    seconds: tuple[float, ...]
    names: tuple[str, ...]
    hands: tuple[float, ...] = ()

    @property
    def mean(self) -> float:
        return statistics.mean(self.accuracies)

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds; 0 for one."""
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else 0.0

    @property
    def summary(self) -> str:
        """Mean ± spread; of one run the accuracy alone, for one has no spread."""
        return summary(self.accuracies)


def summary(values: Sequence[float]) -> str:
    """Return the mean of some values ± their standard deviation; of one, or if it is ALL_OR_NOTHING, the values."""
    spread = statistics.stdev(values) if len(values) > 1 else None
    if spread is not None and spread > ALL_OR_NOTHING:
        return ", ".join(f"{value:.4f}" for value in values)
    return with_spread(statistics.mean(values), spread)


def with_spread(accuracy: float, spread: float | None) -> str:
    """Return an accuracy ± its spread, or the accuracy alone where no spread is known."""
    return f"{accuracy:.4f}" + (f" ± {spread:.4f}" if spread is not None else "")


def runs_of(experiment: Experiment, variant: Variant) -> list[store.Run]:
    """Return the runs of a variant that are there, finished or not."""
    runs = []
    for seed in variant.seeds:
        try:
            runs.append(store.read(store.ROOT / run_name(experiment, variant, seed)))
        except store.RunError:
            continue
    return runs


def measured(experiment: Experiment, variant: Variant) -> Measured | None:
    """Return what the finished runs of a variant reached, or None if there is none."""
    return reached(runs_of(experiment, variant))


def reached(repeats: list[store.Run]) -> Measured | None:
    """Return what those of some runs that have finished reached, or None if there is none."""
    finished = [(run, result) for run in repeats if (result := results.read(run))]
    if not finished:
        return None
    return Measured(
        tuple(result["accuracy"] for _, result in finished),
        tuple(result.get("seconds", 0.0) for _, result in finished),
        tuple(run.name for run, _ in finished),
        tuple(result["pen_accuracy"] for _, result in finished if "pen_accuracy" in result),
    )


def table(experiments: list[Experiment], protocol: str = "quick") -> str:
    """List printed and measured accuracy side by side, a line for each variant."""
    lines = [f"{'experiment':34} {'printed':>8} {MEASURED_HEADS}"]
    for experiment in experiments:
        for variant in experiment.variants_by(protocol):
            printed = "" if experiment.printed_accuracy is None else f"{experiment.printed_accuracy:.4f}"
            name = " ".join(filter(None, (experiment.id, variant.label)))
            lines.append(f"{name:34} {printed:>8} {measured_cells(measured(experiment, variant))}")
    return "\n".join(lines)


def measured_cells(result: Measured | None) -> str:
    """Format the cells under MEASURED_HEADS: mean ± spread, how many runs, and the mean of their seconds."""
    # as wide without a spread, so that the means stand below each other
    here = f"{result.summary:15}" if result else "not yet"
    count, seconds = (len(result.names), f"{statistics.mean(result.seconds):.0f}") if result else (0, "")
    return f"{here:>22} {count:>4} {seconds:>12}".rstrip()


def keep(file: Path, lines: Sequence) -> None:
    """Write dataclasses as a JSON list, one on each line, so that a version of the file differs by whole lines."""
    file.write_text("[\n" + ",\n".join(json.dumps(dataclasses.asdict(line)) for line in lines) + "\n]\n")
