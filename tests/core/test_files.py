"""Files and exports are replaced as a whole, whenever their writer is killed, and what it left is removed."""

import os
import time

import pytest

from core.jobs import queue, scratch
from core.recipe import Recipe
from core.runs import files, store
from tests.harness.holding import Held

EXPORT = """
path = Path(sys.argv[1])
with files.staging(path) as folder:
    (folder / path.name).mkdir() if len(sys.argv) > 2 else (folder / path.name).write_bytes(b"half")
    if len(sys.argv) > 2: (folder / path.name / "saved_model.pb").write_bytes(b"half")
    print("here", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("old", [None, b"old", "folder"])
def test_a_killed_export_leaves_what_was_there_and_the_next_one_takes_its_place(tmp_path, old):
    path, as_folder = tmp_path / "model.keras", ["folder"] if old == "folder" else []
    if old == "folder":
        path.mkdir()
        (path / "saved_model.pb").write_bytes(b"old")
    elif old:
        path.write_bytes(old)
    with Held(EXPORT, path, *as_folder) as export:
        export.wait_here()
    inside = path / "saved_model.pb" if as_folder else path
    assert path.exists() == bool(old) and (not old or inside.read_bytes() == b"old")
    [left] = set(tmp_path.iterdir()) - {path}
    files.remove_old_temporaries(tmp_path)
    assert left.exists()  # its writer may live
    os.utime(left, (0, time.time() - files.FREE_SECONDS - 1))
    files.remove_old_temporaries(tmp_path)
    with Held(EXPORT, path, *as_folder) as export:
        export.wait_here()
        assert export.go_on()[0] == 0
    assert inside.read_bytes() == b"half" and list(tmp_path.iterdir()) == [path]


def test_a_new_run_clears_away_what_killed_trainers_left_and_nothing_of_the_living(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    killed, living = (queue.create(Recipe(network="tiny")) for _ in range(2))
    left = [run.folder / f".weights.safetensors.x{files.LOCKED}" for run in (killed, living)]
    for path in left:
        path.write_bytes(bytes(1000))
    hold = "with control.lock(store.read(Path(sys.argv[1]))):\n    print('here', flush=True)\n    sys.stdin.read()"
    left[1].unlink()
    with Held(hold, living.folder) as trainer:
        trainer.wait_here()
        left[1].write_bytes(bytes(1000))  # what it is writing now
        queue.create(Recipe(network="tiny"))
        assert [path.exists() for path in left] == [False, True]
    queue.create(Recipe(network="tiny"))
    assert not left[1].exists()


def test_a_trainers_own_folder_goes_with_it_or_by_the_next_one(tmp_path):
    use = "from core.jobs import scratch\nimport tempfile\nscratch.use_own(Path(sys.argv[1]))\n"
    use += "print(tempfile.mkstemp()[1] if len(sys.argv) > 2 else 'here', flush=True)\nsys.stdin.readline()"
    with Held(use, tmp_path / "own") as killed:
        killed.wait_here()
        with Held(use, tmp_path / "own") as other:
            other.wait_here()
            assert len(list((tmp_path / "own").glob("trainer-*"))) == 2  # nothing is taken from the living
            assert other.go_on()[0] == 0
        assert len(list((tmp_path / "own").glob("trainer-*"))) == 1
    with Held(use, tmp_path / "own", "temporary") as last:
        code, printed, _ = last.go_on()
    assert code == 0 and printed.startswith(str(tmp_path / "own" / "trainer-"))
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["lock"] and scratch.WAIT_SECONDS > 1
