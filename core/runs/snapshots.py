"""Where test digits lay on a sum network's features, by step, while it trained (core/number_line/page.py)."""

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from core.runs import files, store


def save(run: store.Run, arrays: dict[str, np.ndarray], step: int) -> None:
    """Keep what a network's features were after `step`. Raises OSError if it cannot be written."""
    folder = run.folder / "snapshots"
    folder.mkdir(exist_ok=True)
    files.replace(folder / f"{step}.safetensors", safetensors.numpy.save(arrays), durable=False)


def steps(run: store.Run) -> list[int]:
    """Return the steps after which a snapshot was kept, in order."""
    names = [path.name.split(".")[0] for path in (run.folder / "snapshots").glob("*.safetensors")]
    return sorted(int(name) for name in names if name.isdecimal())


def load(run: store.Run, step: int) -> dict[str, np.ndarray] | None:
    """Load what `save_snapshot` kept, or None if it is not there or is damaged."""
    try:
        arrays = safetensors.numpy.load(files.read(run.folder / "snapshots" / f"{step}.safetensors"))
    except (OSError, ValueError, KeyError, SafetensorError):
        return None
    return arrays if all(np.isfinite(array).all() for array in arrays.values()) else None


def rewind(run: store.Run, step: int) -> None:
    """Forget the snapshots after `step`, before a resumed run takes them again. Raises OSError."""
    for taken in steps(run):
        if taken > step:
            (run.folder / "snapshots" / f"{taken}.safetensors").unlink(missing_ok=True)
