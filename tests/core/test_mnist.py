"""MNIST is the whole MNIST or said not to be; subsets are balanced; the order of images needs no memory."""

import functools
import http.server
import io
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from core.images import mnist
from tests.harness.needs import PATIENCE_SECONDS, wait_until
from tests.harness.server import REPOSITORY, free_port


@pytest.fixture(scope="module")
def original(full, machines_mnist):
    """The file as a user would download it."""
    return machines_mnist.read_bytes()


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path / "datasets" / "mnist.npz"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; after so many bytes of a body it ends the connection or waits for an event, if told to."""

    def __init__(self, cut, event, *arguments, **options):
        self.cut, self.event = cut, event
        super().__init__(*arguments, **options)

    def copyfile(self, source, outputfile):
        outputfile.write(source.read(-1 if self.cut is None else self.cut))
        if self.event and self.event.wait(PATIENCE_SECONDS):
            outputfile.write(source.read())

    def log_message(self, *_):
        pass


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Serve bytes on loopback in the place of the download, and say how many times they were asked for."""
    folder, servers = tmp_path / "served", []
    folder.mkdir()

    def start(contents: bytes, cut: int | None = None, event: threading.Event | None = None):
        (folder / "mnist.npz").write_bytes(contents)
        handler = functools.partial(Handler, cut, event, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(mnist, "URL", f"http://127.0.0.1:{server.server_port}/mnist.npz")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_embedded_set_is_balanced_and_split():
    data = mnist.embedded()
    assert data.train_images.shape == (4000, 28, 28) and data.test_images.shape == (1000, 28, 28)
    assert np.bincount(data.train_labels).tolist() == [400] * 10
    assert np.bincount(data.test_labels).tolist() == [100] * 10


def test_no_embedded_test_image_is_ever_trained_on(full):
    trained = {image.tobytes() for image in full.train_images} | {i.tobytes() for i in mnist.embedded().train_images}
    assert len(full.train_labels) == 59_000
    assert not trained & {image.tobytes() for image in mnist.embedded().test_images}


def test_embedded_images_are_mnists_own(full):
    known = dict(zip((image.tobytes() for image in full.train_images), full.train_labels, strict=True))
    data = mnist.embedded()
    for image, label in zip(data.train_images, data.train_labels, strict=True):
        assert known[image.tobytes()] == label


def test_missing_file_and_no_download_says_so_and_uses_the_embedded_set(empty_cache):
    data = mnist.load(download=False)
    assert data.name == "embedded" and "5,000 embedded images" in data.notice and str(empty_cache) in data.notice


@pytest.mark.parametrize("damage", ["cut", "flipped", "header", "empty", "pickle", "one array", "other arrays"])
def test_damaged_file_is_never_used(original, empty_cache, damage):
    empty_cache.parent.mkdir()
    contents = bytearray(original)
    if damage == "cut":
        del contents[-50_000:]
    if damage == "flipped":
        contents[len(contents) // 2] ^= 1
    if damage == "header":
        contents[contents.rindex(b"PK\x01\x02") + 8] ^= 1  # "encrypted", says this bit of the zip
    if damage == "empty":
        contents.clear()
    empty_cache.write_bytes(contents)
    if damage == "one array":
        with empty_cache.open("wb") as file:
            np.save(file, np.zeros(3))
    arrays = dict.fromkeys(("x_train", "y_train", "x_test", "y_test"), np.zeros(3, np.uint8))
    if damage == "pickle":
        arrays["x_train"] = np.array([{}], object)
    if damage in ("pickle", "other arrays"):
        np.savez(empty_cache, **arrays)
    data = mnist.load(download=False)
    assert data.name == "embedded" and str(empty_cache) in data.notice


def archive(**changed):
    """An npz file of the arrays that MNIST's has, but for those changed; None leaves one out."""
    buffer, data = io.BytesIO(), mnist.embedded()
    arrays = {"x_train": data.train_images, "y_train": data.train_labels}
    arrays |= {"x_test": data.test_images, "y_test": data.test_labels} | changed
    np.savez(buffer, **{name: array for name, array in arrays.items() if array is not None})
    return buffer.getvalue()


def saved(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


WEB_PAGE = b"\n<!DOCTYPE html>\n<html><title>Sign in to this network</title></html>\n"
OTHER_FILES = {
    "a web page": (WEB_PAGE, "it is a web page"),
    "nothing": (b"", "it is empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "it is another kind of file"),
    "one array": (saved(np.zeros(3)), "it is another kind of file"),
    "a pickle": (b"\x80\x04\x95" + bytes(100), "it is another kind of file"),
    "an archive of something else": (archive(x_train=None, x_test=None), "it is damaged, or holds other arrays"),
    "half an archive": (archive()[:100_000], "it is damaged, or holds other arrays"),
    "an archive with a pickle": (archive(x_test=np.array([{}], object)), "it is damaged, or holds other arrays"),
    "other images": (archive(), "does not hold MNIST's images"),
}


@pytest.mark.parametrize("load", [lambda: mnist.load(download=False), mnist.load_test], ids=["load", "load_test"])
@pytest.mark.parametrize(("contents", "fault"), OTHER_FILES.values(), ids=OTHER_FILES)
def test_what_is_no_mnist_is_named_in_our_words(empty_cache, load, contents, fault):
    """NumPy's own words would advise to unpickle the file."""
    empty_cache.parent.mkdir()
    empty_cache.write_bytes(contents)
    notice = load().notice
    assert str(empty_cache) in notice and fault in notice
    assert "pickle" not in notice and "\n" not in notice


@pytest.mark.parametrize(
    ("contents", "why"), [(WEB_PAGE, "(it is a web page)"), (None, "(the server answered 404)"), ("", "(it is empty)")]
)
def test_a_download_that_brings_something_else_says_what(empty_cache, serve, contents, why):
    if contents is None:
        serve(b"")
        mnist.URL += ".gone"
    else:
        serve(contents or b"")
    data = mnist.load()
    assert data.name == "embedded" and "the download failed" in data.notice and why in data.notice


def test_without_a_network_the_operating_system_says_why(empty_cache, monkeypatch):
    monkeypatch.setattr(mnist, "URL", f"http://127.0.0.1:{free_port()}/mnist.npz")
    assert "and the download failed (Connection refused)" in mnist.load().notice


def test_download_arrives_whole_and_is_kept(full, original, empty_cache, serve, logged):
    serve(original)
    assert mnist.load().name == "full"
    assert logged.messages[-1].startswith("downloading MNIST: 11.5 of 11.5 MB")
    assert mnist.load(download=False).name == "full"
    assert [path.name for path in empty_cache.parent.iterdir()] == ["mnist.npz"]


@pytest.mark.parametrize("part", [0, 0.5])
def test_wrong_or_half_a_download_leaves_nothing_behind(original, empty_cache, serve, part):
    serve(original[: int(part * len(original))] or b"not MNIST")
    data = mnist.load()
    assert data.name == "embedded" and "the download failed" in data.notice
    assert list(empty_cache.parent.iterdir()) == []


@pytest.mark.parametrize("cut", [0, 1, 5_000_000])
def test_a_download_that_is_interrupted_is_said_never_used_and_done_again_the_next_time(
    original, empty_cache, serve, cut
):
    serve(original, cut)
    data = mnist.load()
    assert data.name == "embedded" and "the download failed" in data.notice
    assert list(empty_cache.parent.iterdir()) == []
    serve(original)
    assert mnist.load().name == "full"


def test_a_damaged_file_is_mended_by_a_download_and_kept_where_that_fails(original, empty_cache, serve):
    empty_cache.parent.mkdir()
    empty_cache.write_bytes(original[:-50_000])
    serve(original, cut=5_000_000)
    data = mnist.load()
    assert data.name == "embedded" and f"{empty_cache} cannot be read as MNIST" in data.notice
    assert "the download failed" in data.notice and empty_cache.stat().st_size == len(original) - 50_000
    serve(original)
    assert mnist.load().name == "full" and empty_cache.read_bytes() == original


@pytest.fixture
def halfway(original, empty_cache, serve):
    """Start a process that downloads MNIST, and return it when it is in the middle; all go on after an event."""
    released, processes = threading.Event(), []
    serve(original, 5_000_000, released)
    words = "import sys; from core.images import mnist; mnist.URL = sys.argv[1]; print(mnist.load().name)"
    command = [sys.executable, "-c", words, mnist.URL]

    def start():
        process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        part = empty_cache.with_name(f"mnist.npz.{process.pid}.part")
        wait_until(lambda: part.exists() and part.stat().st_size >= 4_000_000, [process])
        return process

    yield start, released
    released.set()
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
def test_what_killed_downloads_leave_is_never_used_and_thrown_away_by_the_next_one(
    original, empty_cache, serve, halfway
):
    for _ in range(3):
        process = halfway[0]()
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(list(empty_cache.parent.iterdir())) == 3 and not empty_cache.exists()
    assert mnist.load(download=False).name == "embedded"
    serve(original, cut=5_000_000)
    assert mnist.load().name == "embedded"
    serve(original)
    assert mnist.load().name == "full" and list(empty_cache.parent.iterdir()) == [empty_cache]


@pytest.mark.skipif(os.name != "posix", reason="an open file can be thrown away on POSIX alone")
def test_of_two_downloads_at_once_the_later_one_takes_what_the_sooner_one_brought(
    original, empty_cache, serve, halfway
):
    start, released = halfway
    later = start()
    serve(original)
    assert mnist.load().name == "full" and list(empty_cache.parent.iterdir()) == [empty_cache]
    released.set()
    assert later.communicate(timeout=PATIENCE_SECONDS)[0] == "full\n" and later.returncode == 0
    assert list(empty_cache.parent.iterdir()) == [empty_cache]


@pytest.mark.parametrize("examples", [10, 250, 1003])
def test_subset_is_balanced_and_the_seeds_own(examples):
    labels = mnist.embedded().train_labels
    chosen = mnist.subset(labels, examples, seed=3)
    counts = np.bincount(labels[chosen], minlength=10)
    assert len(set(chosen.tolist())) == examples and counts.max() - counts.min() <= 1
    assert np.array_equal(chosen, mnist.subset(labels, examples, seed=3))
    assert not np.array_equal(chosen, mnist.subset(labels, examples, seed=4))


def test_larger_subset_holds_the_smaller_one():
    labels = mnist.embedded().train_labels
    assert set(mnist.subset(labels, 100, 0)) <= set(mnist.subset(labels, 500, 0))


def test_too_many_examples_are_refused():
    with pytest.raises(ValueError, match="examples is 5,000; this data has 4,000"):
        mnist.subset(mnist.embedded().train_labels, 5000, 0)


@pytest.mark.parametrize(("examples", "batch"), [(100, 10), (100, 7), (25, 60)])
def test_every_epoch_shows_every_image_once_and_any_step_can_be_computed_alone(examples, batch):
    stream = mnist.batches(examples, batch, seed=1, first_step=0, steps=60).ravel()
    for start in range(0, len(stream) - examples, examples):
        assert sorted(stream[start : start + examples]) == list(range(examples))
    apart = [mnist.batches(examples, batch, seed=1, first_step=step, steps=1) for step in range(60)]
    assert np.array_equal(np.concatenate(apart).ravel(), stream)
    assert not np.array_equal(stream, mnist.batches(examples, batch, seed=2, first_step=0, steps=60).ravel())


@pytest.mark.parametrize(("examples", "batch"), [(101, 10), (100, 14)])
def test_fixed_pairs_are_the_same_in_every_epoch_and_come_in_another_order(examples, batch):
    stream = mnist.batches(examples, batch, seed=1, first_step=0, steps=70, fixed_pairs=True).reshape(-1, 2)
    known = {tuple(pair) for pair in mnist.disjoint_pairs(examples, seed=1).tolist()}
    first, second = stream[:50].tolist(), stream[50:100].tolist()
    assert {tuple(pair) for pair in first} == {tuple(pair) for pair in second} == known
    assert first != second
    apart = [mnist.batches(examples, batch, 1, step, 1, fixed_pairs=True) for step in range(70)]
    assert np.array_equal(np.concatenate(apart).ravel(), stream.ravel())


def test_pairs_use_every_digit_once_and_change_with_the_epoch():
    pairs = mnist.disjoint_pairs(1000, seed=0)
    assert pairs.shape == (500, 2) and len(set(pairs.ravel().tolist())) == 1000
    assert not np.array_equal(pairs, mnist.disjoint_pairs(1000, seed=0, epoch=1))
