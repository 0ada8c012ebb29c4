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
    wishes.json          what is asked of its trainer: to stop, to change the learning rate
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
import tempfile
import time
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
from filelock import AcquireReturnProxy, FileLock, Timeout
from safetensors import SafetensorError

from core import locks, tensors
from core.model.networks import Network
from core.recipe import Recipe, recipe_from_dict

FORMAT = 1
ROOT = Path(os.environ.get("DIGIT_SUM_LAB_RUNS") or Path(__file__).parent.parent / "checkpoints")
WEIGHTS, RESUME, ANSWERS = "weights.safetensors", "resume.safetensors", "answers.safetensors"
BEFORE = "before-"  # in front of the name of the file that was replaced last
RESERVE, RESERVE_BYTES = "reserve", 16_384
UPLOADED = "uploaded"  # the data_name of a run whose weights somebody brought
TRASH = ".trash"
TRASH_SECONDS = 24 * 3600  # how long a discarded run can be restored
LOCK_WAIT_SECONDS = 1.0  # a page may hold the lock for the moment in which it looks


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
    """Raises RunError if the folder is a run already, or if its name cannot be a folder's."""
    try:
        (folder / "run.json").stat()
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise RunError(f"{str(folder)[:80]!r} cannot be a folder ({_reason(error)})") from error
    raise RunError(f"{folder} is already a run. Resume it with --resume {folder}, or choose another name.")


def create(folder: Path, recipe: Recipe, data: str, data_name: str, created: str, versions: dict) -> Run:
    """Make the folder of a new run. Raises RunError if there is one, or if the folder cannot be written."""
    refuse_existing(folder)
    return _describe(folder, recipe, data, data_name, created, versions)


def settle_data(run: Run, data: str, data_name: str) -> Run:
    """Note which images a run trains on, if it was created before anybody had looked. Raises RunError as `create`."""
    return run if run.data else _describe(run.folder, run.recipe, data, data_name, run.created, run.versions)


def _describe(folder, recipe, data, data_name, created, versions):
    contents = {
        "format": FORMAT,
        "created": created,
        "data": data,
        "data_name": data_name,
        "versions": versions,
        "recipe": recipe.as_dict(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "run.json", _json_bytes(contents))
    except OSError as error:
        raise RunError(f"{folder} cannot be written ({error.strerror or error})") from error
    return read(folder)


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
    try:
        contents = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"{path} cannot be read ({_reason(error)})") from error
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} cannot be read (it is damaged: no JSON)") from error
    try:
        if contents["format"] != FORMAT:
            raise ValueError(f"its format is {contents['format']}, this version reads {FORMAT}")
        words = [contents[name] for name in ("data", "data_name", "created")]
        if not all(isinstance(word, str) for word in words) or not isinstance(contents["versions"], dict):
            raise TypeError
        return Run(path.parent, recipe_from_dict(contents["recipe"]), *words, dict(contents["versions"]))
    except (KeyError, TypeError) as error:
        raise RunError(f"{path} is not a run of this app (a field is missing or of another kind)") from error
    except ValueError as error:
        raise RunError(f"{path} is not a run of this app ({error})") from error


def _reason(error):
    """Why a path cannot be looked at: the operating system's words, or that Python refuses its name."""
    return getattr(error, "strerror", None) or "its name holds a character that no file's name may"


def list_runs(root: Path | None = None) -> list[Run]:
    """All readable runs in a folder (checkpoints/ by default), the newest first; damaged ones are left out."""
    runs = []
    for path in sorted((root or ROOT).glob("*/run.json")):
        try:
            runs.append(read(path.parent))
        except RunError:
            continue
    return sorted(runs, key=lambda run: run.created, reverse=True)


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
    waits = (run.folder / "queued").exists()  # asked first: a worker takes the lock, and only then this mark away
    if is_locked(run):
        return "training"
    if (run.folder / "result.json").exists():
        return "finished"
    if waits:
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
        _write(run.folder / "progress.json", _json_bytes({"phase": phase, **numbers}), durable=False)


def read_progress(run: Run) -> dict:
    """What `write_progress` told last: phase; where known step, steps, images_per_second, seconds_left, done."""
    return _read_object(run.folder / "progress.json")


def wish(run: Run, **changes: bool | float) -> None:
    """Ask something more of a run's trainer. Raises RunError if it cannot be written."""
    kept = {name: value for name, value in asdict(wishes(run)).items() if value is not None}
    try:
        _write(run.folder / "wishes.json", _json_bytes(kept | changes))
    except OSError as error:
        raise RunError(f"{run.folder} cannot be written ({error.strerror or error})") from error


def wishes(run: Run) -> Wishes:
    """What is asked of a run's trainer; what makes no sense is taken as not asked."""
    asked = _read_object(run.folder / "wishes.json")
    factor = asked.get("rate_factor")
    sensible = isinstance(factor, int | float) and 1e-4 <= factor <= 1e4
    return Wishes(asked.get("stop") is True, float(factor) if sensible else None)


def reserve_room(run: Run) -> None:
    """Take the room that `note_failure` will need, should the disk be full by then."""
    with contextlib.suppress(OSError):
        _write(run.folder / RESERVE, bytes(RESERVE_BYTES))


def note_failure(run: Run, reason: str) -> None:
    """Mark a run as failed, and say why."""
    with contextlib.suppress(OSError):
        (run.folder / RESERVE).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # a read-only folder, which `failure` sees by itself
        _write(run.folder / "failure.json", _json_bytes({"reason": reason}))


def failure(run: Run) -> str:
    """Why a run failed; empty if it did not."""
    if noted := str(_read_object(run.folder / "failure.json").get("reason", "")):
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
    said = _read_object(run.folder / "label.json")
    title, note = (said[name] if isinstance(said.get(name), str) else "" for name in ("title", "note"))
    return Label(title, note, said.get("star") is True)


def write_label(run: Run, label: Label) -> None:
    """Replace the student's own words: printable characters, a title of 60 and a note of 2,000 at most. RunError."""
    label = Label(_printable(label.title)[:60], _printable(label.note)[:2000], label.star)
    try:
        _write(run.folder / "label.json", _json_bytes(asdict(label)))
    except OSError as error:
        raise RunError(f"{run.folder} cannot be written ({error.strerror or error})") from error


def _printable(words):
    """Words without control characters and marks that turn the direction of what follows."""
    kept = (c for c in words if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return "".join(kept).strip()


def _read_object(path):
    try:
        contents = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return contents if isinstance(contents, dict) else {}


def lock(run: Run) -> AcquireReturnProxy:
    """The run's lock, held until the end of a `with`. Raises RunError if another trainer holds it, or none can."""
    if fault := locks.fault(run.folder):
        raise RunError(fault)
    try:
        return FileLock(run.folder / "lock").acquire(timeout=LOCK_WAIT_SECONDS)
    except Timeout:
        raise RunError(f"{run.name} is being trained by another process.") from None
    except OSError as error:
        raise RunError(f"{run.folder} cannot be written ({error.strerror or error})") from error


def is_locked(run: Run) -> bool:
    """Whether a trainer lives that works on this run."""
    path = run.folder / "lock"
    if not path.exists():
        return False
    try:
        FileLock(path).acquire(timeout=0).lock.release()
    except Timeout:
        return True
    except OSError:  # a read-only folder: nobody trains there
        return False
    return False


def append_metrics(run: Run, point: dict) -> None:
    """Add one line to the run's metrics."""
    with (run.folder / "metrics.jsonl").open("ab") as file:
        file.write(json.dumps(point).encode() + b"\n")


def read_metrics(run: Run) -> list[dict]:
    """The run's metrics, oldest first; a last line that a crash tore is left out."""
    try:
        lines = (run.folder / "metrics.jsonl").read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    points = []
    for line in lines:
        try:
            points.append(json.loads(line))
        except ValueError:
            continue
    return points


def rewind_metrics(run: Run, step: int) -> None:
    """Forget what was noted after `step`, before a resumed run notes it again."""
    kept = [point for point in read_metrics(run) if point["step"] <= step]
    _write(run.folder / "metrics.jsonl", b"".join(json.dumps(point).encode() + b"\n" for point in kept))


def save_snapshot(run: Run, arrays: dict[str, np.ndarray], step: int) -> None:
    """Keep what a network's features were after `step`. Raises OSError if it cannot be written."""
    folder = run.folder / "snapshots"
    folder.mkdir(exist_ok=True)
    _write(folder / f"{step}.safetensors", safetensors.numpy.save(arrays), durable=False)


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
    _write(run.folder / WEIGHTS, tensors.to_bytes(weights, metadata), keep=True)


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
    _write(run.folder / RESUME, tensors.to_bytes(state, {"step": str(step)}), keep=True)


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
        _write(run.folder / "warning.json", _json_bytes({"words": words}))


def warning(run: Run) -> str:
    """What `note_warning` kept, or nothing."""
    return str(_read_object(run.folder / "warning.json").get("words", ""))


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


def _keep_before(path):
    """Keep a file that is about to be replaced. At no time is there neither of the two."""
    before = path.with_name(BEFORE + path.name)
    link = path.with_name(f".{before.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):  # there is nothing to keep yet
        try:
            link.unlink(missing_ok=True)
            os.link(path, link)
            os.replace(link, before)
        except FileNotFoundError:
            raise
        except OSError:  # a file system without links
            os.replace(path, before)


def save_answers(run: Run, answers: dict[str, np.ndarray], data_name: str) -> None:
    """Keep what the run's weights answer to the test images of "full" or "embedded" MNIST. Raises OSError."""
    metadata = {"data": data_name, "weights": _digest(run.folder / WEIGHTS)}
    _write(run.folder / ANSWERS, tensors.to_bytes_without_digest(answers, metadata))


def load_answers(run: Run, data_name: str) -> dict[str, np.ndarray] | None:
    """What `save_answers` kept, or None if that is of other weights or other data, or cannot be read."""
    try:
        data = (run.folder / ANSWERS).read_bytes()
        if tensors.metadata(data) != {"data": data_name, "weights": _digest(run.folder / WEIGHTS)}:
            return None
        answers = safetensors.numpy.load(data)
    except (OSError, ValueError, SafetensorError):
        return None
    return answers if all(np.isfinite(answer).all() for answer in answers.values()) else None


def _digest(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_result(run: Run, result: dict) -> None:
    """Note the measured accuracy, which also marks the run as finished, and drop what only a trainer needs."""
    _write(run.folder / "result.json", _json_bytes(result))
    for name in (RESUME, BEFORE + RESUME, RESERVE, "progress.json", "wishes.json"):
        (run.folder / name).unlink(missing_ok=True)


def read_result(run: Run) -> dict | None:
    """What was measured when the run finished, or None before that, or if it cannot be read."""
    try:
        result = json.loads((run.folder / "result.json").read_text(encoding="utf-8"))
        numbers = result["accuracy"], result["standard_error"], result["steps"], result.get("pen_accuracy", 0)
        return result if all(isinstance(n, int | float) for n in numbers) and isinstance(result["data"], str) else None
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return None


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
            raise RunError(f"{folder} cannot be written ({error.strerror or error})") from error


def discard(run: Run) -> Path:
    """Move a run to the trash and return its folder there, for `restore`; what is there longer than a day is removed.

    Raises RunError if the run is shipped, is being trained or waits for it, or if the folder cannot be moved.
    """
    if is_shipped(run):
        raise RunError(f"{run.name} came with the app and cannot be deleted. Only your own runs can.")
    if (state := status(run)) in ("training", "queued"):
        what = "is being trained" if state == "training" else "waits to be trained"
        raise RunError(f"{run.name} {what}. Stop it first, then delete it.")
    now = time.time_ns()
    place = ROOT / TRASH / str(now) / run.name
    try:
        _empty_trash(now - TRASH_SECONDS * 10**9)
        place.parent.mkdir(parents=True)
        run.folder.rename(place)
    except OSError as error:
        raise RunError(f"{run.name} cannot be deleted ({error.strerror or error})") from error
    return place


def restore(place: Path) -> Run:
    """Bring a run back from where `discard` put it, under a new name if its own is taken. Raises RunError."""
    folder = ROOT / place.name
    try:
        if folder.exists():
            folder = new_folder(place.name)
            folder.rmdir()  # Windows renames no folder onto another, even an empty one
        place.rename(folder)
        place.parent.rmdir()
    except FileNotFoundError:
        raise RunError(f"{place.name} is no longer in the trash: it keeps runs for a day.") from None
    except OSError as error:
        raise RunError(f"{place.name} cannot be restored ({error.strerror or error})") from error
    return read(folder)


def discarded() -> list[Path]:
    """Where the runs are that `restore` can still bring back, the last discarded first."""
    places = [path.parent for path in (ROOT / TRASH).glob("*/*/run.json") if path.parent.parent.name.isdigit()]
    return sorted(places, key=lambda place: int(place.parent.name), reverse=True)


def _empty_trash(before_ns):
    """Remove for good what was discarded before a time."""
    for day in (ROOT / TRASH).glob("*"):
        if day.name.isdigit() and int(day.name) < before_ns:
            shutil.rmtree(day, ignore_errors=True)


def mark_queued(run: Run, time_ns: int) -> None:
    """Let a run wait for a trainer, since `time_ns`. Raises RunError if it cannot be written."""
    try:
        _write(run.folder / "queued", str(time_ns).encode())
    except OSError as error:
        raise RunError(f"{run.folder} cannot be written ({error.strerror or error})") from error


def unmark_queued(run: Run) -> None:
    """Let a run wait no longer."""
    with contextlib.suppress(OSError):
        (run.folder / "queued").unlink()


def forget_ending(run: Run) -> None:
    """Forget how a run ended, before it goes on."""
    with contextlib.suppress(OSError):
        for name in ("failure.json", "warning.json", "progress.json"):
            (run.folder / name).unlink(missing_ok=True)
    if wishes(run).stop:
        wish(run, stop=False)


def _json_bytes(contents):
    return (json.dumps(contents, indent=2, ensure_ascii=False) + "\n").encode()


def _write(path: Path, data: bytes, durable: bool = True, keep: bool = False) -> None:
    """Replace a file as a whole: write beside it, fsync, rename, fsync the folder; no fsync if not durable.

    With `keep` the old file stays, under a name that begins with BEFORE.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        if keep:
            _keep_before(path)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if durable and os.name == "posix":  # Windows cannot open a folder, and does not need to
        folder = os.open(path.parent, os.O_RDONLY)
        with contextlib.suppress(OSError):  # some file systems refuse it; the file is in its place already
            os.fsync(folder)
        os.close(folder)
