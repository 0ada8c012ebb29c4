"""One run too many is refused in words, by the page and by the command line, and nothing is deleted."""

import numpy as np
import pytest

from core.__main__ import main
from core.jobs import queue
from core.model.networks import NETWORKS
from core.recipe import Recipe
from core.runs import exchange, quota, store, tensors


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.setattr(queue, "advance", lambda: None)
    return tmp_path


def names(root):
    return sorted(path.parent.name for path in root.glob("*/run.json"))


def test_one_run_too_many_is_refused_and_the_others_stay(root, monkeypatch, capsys):
    monkeypatch.setattr(quota, "MOST_RUNS", 2)
    first = queue.submit(Recipe(network="tiny"))
    (first.folder / "shipped").touch()  # what came with the app does not count
    queue.submit(Recipe(network="tiny"))
    queue.submit(Recipe(network="tiny"))
    before = names(root)
    with pytest.raises(store.RunError, match="2 runs are kept here already.*Delete some on the Compare page"):
        queue.submit(Recipe(network="tiny"))
    data = tensors.to_bytes({name: np.zeros(s, "f4") for name, s in NETWORKS["tiny"].weight_shapes.items()}, {})
    with pytest.raises(store.RunError, match="no more are taken"):
        exchange.add_upload(data, Recipe(network="tiny"), "mine.safetensors")
    assert main(["train", "--network", "tiny", "--steps", "1"]) == 2
    assert "no more are taken" in capsys.readouterr().err
    assert names(root) == before


def test_a_disk_quota_counts_all_files_of_the_runs(root, monkeypatch):
    run = queue.submit(Recipe(network="tiny"))
    (run.folder / "log.txt").write_bytes(bytes(1_000_000))
    monkeypatch.setattr(quota, "MOST_GIGABYTES", 1.2e-3)
    queue.submit(Recipe(network="tiny"))
    monkeypatch.setattr(quota, "MOST_GIGABYTES", 0.9e-3)
    with pytest.raises(store.RunError, match="take 0.0 GB already"):
        queue.submit(Recipe(network="tiny"))
    queue.start(run)  # what is there may go on
