"""MNIST: the full set from Keras' cache or its download, else the embedded 5,000; subsets, pairs and order.

The embedded set (data/mnist_5k.npz, its origin and licence named in data/README.md) is 5,000 of MNIST's own training
images. Its last 1,000 are its test set, and no training here ever sees them, not even from the full set, so that an
accuracy on them is honest on a machine without the download.
"""

import contextlib
import hashlib
import http.client
import logging
import os
import struct
import urllib.error
import urllib.request
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np

from core import settings
from core.model.operations import DIGITS

log = logging.getLogger(__name__)

URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
TIMEOUT_SECONDS = 10
# sha256 of the bytes of x_train, y_train, x_test and y_test one after the other, whatever file they are packed in
DIGEST = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"
TEST_DIGEST = "c3f9adf9c66efb572b1f9326c3a511b45910c7173b97be66ceceeeeaef6b802b"  # of x_test and y_test alone
# what NumPy and zipfile raise for a damaged file, flipped bits of the zip's own headers among it
UNREADABLE = (
    *(OSError, ValueError, TypeError, KeyError, EOFError, NotImplementedError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)
EMBEDDED = Path(__file__).parent / "data" / "mnist_5k.npz"


@dataclass(frozen=True)
class Mnist:
    """Images (n, 28, 28) uint8, white ink on black, and labels (n,) uint8 for training and for test."""

    name: str  # "full" or "embedded"
    train_images: np.ndarray = field(repr=False)
    train_labels: np.ndarray = field(repr=False)
    test_images: np.ndarray = field(repr=False)
    test_labels: np.ndarray = field(repr=False)
    notice: str = ""  # why it is not the full set, and how to mend that; empty for the full set

    @property
    def description(self) -> str:
        train, test = len(self.train_labels), len(self.test_labels)
        kind = "full MNIST" if self.name == "full" else "embedded part of MNIST"
        return f"{kind}, {train:,} images to train, {test:,} to test"


def cache_path() -> Path:
    """Return where Keras keeps its download: $KERAS_HOME/datasets/mnist.npz, by default under ~/.keras."""
    return settings.keras_folder() / "datasets" / "mnist.npz"


def is_here() -> bool:
    """Tell whether a file of the full set is in Keras' cache, without reading it."""
    return cache_path().is_file()


def load(download: bool = True) -> Mnist:
    """Load the full set if it is in Keras' cache or can be downloaded there, else the embedded one with a notice why.

    How a download goes is logged. Never raises for a missing, damaged or unreachable file.
    """
    path = cache_path()
    try:
        return _full(path)
    except FileNotFoundError:
        problem = f"{path} is not there"
    except ValueError as error:
        problem = str(error)
    if download:
        try:
            _download(path)
            return _full(path)
        except (OSError, ValueError, http.client.HTTPException) as error:
            problem = f"{problem}, and the download failed ({_why(error)})"
    data = embedded()
    notice = f"Using the 5,000 embedded images: {problem}. To train on all 60,000, put mnist.npz at {path}."
    return Mnist("embedded", data.train_images, data.train_labels, data.test_images, data.test_labels, notice)


def load_test() -> Mnist:
    """Load the test images alone, without a download: what a page needs, in a seventh of the memory of `load`."""
    path = cache_path()
    try:
        images, labels = _arrays(path, "x_test", "y_test")
        if digest([images, labels]) != TEST_DIGEST:
            raise ValueError(f"{path} does not hold MNIST's images (their digest differs)")
        return Mnist("full", images[:0], labels[:0], images, labels)
    except FileNotFoundError:
        notice = f"Using 1,000 embedded test images: the full MNIST is not at {path}."
    except ValueError as error:
        notice = f"Using 1,000 embedded test images: {error}."
    data = embedded()
    return replace(data, train_images=data.train_images[:0], train_labels=data.train_labels[:0], notice=notice)


@cache
def embedded() -> Mnist:
    """Load the embedded set: 4,000 images to train and 1,000 to test, as many of each digit."""
    with np.load(EMBEDDED, allow_pickle=False) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    return Mnist("embedded", images[:4000], labels[:4000], images[4000:], labels[4000:])


def subset(labels: np.ndarray, examples: int | None, seed: int) -> np.ndarray:
    """Return the indices of `examples` images, as many of each digit as can be: counts differ by one at most.

    All of them, in order, for None. Raises ValueError if there are not so many.
    """
    if examples is None:
        return np.arange(len(labels))
    if examples > len(labels):
        raise ValueError(f"examples is {examples:,}; this data has {len(labels):,} training images")
    generator = np.random.default_rng([seed, 1])
    shuffled = generator.permutation(len(labels))
    # deal the digits out in turn: the first image of each digit, then the second of each, …
    rank = np.empty(len(labels), int)
    for digit in range(DIGITS):
        of_digit = shuffled[labels[shuffled] == digit]
        rank[of_digit] = np.arange(len(of_digit))
    dealt = shuffled[np.lexsort((labels[shuffled], rank[shuffled]))]
    return np.sort(dealt[:examples])


def batches(examples: int, batch: int, seed: int, first_step: int, steps: int, fixed_pairs: bool = False) -> np.ndarray:
    """Return which images each step takes: (steps, batch) indices into 0…examples−1.

    A stream of epochs one after the other, each a permutation made from (seed, epoch), so any step can be computed
    without the steps before it and a resumed run sees what the run would have seen. With `fixed_pairs` an epoch is a
    permutation of pairs, the same ones in every epoch, each of them two indices in turn.
    """
    units = disjoint_pairs(examples, seed) if fixed_pairs else np.arange(examples)
    start, stop = first_step * batch, (first_step + steps) * batch
    epochs = range(start // units.size, (stop - 1) // units.size + 1)
    orders = [np.random.default_rng([seed, 2, epoch]).permutation(len(units)) for epoch in epochs]
    stream = np.concatenate([units[order].ravel() for order in orders])
    offset = epochs.start * units.size
    return stream[start - offset : stop - offset].reshape(steps, batch).astype(np.int32)


def disjoint_pairs(examples: int, seed: int, epoch: int = 0) -> np.ndarray:
    """Pair every image once, as a top or as a bottom digit, by (seed, epoch): (examples // 2, 2) indices."""
    order = np.random.default_rng([seed, 3, epoch]).permutation(examples)
    return order[: examples // 2 * 2].reshape(-1, 2)


def digest(arrays: list[np.ndarray]) -> str:
    """Return the SHA-256 of the arrays' bytes, one array after the other."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


def _full(path: Path) -> Mnist:
    """The full set from a file, less the embedded test images.

    Raises FileNotFoundError if there is none, ValueError if it is not exactly MNIST.
    """
    arrays = _arrays(path, "x_train", "y_train", "x_test", "y_test")
    if digest(arrays) != DIGEST:
        raise ValueError(f"{path} does not hold MNIST's images (their digest differs)")
    train_images, train_labels, test_images, test_labels = arrays
    with np.load(EMBEDDED, allow_pickle=False) as file:
        withheld = file["places"][4000:]  # of the embedded test images among MNIST's 60,000
    keep = np.setdiff1d(np.arange(len(train_labels)), withheld)
    return Mnist("full", train_images[keep], train_labels[keep], test_images, test_labels)


def _arrays(path: Path, *names: str) -> list[np.ndarray]:
    """Arrays of an npz file. Raises FileNotFoundError if there is none, ValueError if it cannot be read.

    The error's message is ours: NumPy's advise to open it unsafely.
    """
    begins = None
    try:
        with path.open("rb") as opened:  # opened here, because NumPy leaves a damaged file open
            begins = opened.read(64)
            opened.seek(0)
            with np.load(opened, allow_pickle=False) as file:
                return [file[name] for name in names]
    except FileNotFoundError:
        raise
    except UNREADABLE as error:
        what = _why(error) if begins is None else _kind(begins)
        raise ValueError(f"{path} cannot be read as MNIST ({what})") from error


def _kind(begins: bytes) -> str:
    """What a file that is not MNIST may be, by its first bytes."""
    if not begins:
        return "it is empty"
    if begins.lstrip().startswith(b"<"):
        return "it is a web page"
    return "it is damaged, or holds other arrays" if begins.startswith(b"PK") else "it is another kind of file"


def _why(error: Exception) -> str:
    """Why a file or a server could not be read, in the operating system's message or ours."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    if isinstance(error, http.client.HTTPException):
        return "it broke off"
    if isinstance(error, ValueError):  # one of ours
        return str(error)
    cause = getattr(error, "reason", error)  # urllib wraps the operating system's error
    return getattr(cause, "strerror", None) or "there is no connection"


def _download(path: Path) -> None:
    """Bring MNIST to `path`, whole or not at all. Raises OSError or ValueError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with urllib.request.urlopen(URL, timeout=TIMEOUT_SECONDS) as answer, part.open("wb") as file:
            length, done = int(answer.headers.get("Content-Length") or 0), 0
            while block := answer.read(1 << 20):
                file.write(block)
                done += len(block)
                of_all = f" of {length / 1e6:.1f}" if length else ""
                log.info("downloading MNIST: %.1f%s MB", done / 1e6, of_all)
        _full(part)
        for other in {*path.parent.glob(f"{path.name}.*.part")} - {part}:  # of downloads killed, or soon too late
            with contextlib.suppress(OSError):
                other.unlink()
        part.replace(path)
    except FileNotFoundError:
        if not path.exists():  # else another download was sooner
            raise
    finally:
        part.unlink(missing_ok=True)
