"""Whatever is done to a file of weights is noticed and named: cuts, flips, other formats, bombs, random mutations."""

import io
import itertools
import json
import os
import struct
import subprocess
import sys
import time
import zipfile

import h5py
import numpy as np
import pytest
import safetensors.numpy

from core.model.networks import NETWORKS
from core.recipe import Recipe
from core.runs import checkpoints, control, store, tensors
from tests.harness.server import REPOSITORY

TINY = NETWORKS["tiny"]
MOST_SECONDS, MOST_MEBIBYTES = 0.5, 50


def weights_of(network, value=None):
    generator = np.random.default_rng(0)
    return {
        name: np.full(shape, value, np.float32) if value is not None else generator.normal(0, 0.1, shape).astype("f4")
        for name, shape in network.weight_shapes.items()
    }


OURS = tensors.to_bytes(weights_of(TINY), {"network": "tiny", "step": "1"})
FOREIGN = safetensors.numpy.save(weights_of(TINY))
HEADER_END = 8 + struct.unpack("<Q", OURS[:8])[0]


def flipped(data, place, byte=0xFF):
    return data[:place] + bytes([data[place] ^ byte]) + data[place + 1 :]


def test_what_is_written_is_read_to_the_bit():
    for name, tensor in tensors.check(TINY, OURS).items():
        np.testing.assert_array_equal(tensor, weights_of(TINY)[name])
    tensors.verify(OURS)
    assert safetensors.numpy.load(OURS).keys() == weights_of(TINY).keys()  # and by the format's own reader


@pytest.mark.parametrize("write", [tensors.to_bytes, tensors.to_bytes_without_digest])
def test_equal_tensors_and_metadata_make_equal_bytes(write):
    words = {"network": "tiny", "step": "1", "data": "full", "weights": "0"}
    files = {write(weights_of(TINY), dict(order)) for order in itertools.permutations(words.items())}
    (data,) = files
    assert tensors.metadata(data).items() >= words.items()
    assert safetensors.numpy.load(data).keys() == weights_of(TINY).keys()
    assert (8 + struct.unpack("<Q", data[:8])[0]) % 8 == 0


@pytest.mark.parametrize("byte", [0x01, 0x20, 0x80, 0xFF], ids=hex)
def test_one_changed_byte_anywhere_is_noticed(byte):
    for place in range(len(OURS)):
        with pytest.raises(ValueError):
            tensors.verify(flipped(OURS, place, byte))


def test_weights_without_a_digest_are_taken_from_others_alone(tmp_path):
    assert tensors.check(TINY, FOREIGN).keys() == weights_of(TINY).keys()
    run = store.create(tmp_path / "a", Recipe(network="tiny"), "", "", "", {})
    (run.folder / "weights.safetensors").write_bytes(FOREIGN)
    with pytest.raises(store.RunError, match="carries no digest"):
        checkpoints.load_weights(run)


def test_a_shipped_file_is_the_one_that_was_shipped(tmp_path):
    run = store.create(tmp_path / "a", Recipe(network="tiny"), "", "", "", {})
    checkpoints.save_weights(run, weights_of(TINY), 1)
    (run.folder / "shipped").write_text("0" * 64)
    with pytest.raises(store.RunError, match="not the file that came with the app"):
        checkpoints.load_weights(run)


def as_npz():
    buffer = io.BytesIO()
    np.savez(buffer, **weights_of(TINY))
    return buffer.getvalue()


def as_bomb():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("weights.npy", b"\0" * 50_000_000)
    return buffer.getvalue()


def as_hdf5():
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, tensor in weights_of(TINY).items():
            file[name] = tensor
    return buffer.getvalue()


def with_header(header, data=FOREIGN[-4 * TINY.parameters :]):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def empty_tensors(count):
    return with_header({f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(count)}, b"")


HOSTILE = {
    "nothing": (b"", "not a safetensors file"),
    "a pickle": (b"\x80\x04\x95" + bytes(100), "Python pickle"),
    "npz": (as_npz(), "ZIP archive"),
    "a bomb": (as_bomb(), "ZIP archive"),
    "hdf5": (as_hdf5(), "HDF5"),
    "60,000 empty tensors": (empty_tensors(60_000), "not a safetensors file|bytes, more than they need"),
    "a few hundred tensors": (empty_tensors(700), "is missing|not one of its own|bytes, more"),
    "a header of 2^63 bytes": (struct.pack("<Q", 2**63) + b"{" + bytes(100), "not a safetensors file"),
    "a header of -1 bytes": (b"\xff" * 8 + b"{" + bytes(100), "not a safetensors file"),
    "duplicate keys": (with_header(b'{"a":{"dtype":"F32"},"a":{"dtype":"F32"}}'), "has 'a' twice"),
    "a deep header": (with_header(b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}"), "cannot be read|too"),
    "shapes of 2^62": (
        with_header({"conv1.kernel": {"dtype": "F32", "shape": [2**62, 8], "data_offsets": [0, 1]}}),
        "is missing|has shape",
    ),
    "not a number": (tensors.to_bytes(weights_of(TINY, np.nan), {}), "not finite"),
    "infinite": (tensors.to_bytes(weights_of(TINY, np.inf), {}), "not finite"),
    "another network's": (tensors.to_bytes(weights_of(NETWORKS["shallow"]), {}), "more than they need|not one of its"),
    "a number without end": (
        with_header(b'{"a":{"data_offsets":[0,' + 5000 * b"9" + b"]}}"),
        "number that is too long",
    ),
    "twice as long": (OURS + OURS, "more at its end"),
    "100 MB": (bytes(100_000_000), "more than they need"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_are_named_quickly(name):
    data, fault = HOSTILE[name]
    began = time.process_time()
    with pytest.raises(ValueError, match=fault):
        tensors.check(TINY, data, "yours")
    assert time.process_time() - began < MOST_SECONDS


def test_the_first_fault_is_named_in_the_order_of_what_costs_least_to_see():
    """A file with every fault at once; each is mended in its turn."""
    good = {name: list(shape) for name, shape in TINY.weight_shapes.items()}
    first = next(iter(good))
    data = np.full(TINY.parameters, np.nan, "f4").tobytes()

    def file(shapes, dtype, data, begin=b""):
        places = np.cumsum([0, *(4 * int(np.prod(shape)) for shape in shapes.values())]).tolist()
        described = {
            name: {"dtype": dtype, "shape": shape, "data_offsets": places[i : i + 2]}
            for i, (name, shape) in enumerate(shapes.items())
        }
        return with_header(begin + json.dumps(described).encode(), data)

    others = {**good, "other": [1]}
    wide = {**good, first: [9, 9, 9, 9]}
    faults = {
        file(others, "I64", bytes(100_000)): "more than they need",  # size
        struct.pack("<Q", 2**63) + file(others, "I64", b"")[8:]: "not a safetensors file",  # length of the header
        file(others, "I64", b"", begin=b"{"): "header cannot be read",
        file(others | wide, "I64", b""): "'other' is not one of its own",  # names
        file(wide, "I64", b""): "has shape",
        file(good, "I64", b""): "is I64",
        file(good, "F32", data[:-1]): "cut short",
        file(good, "F32", data): "not finite",
    }
    for contents, fault in faults.items():
        with pytest.raises(ValueError, match=fault):
            tensors.check(TINY, contents)


# Keras' own way to NumPy, which NumPy 2 is about to refuse; nothing of ours can mend it
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
@pytest.mark.parametrize(("saved_as", "fault"), [("a.keras", "ZIP archive"), ("a.weights.h5", "HDF5 file")])
def test_a_file_of_keras_own_is_named_under_a_false_name(tmp_path, saved_as, fault):
    from core.training import keras_model  # here, because it brings TensorFlow

    model = keras_model.build(TINY)
    (model.save if saved_as.endswith(".keras") else model.save_weights)(tmp_path / saved_as)
    disguised = (tmp_path / saved_as).rename(tmp_path / "weights.safetensors")
    for source in (disguised, disguised.read_bytes()):
        with pytest.raises(ValueError, match=fault):
            tensors.check(NETWORKS["deep"], source)  # whose weights may be as large as that


READER = """
import resource, sys
from pathlib import Path
from core.runs import tensors
from core.model.networks import NETWORKS

def high_water_mebibytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

held = [path.read_bytes() for path in Path(sys.argv[1]).iterdir()]
before = high_water_mebibytes()
for data in held:
    try:
        tensors.check(NETWORKS["tiny"], data)
    except ValueError:
        continue
print(high_water_mebibytes() - before)
"""


def test_hostile_bytes_allocate_nothing(tmp_path):
    for i, (data, _) in enumerate(HOSTILE.values()):
        (tmp_path / str(i)).write_bytes(data)
    command = [sys.executable, "-c", READER, str(tmp_path)]  # a process of its own, whose high water is theirs alone
    grown = float(subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True).stdout)
    assert grown < MOST_MEBIBYTES


def test_every_cut_is_refused():
    for length in [*range(HEADER_END + 1), *range(HEADER_END, len(OURS), 37)]:
        with pytest.raises(ValueError):
            tensors.check(TINY, OURS[:length])


def test_a_thousand_mutations_are_refused_or_are_weights():
    """Of a foreign file, which carries no digest: what is accepted is finite and of the right shapes, nothing else."""
    generator, accepted = np.random.default_rng(0), 0
    began = time.process_time()
    for _ in range(1000):
        data = bytearray(FOREIGN)
        for place in generator.integers(len(data) if generator.random() < 0.5 else 600, size=generator.integers(1, 8)):
            data[place] = generator.integers(256)
        try:
            found = tensors.check(TINY, bytes(data))
        except ValueError as error:
            assert str(error)
            continue
        accepted += 1
        assert {name: tensor.shape for name, tensor in found.items()} == TINY.weight_shapes
        assert all(np.isfinite(tensor).all() for tensor in found.values())
    assert 0 < accepted < 700
    assert time.process_time() - began < 1000 * MOST_SECONDS


# --- a checkpoint that lists always loads, whenever its writer is killed

WRITER = """
import os, signal, sys
from pathlib import Path
import numpy as np
from core.runs import checkpoints, control, store
from core.model.networks import NETWORKS

run, phase = store.read(Path(sys.argv[1])), sys.argv[2]
shapes = NETWORKS["tiny"].weight_shapes

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def save(step):
    checkpoints.save_weights(run, {name: np.full(shape, step, np.float32) for name, shape in shapes.items()}, step)
    checkpoints.save_resume(run, {"all": np.full(100_000, step, np.float32)}, step)

def before(name, function):
    setattr(os, name, lambda *a, **k: (die(), function(*a, **k)))

def after(name, function):
    setattr(os, name, lambda *a, **k: (function(*a, **k), die()))

held = control.lock(run)  # as a trainer has
save(1)
save(2)
if phase == "temporary write":
    class Dies:
        def __init__(self, file): self.file = file
        def __enter__(self): return self
        def __exit__(self, *_): self.file.close()
        def write(self, data): self.file.write(data[: len(data) // 2]); self.file.flush(); die()
    real = os.fdopen
    os.fdopen = lambda *a, **k: Dies(real(*a, **k))
elif phase == "before fsync":
    before("fsync", os.fsync)
elif phase == "between fsync and rename":
    before("replace", os.replace)
elif phase == "rotation":
    after("link", os.link)
elif phase == "after rotation":
    after("replace", os.replace)
elif phase == "after rename":
    names = []
    real = os.replace
    os.replace = lambda a, b: (real(a, b), die() if not Path(b).name.startswith("before-") else None)
save(3)
"""
PHASES = ("temporary write", "before fsync", "rotation", "between fsync and rename", "after rotation", "after rename")


def kill_while_saving(folder, phase):
    """A writer that saved steps 1 and 2 is killed in a phase of saving step 3; what then loads."""
    run = store.create(folder, Recipe(network="tiny"), "", "", "", {})
    ended = subprocess.run([sys.executable, "-c", WRITER, str(folder), phase], cwd=REPOSITORY, capture_output=True)
    assert ended.returncode == -9, ended.stderr.decode()
    weights, warning = checkpoints.load_checkpoint(run)
    state, step, resume_warning = checkpoints.load_resume(run)
    assert not warning and not resume_warning  # the newest one is whole
    steps = {float(value) for tensor in weights.values() for value in np.unique(tensor)}
    assert len(steps) == 1 and set(np.unique(state["all"])) == {step}
    left = list(folder.glob(".*"))
    assert bool(left) == (phase != "after rename")
    with control.lock(run):  # whoever has the lock next removes what the killed one left
        assert not list(folder.glob(".*"))
    return steps.pop(), step


@pytest.mark.parametrize("phase", PHASES)
def test_a_writer_killed_in_any_phase_loses_no_checkpoint(tmp_path, phase):
    weights_step, resume_step = kill_while_saving(tmp_path / "run", phase)
    assert (weights_step, resume_step) == ((3.0, 2) if phase == "after rename" else (2.0, 2))


@pytest.mark.soak
@pytest.mark.parametrize("phase", PHASES)
def test_a_writer_killed_25_times_in_any_phase_loses_no_checkpoint(tmp_path, phase):
    for attempt in range(25):
        kill_while_saving(tmp_path / str(attempt), phase)


@pytest.fixture
def saved_twice(tmp_path):
    run = store.create(tmp_path / "run", Recipe(network="tiny"), "", "", "", {})
    for step in (1, 2):
        checkpoints.save_weights(run, weights_of(TINY, float(step)), step)
        checkpoints.save_resume(run, {"all": np.full(10, step)}, step)
    return run


@pytest.mark.parametrize("where", [0, 9, 300, -1])
def test_of_a_damaged_checkpoint_the_one_before_it_is_used_and_the_user_told(saved_twice, where):
    for name in ("weights.safetensors", "resume.safetensors"):
        path = saved_twice.folder / name
        path.write_bytes(flipped(path.read_bytes(), where % path.stat().st_size))
    weights, warning = checkpoints.load_checkpoint(saved_twice)
    assert weights["fc1.bias"][0] == 1 and "is damaged, so the one before it is used" in warning
    state, step, warning = checkpoints.load_resume(saved_twice)
    assert step == 1 and state["all"][0] == 1 and "goes on from iteration 1" in warning


def test_where_both_are_damaged_it_is_said_and_nothing_loaded(saved_twice):
    for path in saved_twice.folder.glob("*.safetensors"):
        path.write_bytes(flipped(path.read_bytes(), 100))
    with pytest.raises(store.RunError):
        checkpoints.load_weights(saved_twice)
    with pytest.raises(store.RunError, match="cannot be read"):
        checkpoints.load_resume(saved_twice)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: path.mkdir()])
def test_a_pipe_a_device_or_a_folder_in_the_place_of_weights_is_refused_at_once(tmp_path, make):
    run = store.create(tmp_path / "odd", Recipe(network="tiny"), "", "", "", {})
    make(run.folder / checkpoints.WEIGHTS)
    with pytest.raises(store.RunError, match="it is no file"):
        checkpoints.load_weights(run)
