"""Tensors in a safetensors file: read without trust, and written so that one changed byte is noticed.

A file of somebody else's is judged in this order, before anything is allocated: its size, its header's length, the
header itself, names, shapes and number formats, and at last whether the values are finite. A file of ours carries in
its header the SHA-256 of the whole file, taken with zeros where the digest itself is.
"""

import hashlib
import json
import re
import struct
from math import prod
from pathlib import Path

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from core.model import forward
from core.model.networks import Network
from core.runs import files

HEADER_BYTES = 64_000  # more than any network's tensor names and shapes need
NO_DIGEST = "0" * 64

_BYTES = {"F16": 2, "F32": 4}  # the number formats that weights may have
_FOREIGN = {  # files that students may take for weights, by how they begin
    b"PK": "a ZIP archive, as .keras, .npz and .pt files are",
    b"\x80": "a Python pickle, which could run programs and is never opened",
    b"\x89HDF": "an HDF5 file",
    b"\x1f\x8b": "a gzip archive",
}


def to_bytes(tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """Write these tensors as a file, with the digest of all of it. Equal tensors and metadata make equal bytes."""
    data = to_bytes_without_digest(tensors, metadata | {"digest": NO_DIGEST})
    return data.replace(NO_DIGEST.encode(), hashlib.sha256(data).hexdigest().encode(), 1)


def to_bytes_without_digest(tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """Write these tensors as a file. Equal tensors and metadata make equal bytes.

    The library writes the metadata's keys in another order each time; here they are sorted.
    """
    data = safetensors.numpy.save(tensors, metadata)
    header, begin = _header(data)
    text = json.dumps(header | {"__metadata__": dict(sorted(metadata.items()))}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the tensors begin where numbers of eight bytes may
    return struct.pack("<Q", len(text)) + text + data[begin:]


def verify(data: bytes) -> None:
    """Check that the file is, to the byte, as `to_bytes` made it. Raises ValueError if not."""
    begin = 8 + _header_length(data)
    digest = re.search(rb'"digest":"([0-9a-f]{64})"', data[:begin])
    if not digest:
        raise ValueError("it carries no digest")
    start, end = digest.span(1)
    rest = hashlib.sha256(data[:start])
    rest.update(NO_DIGEST.encode())
    rest.update(memoryview(data)[end:])
    if rest.hexdigest().encode() != digest[1]:
        raise ValueError("it is damaged: its digest does not fit")


def metadata(data: bytes) -> dict[str, str]:
    """Return the metadata that a file was written with. Raises ValueError if its header cannot be read."""
    return _header(data)[0].get("__metadata__", {})


def check(network: Network, source: Path | bytes, called: str = "") -> dict[str, np.ndarray]:
    """Check and load weights of `network`, float32, from a safetensors file or its bytes, called `called` in messages.

    Raises ValueError naming what is wrong: size, header, names, shapes, number format (float16 or float32), digest if
    it has one, or values that are not finite, or so large that answers would not be.
    """
    name = called or ("The file" if isinstance(source, bytes) else source)
    fault = f"{name} does not hold the weights of {network.name}"
    most = HEADER_BYTES + 4 * network.parameters
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size > most:
            raise ValueError(f"it is {size:,} bytes, more than they need")
        data = source if isinstance(source, bytes) else files.read(source)
        tensors, begin = _header(data)
        _check_tensors(tensors, network.weight_shapes)
        needed = begin + sum(
            prod(shape) * _BYTES[tensors[name]["dtype"]] for name, shape in network.weight_shapes.items()
        )
        if size != needed:
            how = "was cut short" if size < needed else "has more at its end"
            raise ValueError(f"it {how}: {size:,} bytes, not {needed:,}")
        if "digest" in tensors.get("__metadata__", {}):
            verify(data)
        weights = safetensors.numpy.load(data)
        for name in weights:
            if not np.isfinite(weights[name]).all():
                raise ValueError(f"{name} has values that are not finite")
    except SafetensorError as error:
        raise ValueError(f"{fault}: its header does not fit what follows") from error
    except OSError as error:
        raise ValueError(f"{fault}: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{fault}: {error}") from error
    weights = {name: weights[name].astype(np.float32, copy=False) for name in network.weight_shapes}
    if forward.overflows(network, weights):
        raise ValueError(f"{fault}: its values are so large that no answer would be a number")
    return weights


def is_half(data: bytes) -> bool:
    """Return whether all tensors of a file are float16. Raises ValueError if its header cannot be read."""
    return all(tensor.get("dtype") == "F16" for name, tensor in _header(data)[0].items() if name != "__metadata__")


def weight_shapes(data: bytes) -> tuple[dict[str, tuple[int, ...]], str]:
    """Read tensor name → shape from a safetensors file's header, and the network it names, if any.

    Only the header is looked at. Raises ValueError if it cannot be read.
    """
    tensors, _ = _header(data)
    named = tensors.pop("__metadata__", {}).get("network", "")
    return {name: _shape(tensor) for name, tensor in tensors.items()}, named


def _header(data):
    """A safetensors file's header, a dictionary of dictionaries, and where its data begins. Raises ValueError."""
    length = _header_length(data)
    if not 2 <= length <= HEADER_BYTES or data[8:9] != b"{":
        foreign = next((kind for start, kind in _FOREIGN.items() if data.startswith(start)), None)
        raise ValueError(f"it is {foreign}" if foreign else "it is not a safetensors file, or was cut short")
    if len(data) < 8 + length:
        raise ValueError("it was cut short: its header does not end")
    try:
        text = data[8 : 8 + length]
        header = json.loads(text, object_pairs_hook=_without_duplicates, parse_int=_whole_number)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("its header cannot be read") from error
    _check_kinds(header)
    return header, 8 + length


def _check_kinds(header):
    """Raises ValueError unless every field of a header is of its kind: text that can be encoded, and whole numbers."""
    try:
        json.dumps(header, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a character, as JSON may have
        raise ValueError("its header holds what is no text") from None
    if not all(isinstance(entry, dict) for entry in header.values()):
        raise ValueError("its header describes no tensors")
    for name, entry in header.items():
        if name == "__metadata__":
            fits = all(isinstance(value, str) for value in entry.values())
        else:
            fits = isinstance(entry.get("dtype", ""), str) and _are_whole(entry.get("data_offsets", []))
        if not fits:
            raise ValueError(f"its header describes {name[:40]!r} in another way than safetensors does")


def _are_whole(numbers):
    return isinstance(numbers, list) and all(type(number) is int for number in numbers)


def _without_duplicates(pairs):
    """A JSON object whose keys differ: of two with one name, readers would choose differently."""
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"its header has {twice[:40]!r} twice")
    return dict(pairs)


def _whole_number(digits):
    """A whole number of JSON. Python reads none of more than 4,300 digits."""
    try:
        return int(digits)
    except ValueError:
        raise ValueError("its header has a number that is too long") from None


def _check_tensors(tensors, expected):
    """Raises ValueError unless a header describes exactly the expected tensors."""
    if odd := sorted(set(tensors) - {"__metadata__"} ^ set(expected)):
        raise ValueError(f"tensor {odd[0][:40]!r} is {'missing' if odd[0] in expected else 'not one of its own'}")
    for name, shape in expected.items():
        if _shape(tensors[name]) != shape:
            raise ValueError(f"{name} has shape {str(_shape(tensors[name]))[:40]}, not {shape}")
        if tensors[name].get("dtype") not in _BYTES:
            raise ValueError(f"{name} is {str(tensors[name].get('dtype'))[:20]}, not float16 or float32")


def _shape(tensor):
    shape = tensor.get("shape")
    if not _are_whole(shape):
        raise ValueError("its header gives a tensor no shape")
    return tuple(shape)


def _header_length(data):
    return struct.unpack("<Q", data[:8])[0] if len(data) >= 8 else 0
