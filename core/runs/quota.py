"""How many runs, and how many bytes of them, checkpoints/ takes: the next one is refused, and nothing is deleted."""

import os
from pathlib import Path

from core import settings
from core.runs import store

MOST_RUNS = settings.most_runs()  # of the visitors' own
MOST_GIGABYTES = settings.most_gigabytes()


def refuse_over_quota(wanted: int = 1) -> None:
    """Raise RunError if so many runs more would be too many."""
    own = [run for run in store.list_runs() if not store.is_shipped(run)]
    if len(own) + wanted > MOST_RUNS:
        taken = "no more are taken" if len(own) >= MOST_RUNS else f"{MOST_RUNS - len(own):,} more are taken"
        raise store.RunError(
            f"{len(own):,} runs are kept here already, and {taken}. Delete some on the Compare page, or "
            "start the app with a larger DIGIT_SUM_LAB_MOST_RUNS."
        )
    used_gigabytes = _bytes_under(store.ROOT) / 1e9
    if used_gigabytes >= MOST_GIGABYTES:
        raise store.RunError(
            f"The runs take {used_gigabytes:.1f} GB already, and no more are taken. Delete some on the Compare page "
            "(the disk is free a day later), or start the app with a larger DIGIT_SUM_LAB_MOST_GIGABYTES."
        )


def _bytes_under(folder: Path) -> int:
    """The sizes of all files under a folder; what vanishes meanwhile counts nothing."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_size
            except OSError:
                continue
    return total
