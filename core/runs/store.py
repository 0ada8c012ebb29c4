"""A run is a folder, and the folder is the interface: pages, trainer and command line meet only here.

    run.json             what was asked: the recipe, the data, the versions; written once
    metrics.jsonl        what happened: one line per evaluation, one writer
    weights.safetensors  the network's weights (averaged, if the recipe averages), by canonical name
    resume.safetensors   all that is needed to go on as if never stopped; gone once the run has finished
    answers.safetensors  what those weights answer to each test image (core/model/answers.py): no page computes it
    before-…             the weights and the resume state that were replaced last, should the last ones be damaged
    snapshots/           sum networks: where test digits lay on their features' first components, by step, while it
                         trained (core/number_line/page.py)
    result.json          the measured accuracy; its presence says that the run has finished
    progress.json        how far its trainer is, or where it ended
    wishes.json          the learning rate that is asked of its trainer
    stop                 its trainer is asked to stop
    failure.json         why it failed
    reserve              room on the disk to say so, should it be full
    warning.json         what the user should know of how it went on
    log.txt              its trainer's output, if the app started it
    label.json           the student's own title, note and star
    shipped              came with the app; the SHA-256 of the weights that came too
    queued               waits for a trainer since the time in it
    lock                 held by the trainer while it lives

Files are written beside their place, fsynced and renamed, so a reader sees the old one or the new one, whole.
A shipped checkpoint is a run that was committed.
"""

import contextlib
import functools
import json
import os
from dataclasses import dataclass
from pathlib import Path

from core import settings
from core.model.networks import Network
from core.recipe import Recipe, recipe_from_dict
from core.runs import files, records

FORMAT = 1
ROOT = settings.runs_folder()
UPLOADED = "uploaded"  # the data_name of a run whose weights somebody brought
TAUGHT = "taught"  # the data_name of a run whose last layer learned a hand (core/teach.py)
LONGEST_NAME_BYTES = 200  # file systems take 255, and temporary names are longer


class RunError(Exception):
    """A run that is not there, is damaged, or is busy; the message is for the user."""


@dataclass(frozen=True)
class Run:
    """A run's folder and what was asked of it."""

    folder: Path
    recipe: Recipe
    data: str  # which images it trains on, as text; empty until its trainer has looked
    data_name: str  # "full", "embedded", UPLOADED, TAUGHT, or empty
    created: str  # UTC, ISO 8601
    versions: dict

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def network(self) -> Network:
        return self.recipe.architecture

    @property
    def is_by_recipe(self) -> bool:
        """Whether its recipe alone made its weights, and would make them again: not if they were brought or taught."""
        return self.data_name not in (UPLOADED, TAUGHT)


def locate(name_or_path: str) -> Path:
    """Find the folder of a run by its name in checkpoints/ or by a path."""
    is_path = name_or_path in (".", "..") or any(mark in name_or_path for mark in (os.sep, os.altsep) if mark)
    return Path(name_or_path) if is_path else ROOT / name_or_path


def refuse_existing(folder: Path) -> None:
    """Raise RunError if no new run can have this folder: it is there already, or cannot be shown, linked or found.

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
    """The message of why a run cannot have a name; or nothing."""
    if not records.is_printable(name):
        return "its name has characters that cannot be shown"
    if name.startswith(".") or not name:
        return "its name begins with a dot, as those of the app's own folders do"
    if "\\" in name:
        return "its name has a backslash, which parts folders on other machines"
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
        with writing(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                folder.mkdir()  # which one alone can do
            except FileExistsError:
                raise RunError(f"{folder} was made by somebody else just now. Choose another name.") from None
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
    replace_json(folder / "run.json", contents)


def replace_json(path, contents):
    """Replace a JSON file as a whole. Raises RunError if it cannot be written."""
    with writing(path.parent):
        files.replace(path, json_bytes(contents))


@contextlib.contextmanager
def writing(path: Path, advice: str = ""):
    """Let an OSError of what is written here be a RunError that names the path, says why, and gives the advice."""
    try:
        yield
    except OSError as error:
        raise RunError(f"{path} cannot be written ({error.strerror or error}){advice}") from error


def read(folder: Path) -> Run:
    """Read the run in a folder. Raises RunError if there is none or it is damaged."""
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
        texts = [contents[name] for name in ("data", "data_name", "created")]
        if not all(isinstance(text, str) for text in texts) or not isinstance(contents["versions"], dict):
            raise TypeError
        recipe = recipe_from_dict(contents["recipe"])
    except (KeyError, TypeError) as error:
        raise RunError(f"{path} is not a run of this app (a field is missing or of another kind)") from error
    except ValueError as error:
        raise RunError(f"{path} is not a run of this app ({records.printable(str(error), 200)})") from error
    data, data_name, created = (records.printable(text, 300) for text in texts)
    return Run(path.parent, recipe, data, data_name, created if records.is_time(created) else "", contents["versions"])


def _reason(error):
    """Why a path cannot be looked at: the operating system's message, or that Python refuses its name."""
    return getattr(error, "strerror", None) or "its name holds a character that no file's name may"


def list_runs(root: Path | None = None) -> list[Run]:
    """List all readable runs in a folder (checkpoints/ by default), newest first; `unreadable` has what is left out."""
    return _listed(root)[0]


def unreadable(root: Path | None = None) -> list[str]:
    """Say why runs in a folder (checkpoints/ by default) are left out of `list_runs`, a sentence for each."""
    return _listed(root)[1]


def _listed(root):
    runs, faults = [], []
    for path in sorted((root or ROOT).glob("*/run.json")):
        if path.parent.name.startswith("."):
            continue
        try:
            runs.append(read(path.parent))
        except RunError as error:
            faults.append(records.printable(str(error), 300))
    return sorted(runs, key=lambda run: run.created, reverse=True), faults


def is_shipped(run: Run) -> bool:
    """Return whether a run came with the app: those that are committed have a file `shipped`. Nobody deletes them."""
    return (run.folder / "shipped").exists()


def shipped_digest(run: Run) -> str:
    """Return the weights' SHA-256 in the file `shipped`; empty if they did not come with the app."""
    try:
        return (run.folder / "shipped").read_text().strip()
    except (OSError, ValueError):
        return ""


def new_folder(network: str) -> Path:
    """Make a folder for a new run, so that nobody else takes it: the network's name and the first free number.

    Raises RunError if it cannot be made.
    """
    taken = {path.name.lower() for path in ROOT.glob("*")}
    number = 1
    while True:
        folder = ROOT / f"{network}-{number}"
        number += 1
        if folder.name in taken:
            continue
        with writing(folder), contextlib.suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder


def json_bytes(contents):
    return (json.dumps(contents, indent=2, ensure_ascii=False) + "\n").encode()
