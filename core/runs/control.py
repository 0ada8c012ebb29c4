"""What a trainer and everybody else tell each other: status, progress, requests, failure, the queue mark, the lock."""

import contextlib
import os
from dataclasses import dataclass
from enum import StrEnum

from filelock import Timeout

from core.runs import files, locks, records, store

RESERVE, RESERVE_BYTES = "reserve", 16_384
STOP = "stop"
LOCK_WAIT_SECONDS = 1.0  # Delete and Resume hold the lock for a moment, in which they decide


class Status(StrEnum):
    """What a run is doing, or how it ended; "interrupted" is without a message."""

    TRAINING = "training"
    QUEUED = "queued"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    UPLOADED = "uploaded"


ACTIVE = (Status.TRAINING, Status.QUEUED)


@dataclass(frozen=True)
class Requests:
    """What is asked of a run's trainer. `rate_factor` multiplies the recipe's learning rate; None: as it is."""

    stop: bool = False
    rate_factor: float | None = None


def status(run: store.Run) -> Status:
    """Return what a run is doing, or how it ended."""
    if (run.folder / "result.json").exists():
        return Status.FINISHED  # nobody asks for the lock of most runs
    waits = queued_since(run) is not None  # asked first: a worker takes the lock, and only then this mark away
    if is_locked(run):
        return Status.TRAINING
    return Status.QUEUED if waits and not (run.folder / "result.json").exists() else standing(run)


def standing(run: store.Run) -> Status:
    """Return the status, for one who holds the lock or knows that nobody does: never TRAINING."""
    if (run.folder / "result.json").exists():
        return Status.FINISHED
    if queued_since(run) is not None:
        return Status.QUEUED
    if (run.folder / "failure.json").exists():
        return Status.FAILED
    if run.data_name == store.UPLOADED:
        return Status.UPLOADED
    if read_progress(run).get("phase", "stopped") == "stopped":
        return Status.STOPPED
    return Status.FAILED if _read_only(run) else Status.INTERRUPTED


def write_progress(run: store.Run, phase: str, **numbers: float) -> None:
    """Write how far the trainer is. What cannot be written is left out: that alone must end no training."""
    with contextlib.suppress(OSError):
        files.replace(run.folder / "progress.json", store.json_bytes({"phase": phase, **numbers}), durable=False)


def read_progress(run: store.Run) -> dict:
    """Read what `write_progress` wrote last: phase; where known step, steps, images_per_second, seconds_left, done."""
    return progress_with_fault(run)[0]


def progress_with_fault(run):
    steps, pace = records.number(0, run.recipe.steps, whole=True), records.positive
    told = {"step": steps, "steps": steps, "images_per_second": pace, "seconds_left": pace, "done": records.share}
    return records.read_fields(run.folder / "progress.json", {"phase": records.is_text}, told)


def request(run: store.Run, stop: bool | None = None, rate_factor: float | None = None) -> None:
    """Ask something more of a run's trainer; None leaves it as it is. Raises RunError if it cannot be written.

    Each wish has a file of its own: of two who ask at one time, neither takes the other's back.
    """
    with store.writing(run.folder):
        if stop:
            files.replace(run.folder / STOP, b"")
        elif stop is not None:
            (run.folder / STOP).unlink(missing_ok=True)
        if rate_factor is not None:
            files.replace(run.folder / "wishes.json", store.json_bytes({"rate_factor": rate_factor}))


def requests(run: store.Run) -> Requests:
    """Read what is asked of a run's trainer; what makes no sense is taken as not asked."""
    factor = requests_with_fault(run)[0].get("rate_factor")
    return Requests((run.folder / STOP).exists(), None if factor is None else float(factor))


def requests_with_fault(run):
    return records.read_fields(run.folder / "wishes.json", {}, {"rate_factor": records.number(1e-4, 1e4)})


def reserve_room(run: store.Run) -> None:
    """Take the room that `note_failure` will need, should the disk be full by then."""
    with contextlib.suppress(OSError):
        files.replace(run.folder / RESERVE, bytes(RESERVE_BYTES))


def note_failure(run: store.Run, reason: str) -> None:
    """Mark a run as failed, and say why."""
    with contextlib.suppress(OSError):
        (run.folder / RESERVE).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # a read-only folder, which `failure` sees by itself
        files.replace(run.folder / "failure.json", store.json_bytes({"reason": reason}))


def failure(run: store.Run) -> str:
    """Return why a run failed; empty if it did not."""
    if noted := text_with_fault(run, "failure.json", "reason")[0].get("reason"):
        return noted
    return f"{run.folder} is read-only, so nothing can be kept. Make it writable, then resume." * _read_only(run)


def _read_only(run):
    return os.name == "posix" and bool(os.statvfs(run.folder).f_flag & os.ST_RDONLY)


def log_tail(run: store.Run, lines: int = 8) -> str:
    """Return the last lines that a run's trainer logged."""
    try:
        with (run.folder / "log.txt").open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4000))
            logged = file.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(logged[-lines:])


def text_with_fault(run, file, name):
    return records.read_fields(run.folder / file, {}, {name: records.is_text})


def lock(run: store.Run) -> locks.Held:
    """Hold the run's lock until the end of a `with`. Temporary files that killed writers left are removed.

    Raises RunError if another process holds it, if none can, or if the run is no longer there.
    """
    if fault := locks.fault(run.folder):
        raise store.RunError(fault)
    with store.writing(run.folder):
        try:
            held = locks.Held(run.folder, LOCK_WAIT_SECONDS)
        except Timeout:
            raise store.RunError(f"{run.name} is being trained by another process.") from None
        except (FileNotFoundError, locks.Replaced):
            raise store.RunError(f"{run.name} was moved or deleted just now.") from None
    files.remove_temporaries(run.folder)
    return held


def remove_litter() -> None:
    """Remove the temporary files that killed writers left, in checkpoints/ and in its runs; nobody's who lives."""
    for folder in {path.parent for path in store.ROOT.glob(f"*/.*{files.LOCKED}")}:
        with contextlib.suppress(Timeout, OSError), locks.Held(folder, 0):
            files.remove_temporaries(folder)
    for folder in {store.ROOT, *(path.parent for path in store.ROOT.glob(f"*/.*{files.FREE}"))}:
        files.remove_old_temporaries(folder)


def is_locked(run: store.Run) -> bool:
    """Return whether a trainer lives that works on this run. Looking disturbs nobody."""
    return locks.is_held(run.folder / locks.NAME)


def begin(run: store.Run) -> tuple[store.Run, locks.Held]:
    """Take the lock of a run that is to be trained now: the run as it is under the lock, and the lock.

    It waits no longer, and how it ended before is forgotten. Raises RunError as `lock` and `refuse_to_train`.
    """
    held = lock(run)
    try:
        unmark_queued(run)
        run = store.read(run.folder)
        refuse_to_train(run)
        forget_ending(run)
    except BaseException:
        held.release()
        raise
    return run, held


def refuse_to_train(run: store.Run) -> None:
    """Raise RunError if a run is not to be trained any further. Whoever asks holds its lock, or asks again with it."""
    if (run.folder / "result.json").exists():
        raise store.RunError(f"{run.name} has finished already: nothing is left to resume.")
    if store.is_shipped(run):
        raise store.RunError(
            f"{run.name} came with the app and is not trained further. Start a new run with its recipe."
        )
    if not run.is_by_recipe:
        raise store.RunError(f"{run.name} was {run.data_name}: how to go on with it is not known.")


def note_warning(run: store.Run, message: str) -> None:
    """Keep what the user should know of how a run went on, until it goes on again."""
    with contextlib.suppress(OSError):
        files.replace(run.folder / "warning.json", store.json_bytes({"words": message}))


def warning(run: store.Run) -> str:
    """Return what `note_warning` kept, or nothing."""
    return text_with_fault(run, "warning.json", "words")[0].get("words", "")


def mark_queued(run: store.Run, time_ns: int) -> None:
    """Let a run wait for a trainer, since `time_ns`. Raises RunError if it cannot be written."""
    with store.writing(run.folder):
        files.replace(run.folder / "queued", str(time_ns).encode())


def queued_since(run: store.Run) -> int | None:
    """Return since when a run waits for a trainer, in nanoseconds; None if it does not, or the mark is unreadable."""
    try:
        with (run.folder / "queued").open("rb") as mark:
            return int(mark.read(5000))
    except (OSError, ValueError):
        return None


def unmark_queued(run: store.Run) -> None:
    """Let a run wait no longer."""
    with contextlib.suppress(OSError):
        (run.folder / "queued").unlink()


def forget_ending(run: store.Run) -> None:
    """Forget how a run ended, before it goes on."""
    with contextlib.suppress(OSError):
        for name in ("failure.json", "warning.json", "progress.json"):
            (run.folder / name).unlink(missing_ok=True)
    request(run, stop=False)
