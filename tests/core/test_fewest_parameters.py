"""The curve of accuracy by number of parameters: each network within its budget, its numbers kept, resumed and real."""

import dataclasses

import pytest

from benchmarks import fewest_parameters as benchmark
from core.images import mnist
from core.report import fewest_parameters
from core.report.fewest_parameters import Training
from core.runs import store


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(fewest_parameters, "FILE", tmp_path / "fewest_parameters.json")
    return fewest_parameters.FILE


def test_each_network_keeps_to_its_budget_and_is_none_of_the_apps():
    budgets = [contender.budget for contender in benchmark.CONTENDERS]
    assert budgets == [100, 200, 400, 700, 1000, 2000, 10_000]
    for contender in benchmark.CONTENDERS:
        assert 0.9 * contender.budget < contender.network.parameters <= contender.budget
        assert contender.network.steps[-1].shape_out == (10,)


def test_what_is_kept_is_of_the_networks_and_recipes_of_the_benchmark():
    known = {contender.budget: contender for contender in benchmark.CONTENDERS}
    done = fewest_parameters.trainings()
    assert len({(training.budget, training.seed) for training in done}) == len(done)
    for training in done:
        contender = known[training.budget]
        assert (training.parameters, training.steps) == (contender.network.parameters, contender.recipe.steps)
        assert training.seed in range(1, 6) and 0.5 < training.accuracy < 1 and training.seconds > 0


def test_the_curve_has_a_point_for_each_budget_and_the_runs_of_minimal(file):
    names = [point.name for point in fewest_parameters.curve()]
    assert names == ["minimal"]
    lines = [Training(budget, budget - 3, seed, 9, 0.9 + seed / 100, 2.0) for budget in (1000, 100) for seed in (2, 1)]
    fewest_parameters.keep(lines)
    assert fewest_parameters.trainings() == sorted(lines, key=lambda line: (line.budget, line.seed))
    first, minimal, last = fewest_parameters.curve()
    assert (first.name, first.parameters, first.measured.summary) == ("at most 100", 97, "0.9150 ± 0.0071")
    assert (minimal.name, minimal.parameters, len(minimal.measured.accuracies)) == ("minimal", 694, 5)
    assert last.parameters == 997


def test_without_file_and_runs_there_is_no_curve(file, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    assert fewest_parameters.curve() == []


def test_each_published_figure_has_its_source():
    assert all(one.source and one.remark and 0.9 < one.accuracy < 1 for one in fewest_parameters.PUBLISHED)


def test_the_smallest_network_learns_and_a_training_that_is_kept_is_not_done_again(file, monkeypatch, capsys):
    """On the embedded images, in a fraction of the steps."""
    smallest = benchmark.CONTENDERS[0]
    short = dataclasses.replace(smallest, recipe=dataclasses.replace(smallest.recipe, steps=300))
    monkeypatch.setattr(benchmark, "CONTENDERS", (short, *benchmark.CONTENDERS[1:]))
    monkeypatch.setattr(mnist, "load", lambda: dataclasses.replace(mnist.embedded(), name="full"))
    benchmark.main(1, 100)
    (training,) = fewest_parameters.trainings()
    assert (training.budget, training.parameters, training.seed, training.steps) == (100, 97, 1, 300)
    assert training.accuracy > 0.3
    assert capsys.readouterr().out.splitlines()[1].split()[:4] == ["100", "97", "1", "300"]
    benchmark.main(1, 100)
    assert fewest_parameters.trainings() == [training] and len(capsys.readouterr().out.splitlines()) == 1


def test_without_the_full_mnist_nothing_is_measured(file, monkeypatch):
    monkeypatch.setattr(mnist, "load", lambda: dataclasses.replace(mnist.embedded(), notice="No MNIST."))
    with pytest.raises(SystemExit, match="No MNIST."):
        benchmark.main()
