"""What an experiment is: its variants and their recipes, and the runs in checkpoints/ whose names follow from it.

An experiment has variants, a variant a recipe, and each seed of it is a run. The report's own experiments are in
experiments.py, the others in past_the_report.py.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

from core.presets import as_in_the_report
from core.recipe import Recipe

PROTOCOLS = ("quick", "report")  # our own recipes of few iterations; 20,000 batches of 50, as in the report


@dataclass(frozen=True)
class Variant:
    """One recipe of an experiment, and the seeds of its shipped runs. `label` is empty where there is just one."""

    recipe: Recipe
    seeds: tuple[int, ...] = (1, 2, 3)
    label: str = ""
    shipped_as: str = ""  # the name of a run that is shipped under a name of its own


@dataclass(frozen=True)
class Experiment:
    """A row of the report page: what the report did and printed, and how it is measured here.

    `printed` and `printed_parameters` are as printed; `correct` says what differs and why, empty where all is right.
    """

    id: str
    question: str  # of the report; empty for those past it
    title: str
    network: str
    printed: str
    variants: tuple[Variant, ...]
    printed_parameters: int | None = None
    printed_accuracy: float | None = None  # as it was meant
    printed_as: str = ""  # where it did not print just this number
    correct: str = ""
    remark: str = ""

    def variants_by(self, protocol: str) -> tuple[Variant, ...]:
        """Return the variants by one of PROTOCOLS; by the report's own none for what is past the report.

        Three seeds where 250 images are learned from, as those verdicts are about spread; elsewhere two.
        """
        if protocol == "quick":
            return self.variants
        if not self.question:
            return ()
        return tuple(
            Variant(
                dataclasses.replace(as_in_the_report(self.network), examples=asked.examples, keep_prob=asked.keep_prob),
                (1, 2, 3) if asked.examples else (1, 2),
                "-".join(filter(None, (variant.label, "report"))),
            )
            for variant in self.variants
            for asked in (variant.recipe,)
        )


def run_name(experiment: Experiment, variant: Variant, seed: int) -> str:
    """Return the folder in checkpoints/ of one run of an experiment."""
    return variant.shipped_as or "-".join(filter(None, (experiment.id, variant.label, f"seed{seed}")))


def recipe_of(variant: Variant, seed: int) -> Recipe:
    """Return the recipe of one seed of a variant."""
    return dataclasses.replace(variant.recipe, seed=seed)


def planned(experiment: Experiment, protocol: str = "quick") -> list[tuple[str, Recipe]]:
    """Return the name and recipe of every run of an experiment, by one of PROTOCOLS."""
    return [
        (run_name(experiment, variant, seed), recipe_of(variant, seed))
        for variant in experiment.variants_by(protocol)
        for seed in variant.seeds
    ]


# how images were moved in the runs that were trained before core/training/augmentation.py could keep them sharp
BLURRED = {"resampling": "bilinear"}


def quick(network: str, **fields: Any) -> Recipe:
    """Return a recipe of few iterations, with these fields in place of its own."""
    usual: dict[str, Any] = {"network": network, "steps": 1000, "learning_rate": 2e-3, "seed": 1}
    return Recipe(**usual | fields)


def quick_sum(**fields: Any) -> Recipe:
    """Return the quick recipe of a network that adds without naming digits: longer, and with averaged weights."""
    usual: dict[str, Any] = {"network": "sum", "steps": 2500, "learning_rate": 3e-3}
    return quick(**usual | {"average_decay": 0.999, "outlier_rate": 0.1} | fields)
