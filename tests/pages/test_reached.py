"""Accuracy against parameters: every network known by its colour and shape, and named where there is room."""

from pathlib import Path

import pytest

from core.model.networks import NETWORKS
from core.recipe import Recipe
from core.runs.comparison import Entry
from core.runs.labels import Label
from core.runs.store import Run
from pages.shared import reached
from pages.shared.reached import KINDS, mark, spread


def test_no_two_kinds_of_network_share_colour_and_shape():
    marks = [mark(kind) for kind in KINDS]
    assert len(set(marks)) == len(KINDS) == len(NETWORKS) + sum(network.reads_pairs for network in NETWORKS.values())


def test_a_network_that_is_added_needs_no_colour_by_hand(monkeypatch):
    added = {f"new {i}": NETWORKS["tiny"] for i in range(6)}
    monkeypatch.setattr(reached, "NETWORKS", NETWORKS | added)
    monkeypatch.setattr(reached, "KINDS", [*KINDS, *added])
    marks = [mark(kind) for kind in reached.KINDS]
    assert len(set(marks)) == len(marks)


def test_names_keep_their_places_where_there_is_room_and_their_order_where_there_is_not():
    assert spread([1.0, 3.0, 9.0], 2.0, 100.0) == [1.0, 3.0, 9.0]
    assert spread([1.0, 1.1, 9.0], 2.0, 100.0) == [1.0, 2.0, 9.0]
    assert spread([1.0, 60.0, 61.0], 2.0, 64.0) == [1.0, 32.0, 64.0]
    crowd = spread([1.0] * 5, 2.0, 8.0)
    assert crowd == sorted(crowd) and all(b / a == pytest.approx(2) for a, b in zip(crowd, crowd[1:], strict=False))


def entry(name, network, accuracy, title=""):
    run = Run(Path(name), Recipe(network=network), "", "full", "", {})
    return Entry(run, Label(title, "", False), {"accuracy": accuracy, "standard_error": 0.001}, "finished")


def test_the_best_run_of_each_network_is_named_and_chosen_ones_by_their_titles(monkeypatch):
    drawn = {}
    monkeypatch.setattr(reached.charts, "draw", lambda figure, table, **options: drawn.update(options, table=table))
    entries = [
        *(entry("a", "sum", 0.9), entry("b", "sum", 0.95), entry("c", "sum", 0.5, "mine")),
        *(entry("d", "tiny", 1.0), entry("e", "deep", 0.95)),
    ]
    reached.reached(entries, [entries[2]])
    table = drawn["table"].to_pydict()
    assert table["above"] == ["", "", "", "tiny", ""] and table["beside"] == ["", "sum", "mine", "", "deep"]
    assert table["chosen"] == [False, False, True, False, False]
    assert all(value > 0 for name in ("low", "high", "mistakes") for value in table[name])  # a logarithm shows them
    tops = sorted(table["height"][i] for i in (1, 2, 4))
    assert all(low < high for low, high in zip(tops, tops[1:], strict=False))  # no name over another
    assert drawn["height"] >= 300
