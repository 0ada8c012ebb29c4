"""A run is a folder, and the folder is the interface: pages, trainer and command line meet only here.

    run.json             what was asked: the recipe, the data, the versions; written once
    metrics.jsonl        what happened: one line per evaluation, one writer
    weights.safetensors  the network's weights (averaged, if the recipe averages), by canonical name
    resume.safetensors   all that is needed to go on as if never stopped; gone once the run has finished
    answers.safetensors  what those weights answer to each test image (core/model/answers.py): no page computes it
    before-…             the weights and the resume state that were replaced last, should the last ones be damaged
    snapshots/           sum networks: where test digits lay on their features' first components, by step, while it
                         trained (core/insight/number_line.py)
    result.json          the measured accuracy; its presence says that the run has finished
    progress.json        how far its trainer is, or where it ended
    wishes.json          the learning rate that is asked of its trainer
    stop                 its trainer is asked to stop
    failure.json         why it failed
    reserve              room on the disk to say so, should it be full
    warning.json         what the user should know of how it went on
    log.txt              what its trainer said, if the app started it
    label.json           the student's own title, note and star
    shipped              came with the app; the SHA-256 of the weights that came too
    queued               waits for a trainer since the time in it
    lock                 held by the trainer while it lives

Files are written beside their place, fsynced and renamed, so a reader sees the old one or the new one, whole.
A shipped checkpoint is a run that was committed.
"""

import contextlib
import functools
import hashlib
import json
import os
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
from filelock import Timeout
from safetensors import SafetensorError

from core import files, locks, records, tensors
from core.files import BEFORE
from core.model.networks import DIGITS, Network
from core.recipe import Recipe, recipe_from_dict

FORMAT = 1
ROOT = Path(os.environ.get("DIGIT_SUM_LAB_RUNS") or Path(__file__).parent.parent / "checkpoints")
WEIGHTS, RESUME, ANSWERS = "weights.safetensors", "resume.safetensors", "answers.safetensors"
RESERVE, RESERVE_BYTES = "reserve", 16_384
STOP = "stop"
UPLOADED = "uploaded"  # the data_name of a run whose weights somebody brought
TRASH = ".trash"
TRASH_SECONDS = 24 * 3600  # how long a discarded run can be restored
LOCK_WAIT_SECONDS = 1.0  # Delete and Resume hold the lock for a moment, in which they decide
LONGEST_NAME_BYTES = 200  # file systems take 255, and temporary names are longer


class RunError(Exception):
    """A run that is not there, is damaged, or is busy; the message is for the user."""


@dataclass(frozen=True)
class Run:
    """A run's folder and what was asked of it."""

    folder: Path
    recipe: Recipe
    data: str  # which images it trains on, in words; empty until its trainer has looked
    data_name: str  # "full", "embedded", UPLOADED, or empty
    created: str  # UTC, ISO 8601
    versions: dict

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def network(self) -> Network:
        return self.recipe.architecture


@dataclass(frozen=True)
class Wishes:
    """What is asked of a run's trainer. `rate_factor` multiplies the recipe's learning rate; None: as it is."""

    stop: bool = False
    rate_factor: float | None = None


@dataclass(frozen=True)
class Label:
    """The student's own words for a run."""

    title: str = ""
    note: str = ""
    star: bool = False


def locate(name_or_path: str) -> Path:
    """The folder of a run by its name in checkpoints/ or by a path."""
    is_path = name_or_path in (".", "..") or any(mark in name_or_path for mark in (os.sep, os.altsep) if mark)
    return Path(name_or_path) if is_path else ROOT / name_or_path


def refuse_existing(folder: Path) -> None:
    """Raises RunError if no new run can have this folder: it is there already, or cannot be shown, linked or found.

    A name is refused that begins with a dot (the app's own folders do) or has control characters, and a path with
    "..", which leads elsewhere than it seems to.
    """
    name, shown = folder.name, repr(str(folder)[:80])
    if fault := _fault_of_name(name):
        raise RunError(f"{shown} cannot be a folder of a run: {fault}. Choose another name.")
    if ".." in folder.parts:
        raise RunError(f"{shown} cannot be a folder of a run: it leads upwards. Give its path without '..'.")
    try:
        if (folder / "run.json").exists():
            raise RunError(f"{folder} is already a run. Resume it with --resume {folder}, or choose another name.")
        if os.path.lexists(folder):
            raise RunError(f"{folder} is there already, and is no run. Remove it, or choose another name.")
    except (OSError, ValueError) as error:
        raise RunError(f"{shown} cannot be a folder ({_reason(error)})") from error


def _fault_of_name(name):
    """Why a run cannot have a name, in words; or nothing."""
    if not records.is_printable(name):
        return "its name has characters that cannot be shown"
    if name.startswith(".") or not name:
        return "its name begins with a dot, as those of the app's own folders do"
    if len(name.encode()) > LONGEST_NAME_BYTES:
        return f"its name has more than {LONGEST_NAME_BYTES} bytes"
    return ""


def create(folder: Path | None, recipe: Recipe, data: str, data_name: str, created: str, versions: dict) -> Run:
    """Make the folder of a new run; None: one named after its network. Of several who make the same, one succeeds.

    Raises RunError if the folder is there already, or cannot be written.
    """
    if folder is None:
        folder = new_folder(recipe.network)
    else:
        refuse_existing(folder)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir()  # which one alone can do
        except FileExistsError:
            raise RunError(f"{folder} was made by somebody else just now. Choose another name.") from None
        except OSError as error:
            raise _unwritable(folder, error) from error
    try:
        _describe(folder, recipe, data, data_name, created, versions)
    except RunError:
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise
    return read(folder)


def settle_data(run: Run, data: str, data_name: str) -> Run:
    """Note which images a run trains on, if it was created before anybody had looked. Raises RunError as `create`."""
    if run.data:
        return run
    _describe(run.folder, run.recipe, data, data_name, run.created, run.versions)
    return read(run.folder)


def _describe(folder, recipe, data, data_name, created, versions):
    contents = {
        "format": FORMAT,
        "created": created,
        "data": data,
        "data_name": data_name,
        "versions": versions,
        "recipe": recipe.as_dict(),
    }
    _replace_json(folder / "run.json", contents)


def _replace_json(path, contents):
    """Raises RunError if it cannot be written."""
    try:
        files.replace(path, _json_bytes(contents))
    except OSError as error:
        raise _unwritable(path.parent, error) from error


def _unwritable(folder, error):
    return RunError(f"{folder} cannot be written ({error.strerror or error})")


def read(folder: Path) -> Run:
    """The run in a folder. Raises RunError if there is none or it is damaged."""
    path = folder / "run.json"
    try:
        stat = path.stat()
    except FileNotFoundError:
        raise RunError(f"No run at {folder}. `python -m core runs` lists what there is.") from None
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read ({_reason(error)})") from error
    return _read(path, stat.st_ino, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=1024)  # every page lists all runs in every rerun: 9 ms of a processor for 50
def _read(path, *version):
    """What run.json says, read once for each version of it: a changed one is another file, as it is renamed there."""
    if not records.is_printable(path.parent.name):
        raise RunError(f"{str(path.parent)!r} has a name that cannot be shown. Rename the folder.")
    contents, fault = records.read_object(path)
    if fault:
        raise RunError(f"{path.parent}: {fault}")
    try:
        if contents["format"] != FORMAT:
            raise ValueError(f"its format is {contents['format']}, this version reads {FORMAT}")
        words = [contents[name] for name in ("data", "data_name", "created")]
        if not all(isinstance(word, str) for word in words) or not isinstance(contents["versions"], dict):
            raise TypeError
        recipe = recipe_from_dict(contents["recipe"])
    except (KeyError, TypeError) as error:
        raise RunError(f"{path} is not a run of this app (a field is missing or of another kind)") from error
    except ValueError as error:
        raise RunError(f"{path} is not a run of this app ({records.printable(str(error), 200)})") from error
    data, data_name, created = (records.printable(word, 300) for word in words)
    return Run(path.parent, recipe, data, data_name, created if records.is_time(created) else "", contents["versions"])


def _reason(error):
    """Why a path cannot be looked at: the operating system's words, or that Python refuses its name."""
    return getattr(error, "strerror", None) or "its name holds a character that no file's name may"


def list_runs(root: Path | None = None) -> list[Run]:
    """All readable runs in a folder (checkpoints/ by default), the newest first; `unreadable` says what is left out."""
    return _listed(root)[0]


def unreadable(root: Path | None = None) -> list[str]:
    """Why runs in a folder (checkpoints/ by default) are left out of `list_runs`, a sentence for each."""
    return _listed(root)[1]


def _listed(root):
    found, faults = [], []
    for path in sorted((root or ROOT).glob("*/run.json")):
        if path.parent.name.startswith("."):
            continue
        try:
            found.append(read(path.parent))
        except RunError as error:
            faults.append(records.printable(str(error), 300))
    return sorted(found, key=lambda run: run.created, reverse=True), faults


def is_shipped(run: Run) -> bool:
    """Whether a run came with the app: those that are committed have a file `shipped`. Nobody deletes them."""
    return (run.folder / "shipped").exists()


def shipped_digest(run: Run) -> str:
    """The SHA-256 that the weights came with, as the file `shipped` says; empty if they did not come with the app."""
    try:
        return (run.folder / "shipped").read_text().strip()
    except (OSError, ValueError):
        return ""


def status(run: Run) -> str:
    """ "training", "finished", "queued", "failed", "uploaded", "stopped", or "interrupted": ended without a word."""
    if (run.folder / "result.json").exists():
        return "finished"  # nobody asks for the lock of most runs
    waits = queued_since(run) is not None  # asked first: a worker takes the lock, and only then this mark away
    if is_locked(run):
        return "training"
    return "queued" if waits and not (run.folder / "result.json").exists() else standing(run)


def standing(run: Run) -> str:
    """As `status`, for one who holds the lock or knows that nobody does: never "training"."""
    if (run.folder / "result.json").exists():
        return "finished"
    if queued_since(run) is not None:
        return "queued"
    if (run.folder / "failure.json").exists():
        return "failed"
    if run.data_name == UPLOADED:
        return "uploaded"
    if read_progress(run).get("phase", "stopped") == "stopped":
        return "stopped"
    return "failed" if _read_only(run) else "interrupted"


def write_progress(run: Run, phase: str, **numbers: float) -> None:
    """Tell how far the trainer is. What cannot be written is not told: that alone must end no training."""
    with contextlib.suppress(OSError):
        files.replace(run.folder / "progress.json", _json_bytes({"phase": phase, **numbers}), durable=False)


def read_progress(run: Run) -> dict:
    """What `write_progress` told last: phase; where known step, steps, images_per_second, seconds_left, done."""
    return _progress(run)[0]


def _progress(run):
    steps, pace = records.number(0, run.recipe.steps, whole=True), records.positive
    told = {"step": steps, "steps": steps, "images_per_second": pace, "seconds_left": pace, "done": records.share}
    return records.read_fields(run.folder / "progress.json", {"phase": records.is_text}, told)


def wish(run: Run, stop: bool | None = None, rate_factor: float | None = None) -> None:
    """Ask something more of a run's trainer; None leaves it as it is. Raises RunError if it cannot be written.

    Each wish has a file of its own: of two who ask at one time, neither takes the other's back.
    """
    try:
        if stop:
            files.replace(run.folder / STOP, b"")
        elif stop is not None:
            (run.folder / STOP).unlink(missing_ok=True)
        if rate_factor is not None:
            files.replace(run.folder / "wishes.json", _json_bytes({"rate_factor": rate_factor}))
    except OSError as error:
        raise _unwritable(run.folder, error) from error


def wishes(run: Run) -> Wishes:
    """What is asked of a run's trainer; what makes no sense is taken as not asked."""
    factor = _wishes(run)[0].get("rate_factor")
    return Wishes((run.folder / STOP).exists(), None if factor is None else float(factor))


def _wishes(run):
    return records.read_fields(run.folder / "wishes.json", {}, {"rate_factor": records.number(1e-4, 1e4)})


def reserve_room(run: Run) -> None:
    """Take the room that `note_failure` will need, should the disk be full by then."""
    with contextlib.suppress(OSError):
        files.replace(run.folder / RESERVE, bytes(RESERVE_BYTES))


def note_failure(run: Run, reason: str) -> None:
    """Mark a run as failed, and say why."""
    with contextlib.suppress(OSError):
        (run.folder / RESERVE).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # a read-only folder, which `failure` sees by itself
        files.replace(run.folder / "failure.json", _json_bytes({"reason": reason}))


def failure(run: Run) -> str:
    """Why a run failed; empty if it did not."""
    if noted := _words(run, "failure.json", "reason")[0].get("reason"):
        return noted
    return f"{run.folder} is read-only, so nothing can be kept. Make it writable, then resume." * _read_only(run)


def _read_only(run):
    return os.name == "posix" and bool(os.statvfs(run.folder).f_flag & os.ST_RDONLY)


def log_tail(run: Run, lines: int = 8) -> str:
    """The last lines that a run's trainer said."""
    try:
        with (run.folder / "log.txt").open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4000))
            said = file.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(said[-lines:])


def read_label(run: Run) -> Label:
    """The student's own title, note and star."""
    told = _label(run)[0]
    return Label(told.get("title", "")[:60], told.get("note", ""), told.get("star", False))


def _label(run):
    words = {"title": records.is_text, "note": records.is_text, "star": lambda value: isinstance(value, bool)}
    return records.read_fields(run.folder / "label.json", {}, words)


def write_label(run: Run, label: Label) -> None:
    """Replace the student's own words: printable characters, a title of 60 and a note of 2,000 at most. RunError."""
    label = Label(records.printable(label.title, 60), records.printable(label.note), label.star)
    _replace_json(run.folder / "label.json", asdict(label))


def _words(run, file, name):
    return records.read_fields(run.folder / file, {}, {name: records.is_text})


def left_out(run: Run) -> list[str]:
    """What in a run's files cannot be used and is left out, in words, a line for each file; mostly nothing."""
    faults = [_metrics(run)[1], _result(run)[1], _progress(run)[1], _wishes(run)[1], _label(run)[1]]
    faults += [_words(run, "failure.json", "reason")[1], _words(run, "warning.json", "words")[1]]
    return [fault for fault in faults if fault]


def lock(run: Run) -> locks.Held:
    """The run's lock, held until the end of a `with`. Temporary files that killed writers left are removed.

    Raises RunError if another process holds it, if none can, or if the run is no longer there.
    """
    if fault := locks.fault(run.folder):
        raise RunError(fault)
    try:
        held = locks.Held(run.folder, LOCK_WAIT_SECONDS)
    except Timeout:
        raise RunError(f"{run.name} is being trained by another process.") from None
    except (FileNotFoundError, locks.Replaced):
        raise RunError(f"{run.name} was moved or deleted just now.") from None
    except OSError as error:
        raise _unwritable(run.folder, error) from error
    files.remove_temporaries(run.folder)
    return held


def remove_litter() -> None:
    """Remove the temporary files that killed writers left, in checkpoints/ and in its runs; nobody's who lives."""
    for folder in {path.parent for path in ROOT.glob(f"*/.*{files.LOCKED}")}:
        with contextlib.suppress(Timeout, OSError), locks.Held(folder, 0):
            files.remove_temporaries(folder)
    for folder in {ROOT, *(path.parent for path in ROOT.glob(f"*/.*{files.FREE}"))}:
        files.remove_old_temporaries(folder)


def is_locked(run: Run) -> bool:
    """Whether a trainer lives that works on this run. Looking disturbs nobody."""
    return locks.is_held(run.folder / locks.NAME)


def begin(run: Run) -> tuple[Run, locks.Held]:
    """Take the lock of a run that is to be trained now: the run as it is under the lock, and the lock.

    It waits no longer, and how it ended before is forgotten. Raises RunError as `lock` and `refuse_to_train`.
    """
    held = lock(run)
    try:
        unmark_queued(run)
        run = read(run.folder)
        refuse_to_train(run)
        forget_ending(run)
    except BaseException:
        held.release()
        raise
    return run, held


def refuse_to_train(run: Run) -> None:
    """Raises RunError if a run is not to be trained any further. Whoever asks holds its lock, or asks again with it."""
    if (run.folder / "result.json").exists():
        raise RunError(f"{run.name} has finished already: nothing is left to resume.")
    if is_shipped(run):
        raise RunError(f"{run.name} came with the app and is not trained further. Start a new run with its recipe.")
    if run.data_name == UPLOADED:
        raise RunError(f"{run.name} was uploaded: how to go on with it is not known.")


def refuse_to_pack(run: Run) -> None:
    """Raises RunError if a run's weights are not to be replaced by smaller ones."""
    if is_shipped(run):
        raise RunError(f"{run.name} came with the app, packed: its weights are known by their digest, and stay.")
    if read_result(run) is None:
        raise RunError(f"{run.name} has not finished: nothing to pack yet")


def append_metrics(run: Run, point: dict) -> None:
    """Add one line to the run's metrics. Raises OSError."""
    files.append(run.folder / "metrics.jsonl", json.dumps(point).encode() + b"\n")


def read_metrics(run: Run) -> list[dict]:
    """The run's points, oldest first, each with a step and all of curves.QUANTITIES; what is none is left out."""
    return _metrics(run)[0]


def _metrics(run):
    return records.read_points(run.folder / "metrics.jsonl")


def rewind_metrics(run: Run, step: int) -> None:
    """Forget what was noted after `step`, before a resumed run notes it again."""
    kept = [point for point in read_metrics(run) if point["step"] <= step]
    lines = b"".join(json.dumps(point).encode() + b"\n" for point in kept)
    files.replace(run.folder / "metrics.jsonl", lines)


def save_snapshot(run: Run, arrays: dict[str, np.ndarray], step: int) -> None:
    """Keep what a network's features were after `step`. Raises OSError if it cannot be written."""
    folder = run.folder / "snapshots"
    folder.mkdir(exist_ok=True)
    files.replace(folder / f"{step}.safetensors", safetensors.numpy.save(arrays), durable=False)


def snapshot_steps(run: Run) -> list[int]:
    """The steps after which a snapshot was kept, in order."""
    names = [path.name.split(".")[0] for path in (run.folder / "snapshots").glob("*.safetensors")]
    return sorted(int(name) for name in names if name.isdecimal())


def load_snapshot(run: Run, step: int) -> dict[str, np.ndarray] | None:
    """What `save_snapshot` kept, or None if it is not there or is damaged."""
    try:
        arrays = safetensors.numpy.load((run.folder / "snapshots" / f"{step}.safetensors").read_bytes())
    except (OSError, ValueError, KeyError, SafetensorError):
        return None
    return arrays if all(np.isfinite(array).all() for array in arrays.values()) else None


def rewind_snapshots(run: Run, step: int) -> None:
    """Forget the snapshots after `step`, before a resumed run takes them again. Raises OSError."""
    for taken in snapshot_steps(run):
        if taken > step:
            (run.folder / "snapshots" / f"{taken}.safetensors").unlink(missing_ok=True)


def save_weights(run: Run, weights: dict[str, np.ndarray], step: int) -> None:
    """Replace the run's weights. Raises OSError if they cannot be written; the old ones are then still there."""
    metadata = {"network": run.recipe.network, "step": str(step)}
    files.replace(run.folder / WEIGHTS, tensors.to_bytes(weights, metadata), keep=True)


def load_weights(run: Run) -> dict[str, np.ndarray]:
    """The weights of `load_checkpoint`."""
    return load_checkpoint(run)[0]


def load_checkpoint(run: Run) -> tuple[dict[str, np.ndarray], str]:
    """The run's weights, float32 and by canonical name, and what the user should know of them: empty, or that the last
    ones are damaged and these were saved before them.

    Raises RunError if there are none that are whole and exactly its own.
    """
    weights, fault = _newest_whole(run, WEIGHTS, lambda path: _load_weights(run, path))
    return weights, f"The last checkpoint of {run.name} is damaged, so the one before it is used. {fault}" * bool(fault)


def is_packed(run: Run) -> bool:
    """Whether the run's weights are float16 already. Raises OSError or ValueError if their file cannot be read."""
    return tensors.is_half((run.folder / WEIGHTS).read_bytes())


def has_weights(run: Run) -> bool:
    """Whether the run has a checkpoint."""
    return _has(run, WEIGHTS)


def why_no_weights(run: Run) -> str:
    """Say why a run without a checkpoint has none."""
    if is_shipped(run):
        return f"{run.name} is shipped without its weights; only its curve is here. Choose another run."
    return f"{run.name} has no checkpoint yet. Train it longer, or choose another run."


def check_weights(network: Network, source: Path | bytes, called: str = "") -> dict[str, np.ndarray]:
    """As `tensors.check`, raising RunError."""
    try:
        return tensors.check(network, source, called)
    except ValueError as error:
        raise RunError(str(error)) from error


def save_resume(run: Run, state: dict[str, np.ndarray], step: int) -> None:
    """Replace the state from which the run can go on after `step`. Raises OSError as `save_weights` does."""
    files.replace(run.folder / RESUME, tensors.to_bytes(state, {"step": str(step)}), keep=True)


def load_resume(run: Run) -> tuple[dict[str, np.ndarray], int, str] | None:
    """The resume state, its step, and a warning as of `load_checkpoint`; or None if there is no state yet.

    Raises RunError if there are some and none is whole.
    """
    if not _has(run, RESUME):
        return None
    (state, step), fault = _newest_whole(run, RESUME, _load_resume)
    return state, step, f"It goes on from iteration {step:,}: what was saved after it is damaged. {fault}" * bool(fault)


def note_warning(run: Run, words: str) -> None:
    """Keep what the user should know of how a run went on, until it goes on again."""
    with contextlib.suppress(OSError):
        files.replace(run.folder / "warning.json", _json_bytes({"words": words}))


def warning(run: Run) -> str:
    """What `note_warning` kept, or nothing."""
    return _words(run, "warning.json", "words")[0].get("words", "")


def _load_weights(run, path):
    """Raises OSError or ValueError."""
    weights = tensors.check(run.network, path)
    if promised := shipped_digest(run):
        if _digest(path) != promised:
            raise ValueError("it is damaged: it is not the file that came with the app")
    elif "digest" not in tensors.metadata(path.read_bytes()):
        raise ValueError("it is damaged: it carries no digest")
    return weights


def _load_resume(path):
    """Raises OSError or ValueError."""
    data = path.read_bytes()
    tensors.verify(data)
    return safetensors.numpy.load(data), int(tensors.metadata(data)["step"])


def _newest_whole(run, name, load):
    """What `load` makes of a file, and no fault; or of the one before it, and the newest one's fault. RunError."""
    if not _has(run, name):
        raise RunError(why_no_weights(run))
    fault = ""
    for path in (run.folder / name, run.folder / (BEFORE + name)):
        try:
            return load(path), fault
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            fault = fault or (str(error) if str(path) in str(error) else f"{path} cannot be read ({error})")
    raise RunError(fault)


def _has(run, name):
    return any((run.folder / each).exists() for each in (name, BEFORE + name))


def save_answers(run: Run, answers: dict[str, np.ndarray], data_name: str) -> None:
    """Keep what the run's weights answer to the test images of "full" or "embedded" MNIST. Raises OSError."""
    metadata = {"data": data_name, "weights": _digest(run.folder / WEIGHTS)}
    files.replace(run.folder / ANSWERS, tensors.to_bytes_without_digest(answers, metadata))


def load_answers(run: Run, data_name: str) -> dict[str, np.ndarray] | None:
    """What `save_answers` kept, or None if that is of other weights or other data, or cannot be read."""
    try:
        data = (run.folder / ANSWERS).read_bytes()
        if tensors.metadata(data) != {"data": data_name, "weights": _digest(run.folder / WEIGHTS)}:
            return None
        answers = safetensors.numpy.load(data)
    except (OSError, ValueError, KeyError, SafetensorError):
        return None
    return answers if all(np.isfinite(answer).all() for answer in answers.values()) else None


def _digest(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_result(run: Run, result: dict) -> None:
    """Note the measured accuracy, which also marks the run as finished, and drop what only a trainer needs."""
    files.replace(run.folder / "result.json", _json_bytes(result))
    for name in (RESUME, BEFORE + RESUME, RESERVE, STOP, "progress.json", "wishes.json"):
        (run.folder / name).unlink(missing_ok=True)


def read_result(run: Run) -> dict | None:
    """What was measured when the run finished, or None before that, or if it cannot be read."""
    return _result(run)[0] or None


def _result(run):
    measured = {"accuracy": records.share, "standard_error": records.share, "steps": records.step}
    more = {name: records.positive for name in ("loss", "seconds")}
    more |= {"pen_accuracy": records.share, "precision": records.is_text, "pair_accuracy": _is_pair_accuracy}
    return records.read_fields(run.folder / "result.json", measured | {"data": records.is_text}, more)


def _is_pair_accuracy(value):
    """Whether a value is an accuracy, or None, for each top and bottom digit."""
    rows = value if isinstance(value, list) and len(value) == DIGITS else [None]
    whole = all(isinstance(row, list) and len(row) == DIGITS for row in rows)
    return whole and all(cell is None or records.share(cell) for row in rows for cell in row)


def new_folder(network: str) -> Path:
    """A folder for a new run, made here so that nobody else takes it: the network's name and the first free number.

    Raises RunError if it cannot be made.
    """
    taken = {path.name.lower() for path in ROOT.glob("*")}
    number = 1
    while True:
        folder = ROOT / f"{network}-{number}"
        number += 1
        if folder.name in taken:
            continue
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            continue
        except OSError as error:
            raise _unwritable(folder, error) from error


def discard(run: Run) -> Path:
    """Move a run to the trash and return its folder there, for `restore`; what is there longer than a day is removed.

    Raises RunError if the run is shipped, is being trained or waits for it, or if the folder cannot be moved.
    """
    if is_shipped(run):
        raise RunError(f"{run.name} came with the app and cannot be deleted. Only your own runs can.")
    if is_locked(run):
        raise RunError(f"{run.name} is being trained. Stop it first, then delete it.")
    now = time.time_ns()
    place = ROOT / TRASH / str(now) / run.name
    held = lock(run)
    try:
        if standing(run) == "queued":
            raise RunError(f"{run.name} waits to be trained. Stop it first, then delete it.")
        _empty_trash(now - TRASH_SECONDS * 10**9)
        place.parent.mkdir(parents=True)
        if os.name != "posix":
            held.release()  # Windows moves no folder in which a file is open: not this one, nor a trainer's
        run.folder.rename(place)
    except OSError as error:
        raise RunError(f"{run.name} cannot be deleted ({error.strerror or error})") from error
    finally:
        held.release()
    return place


def restore(place: Path) -> Run:
    """Bring a run back from where `discard` put it, under a new name if its own is taken. Raises RunError."""
    folder = ROOT / place.name
    try:
        try:
            folder.mkdir()  # so that nobody else takes the name meanwhile
        except FileExistsError:
            folder = new_folder(place.name)
        try:
            if os.name != "posix":
                folder.rmdir()  # Windows renames no folder onto another, even an empty one
            place.rename(folder)
        except OSError:
            with contextlib.suppress(OSError):
                folder.rmdir()
            raise
        with contextlib.suppress(OSError):
            place.parent.rmdir()
    except FileNotFoundError:
        raise RunError(f"{place.name} is no longer in the trash: it keeps runs for a day.") from None
    except OSError as error:
        raise RunError(f"{place.name} cannot be restored ({error.strerror or error})") from error
    return read(folder)


def discarded() -> list[Path]:
    """Where the runs are that `restore` can still bring back, the last discarded first."""
    found = [path.parent for path in (ROOT / TRASH).glob("*/*/run.json") if _trash_time(path.parent.parent)]
    return sorted((place for place in found if records.is_printable(place.name)), key=_trash_order, reverse=True)


def _trash_order(place):
    return _trash_time(place.parent)


def _trash_time(day):
    """When the runs in a folder of the trash were discarded, in nanoseconds; 0 for a folder of somebody else's."""
    return int(day.name) if day.name.isascii() and day.name.isdecimal() else 0


def _empty_trash(before_ns):
    """Remove for good what was discarded before a time."""
    for day in (ROOT / TRASH).glob("*"):
        if 0 < _trash_time(day) < before_ns:
            shutil.rmtree(day, ignore_errors=True)


def mark_queued(run: Run, time_ns: int) -> None:
    """Let a run wait for a trainer, since `time_ns`. Raises RunError if it cannot be written."""
    try:
        files.replace(run.folder / "queued", str(time_ns).encode())
    except OSError as error:
        raise _unwritable(run.folder, error) from error


def queued_since(run: Run) -> int | None:
    """Since when a run waits for a trainer, in nanoseconds; None if it does not, or if nobody can read the mark."""
    try:
        with (run.folder / "queued").open("rb") as mark:
            return int(mark.read(5000))
    except (OSError, ValueError):
        return None


def unmark_queued(run: Run) -> None:
    """Let a run wait no longer."""
    with contextlib.suppress(OSError):
        (run.folder / "queued").unlink()


def forget_ending(run: Run) -> None:
    """Forget how a run ended, before it goes on."""
    with contextlib.suppress(OSError):
        for name in ("failure.json", "warning.json", "progress.json"):
            (run.folder / name).unlink(missing_ok=True)
    wish(run, stop=False)


def _json_bytes(contents):
    return (json.dumps(contents, indent=2, ensure_ascii=False) + "\n").encode()
