"""What tells runs apart."""

from pathlib import Path

from core.recipe import Recipe
from core.runs import labels, store
from core.runs.comparison import KINDS, Entry, asked, differences, matches, repeats, repeats_of


def run(name="a", data_name="full", **fields):
    return store.Run(Path(name), Recipe(**fields), "full MNIST", data_name, "", {})


def test_only_the_fields_that_differ_are_named():
    first, second = run(network="deep", seed=1, examples=250), run(network="deep", seed=2)
    assert differences([first, second]) == {"examples": [250, "all"], "seed": [1, 2]}
    assert differences([first, first]) == differences([first]) == differences([]) == {}


def test_of_an_upload_only_the_network_is_compared():
    uploaded, trained = run(data_name=store.UPLOADED, network="sum"), run(network="deep", steps=7)
    assert differences([uploaded, trained]) == {"network": ["sum", "deep"]}
    assert differences([uploaded, trained, run(network="deep")])["steps"] == [None, 7, 1000]


def test_repeats_differ_in_the_seed_alone():
    a, b, c, other = run("a", seed=1), run("b", seed=2), run("c", seed=1), run("d", seed=1, steps=2)
    assert repeats([a, b, other]) == [[a, b]]
    assert repeats([a, c]) == [] and repeats([a, other]) == []
    assert repeats([a, run("e", "embedded", seed=2)]) == [] and repeats([]) == []


def test_a_run_is_repeated_by_other_seeds_on_its_own_data_alone():
    mine, again, twice = run("a", seed=1), run("b", seed=2), run("c", seed=1)
    uploaded, elsewhere = run("d", store.UPLOADED, seed=2), run("e", "embedded", seed=2)
    everything = [mine, again, twice, uploaded, elsewhere, run("f", seed=2, steps=2)]
    assert repeats_of(mine, everything) == [again] and repeats_of(again, everything) == [mine, twice]
    assert repeats_of(uploaded, everything) == [] and repeats_of(elsewhere, everything) == []


def entry(name="deep-1", star=False, **fields):
    return Entry(run(name, **fields), labels.Label("My Title", "a note", star), None, "stopped")


def test_words_are_sought_in_all_that_the_student_sees():
    assert matches(entry(network="deep"), "DEEP title mnist note") and matches(entry(), " ")
    assert not matches(entry(network="deep"), "deep absent")


def test_networks_and_kinds_narrow_the_list(monkeypatch):
    monkeypatch.setattr(store, "is_shipped", lambda run: run.name == "sum")
    assert matches(entry(network="deep"), networks=["sum", "deep"]) and not matches(entry(network="deep"), "", ["sum"])
    kinds = {kind: [matches(e, kind=kind) for e in (entry(), entry("sum", star=True))] for kind in KINDS}
    assert kinds == {"all": [1, 1], "own": [1, 0], "shipped": [0, 1], "starred": [0, 1]}


def test_a_link_finds_a_run_whatever_it_is_called():
    names = ["run", "run · 1", "run · 1 · 2", "a (run)", "field"]
    for name in names:
        assert asked(name, names) == asked(f"{name} · 3.3 M parameters", names) == name
        assert asked(f"My title ({name})", names) == asked(f"My title ({name}) · 0.9808", names) == name
    assert asked("run 1", names) is None and asked("", names) is None
