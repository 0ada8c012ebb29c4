"""A run's curve, metrics.jsonl: one line for each evaluation, one writer."""

import json

from core.runs import files, records, store


def append(run: store.Run, point: dict) -> None:
    """Add one line to the run's metrics. Raises OSError."""
    files.append(run.folder / "metrics.jsonl", json.dumps(point).encode() + b"\n")


def read(run: store.Run) -> list[dict]:
    """Read the run's points, oldest first, each with a step and what QUANTITIES requires; others are left out."""
    return read_with_fault(run)[0]


def read_with_fault(run):
    return records.read_points(run.folder / "metrics.jsonl")


def rewind(run: store.Run, step: int) -> None:
    """Forget what was noted after `step`, before a resumed run notes it again."""
    kept = [point for point in read(run) if point["step"] <= step]
    lines = b"".join(json.dumps(point).encode() + b"\n" for point in kept)
    files.replace(run.folder / "metrics.jsonl", lines)
