"""What was measured when a run finished, result.json; its presence says that the run has finished."""

from core.model.networks import DIGITS
from core.runs import checkpoints, control, files, records, store
from core.runs.files import BEFORE


def to_pack(run: store.Run) -> dict:
    """Return the result of a run whose weights may be replaced by smaller ones. Raises RunError if they may not."""
    if store.is_shipped(run):
        raise store.RunError(f"{run.name} came with the app, packed: its weights are known by their digest, and stay.")
    if not (result := read(run)):
        raise store.RunError(f"{run.name} has not finished: nothing to pack yet")
    return result


def write(run: store.Run, result: dict) -> None:
    """Note the measured accuracy, which also marks the run as finished, and drop what only a trainer needs."""
    files.replace(run.folder / "result.json", store.json_bytes(result))
    for name in (
        checkpoints.RESUME,
        BEFORE + checkpoints.RESUME,
        control.RESERVE,
        control.STOP,
        "progress.json",
        "wishes.json",
    ):
        (run.folder / name).unlink(missing_ok=True)


def read(run: store.Run) -> dict | None:
    """Read what was measured when the run finished, or None before that, or if it cannot be read."""
    return read_with_fault(run)[0] or None


def read_with_fault(run):
    measured = {"accuracy": records.share, "standard_error": records.share, "steps": records.step}
    more = {name: records.positive for name in ("loss", "seconds")}
    more["energy_threshold"] = records.number(-1e9, 1e9)
    more |= {"pen_accuracy": records.share, "precision": records.is_text, "pair_accuracy": _is_pair_accuracy}
    more |= {"asked_accuracy": records.share, "digit_confusion": _is_confusion}
    return records.read_fields(run.folder / "result.json", measured | {"data": records.is_text}, more)


def _is_pair_accuracy(value):
    """Whether a value is an accuracy, or None, for each top and bottom digit."""
    return _is_square(value) and all(cell is None or records.share(cell) for row in value for cell in row)


def _is_confusion(value):
    """Whether a value is a count of digits, not all of them 0, for each label and each name."""
    return _is_square(value) and all(records.step(cell) for row in value for cell in row) and any(map(any, value))


def _is_square(value):
    rows = value if isinstance(value, list) and len(value) == DIGITS else [None]
    return all(isinstance(row, list) and len(row) == DIGITS for row in rows)
