"""A run's weights, resume state and answers on disk; the file that each replaced last is kept beside it."""

import hashlib
from pathlib import Path

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from core.model.networks import Network
from core.runs import files, store, tensors
from core.runs.files import BEFORE

WEIGHTS, RESUME, ANSWERS = "weights.safetensors", "resume.safetensors", "answers.safetensors"


def save_weights(run: store.Run, weights: dict[str, np.ndarray], step: int) -> None:
    """Replace the run's weights. Raises OSError if they cannot be written; the old ones are then still there."""
    metadata = {"network": run.recipe.network, "step": str(step)}
    files.replace(run.folder / WEIGHTS, tensors.to_bytes(weights, metadata), keep=True)


def load_weights(run: store.Run) -> dict[str, np.ndarray]:
    """Load the weights of `load_checkpoint`."""
    return load_checkpoint(run)[0]


def load_checkpoint(run: store.Run) -> tuple[dict[str, np.ndarray], str]:
    """Load the run's weights, float32 and by canonical name, and what the user should know of them.

    That is empty, or that the last ones are damaged and these were saved before them.

    Raises RunError if there are none that are whole and exactly its own.
    """
    weights, fault = _newest_whole(run, WEIGHTS, lambda path: _load_weights(run, path))
    return weights, f"The last checkpoint of {run.name} is damaged, so the one before it is used. {fault}" * bool(fault)


def is_packed(run: store.Run) -> bool:
    """Return whether the run's weights are float16. Raises OSError or ValueError if their file cannot be read."""
    return tensors.is_half(files.read(run.folder / WEIGHTS))


def has_weights(run: store.Run) -> bool:
    """Return whether the run has a checkpoint."""
    return _has(run, WEIGHTS)


def why_no_weights(run: store.Run) -> str:
    """Say why a run without a checkpoint has none."""
    if store.is_shipped(run):
        return f"{run.name} is shipped without its weights; only its curve is here. Choose another run."
    return f"{run.name} has no checkpoint yet. Train it longer, or choose another run."


def check_weights(network: Network, source: Path | bytes, called: str = "") -> dict[str, np.ndarray]:
    """Check as `tensors.check`, raising RunError."""
    try:
        return tensors.check(network, source, called)
    except ValueError as error:
        raise store.RunError(str(error)) from error


def save_resume(run: store.Run, state: dict[str, np.ndarray], step: int) -> None:
    """Replace the state from which the run can go on after `step`. Raises OSError as `save_weights` does."""
    files.replace(run.folder / RESUME, tensors.to_bytes(state, {"step": str(step)}), keep=True)


def load_resume(run: store.Run) -> tuple[dict[str, np.ndarray], int, str] | None:
    """Load the resume state, its step, and a warning as of `load_checkpoint`; or None if there is no state yet.

    Raises RunError if there are some and none is whole.
    """
    if not _has(run, RESUME):
        return None
    (state, step), fault = _newest_whole(run, RESUME, _load_resume)
    return state, step, f"It goes on from iteration {step:,}: what was saved after it is damaged. {fault}" * bool(fault)


def _load_weights(run, path):
    """Raises OSError or ValueError."""
    weights = tensors.check(run.network, path)
    if promised := store.shipped_digest(run):
        if _digest(path) != promised:
            raise ValueError("it is damaged: it is not the file that came with the app")
    elif "digest" not in tensors.metadata(files.read(path)):
        raise ValueError("it is damaged: it carries no digest")
    return weights


def _load_resume(path):
    """Raises OSError or ValueError."""
    data = files.read(path)
    tensors.verify(data)
    return safetensors.numpy.load(data), int(tensors.metadata(data)["step"])


def _newest_whole(run, name, load):
    """What `load` makes of a file, and no fault; or of the one before it, and the newest one's fault. RunError."""
    if not _has(run, name):
        raise store.RunError(why_no_weights(run))
    fault = ""
    for path in (run.folder / name, run.folder / (BEFORE + name)):
        try:
            return load(path), fault
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            fault = fault or (str(error) if str(path) in str(error) else f"{path} cannot be read ({error})")
    raise store.RunError(fault)


def _has(run, name):
    return any((run.folder / each).exists() for each in (name, BEFORE + name))


def save_answers(run: store.Run, answers: dict[str, np.ndarray], data_name: str) -> None:
    """Keep what the run's weights answer to the test images of "full" or "embedded" MNIST. Raises OSError."""
    metadata = {"data": data_name, "weights": _digest(run.folder / WEIGHTS)}
    files.replace(run.folder / ANSWERS, tensors.to_bytes_without_digest(answers, metadata))


def load_answers(run: store.Run, data_name: str) -> dict[str, np.ndarray] | None:
    """Load what `save_answers` kept, or None if that is of other weights or other data, or cannot be read."""
    try:
        data = files.read(run.folder / ANSWERS)
        if tensors.metadata(data) != {"data": data_name, "weights": _digest(run.folder / WEIGHTS)}:
            return None
        answers = safetensors.numpy.load(data)
    except (OSError, ValueError, KeyError, SafetensorError):
        return None
    return answers if all(np.isfinite(answer).all() for answer in answers.values()) else None


def _digest(path):
    with files.open_to_read(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
