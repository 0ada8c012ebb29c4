"""The report as data: its numbers are REPORT.md's, its recipes can be trained, its verdicts follow their rules."""

import numpy as np
import pytest

from core.model.networks import NETWORKS, untied
from core.report import addition, experiments, measurements, verdicts
from core.report.experiment import PROTOCOLS, planned, recipe_of, run_name
from core.report.experiments import ALL, EXPERIMENTS
from core.runs import metrics, results, store

# corrected totals of the report, and the accuracies it printed
FACTS = {
    "deep": (3_274_634, 0.992),
    "linear": (3_274_634, 0.9174),
    "shallow": (63_250, 0.9605),
    "compact": (1_327_076, 0.9586),
    "all-images": (3_274_634, 0.972),
    "few-images": (3_274_634, 0.8895),
    "reduced": (963_438, 0.906),
    "dropout": (3_274_634, None),
    "sum": (3_303_315, 0.95),
    "sum-linear": (3_303_315, 0.95),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    return tmp_path


def finished(name, recipe, accuracy, train=None, test=None):
    """A finished run whose curve ends at `train` and `test`."""
    run = store.create(store.ROOT / name, recipe, "full MNIST", "full", "2020-01-01T00:00:00Z", {})
    for step in range(1, 31):
        point = {"step": step, "train_loss": 1.0, "test_loss": 1.0, "learning_rate": 1e-3}
        train_accuracy = train(step) if callable(train) else train or accuracy
        metrics.append(run, point | {"train_accuracy": train_accuracy, "test_accuracy": test or accuracy})
    results.write(run, {"accuracy": accuracy, "standard_error": 0.002, "data": "", "steps": 30, "seconds": 9.0})
    return run


def all_seeds(experiment_id, accuracies, variant=0, **curve):
    experiment = ALL[experiment_id]
    chosen = experiment.variants[variant]
    for seed, accuracy in zip(chosen.seeds, accuracies, strict=False):
        finished(run_name(experiment, chosen, seed), recipe_of(chosen, seed), accuracy, **curve)


def word(conclusion, protocol="quick"):
    return next(v.word for v in verdicts.verdicts(protocol) if v.conclusion.startswith(conclusion))


def test_every_experiment_of_the_report_is_there_with_its_numbers():
    assert {e.id: (NETWORKS[e.network].parameters, e.printed_accuracy) for e in EXPERIMENTS} == FACTS


def test_where_the_printed_parameters_are_wrong_it_says_so():
    for experiment in EXPERIMENTS:
        wrong = experiment.printed_parameters not in (None, NETWORKS[experiment.network].parameters)
        assert wrong == ("1,327,076" in experiment.correct)
    assert ALL["compact"].printed_parameters == 1_326_586


def test_recipes_are_of_their_network_and_their_runs_have_names_of_their_own():
    names = []
    for experiment in ALL.values():
        names += [name for name, _ in planned(experiment)]
        for name, recipe in planned(experiment, "report"):
            names.append(name)
            assert (recipe.steps, recipe.batch, recipe.learning_rate) == (20_000, 50, 1e-4)
            assert recipe.network == experiment.network
    assert len(names) == len(set(names))
    assert {v.recipe.network for e in EXPERIMENTS for v in e.variants} <= set(NETWORKS)
    assert {recipe.examples for _, recipe in planned(ALL["few-images"], "report")} == {250}
    keep_probs = [variant.recipe.keep_prob for variant in ALL["dropout"].variants_by("report")]
    assert keep_probs == [1.0, 0.9, 0.7, 0.5, 0.3] and len(planned(ALL["dropout"], "report")) == 15
    assert ALL["deep"].variants_by("report")[0].recipe.keep_prob == 0.5 and not ALL["tiny"].variants_by("report")


def test_a_run_counts_as_the_experiments_own_where_that_is_missing(folder):
    experiment = ALL["shallow"]
    ((name, recipe), _) = planned(experiment, "report")
    assert experiments.missing_name(experiment, recipe) == name == "shallow-report-seed1"
    assert experiments.missing_name(experiment, recipe_of(experiment.variants[0], 2)) == "shallow-seed2"
    assert experiments.missing_name(experiment, recipe_of(experiment.variants[0], 9)) is None
    finished(name, recipe, 0.96)
    assert experiments.missing_name(experiment, recipe) is None
    assert measurements.measured(experiment, experiment.variants_by("report")[0]).accuracies == (0.96,)


def test_past_the_report_counts_as_the_report_would():
    assert untied(NETWORKS["sum"]).parameters == 6_567_699
    assert [v.recipe.architecture.parameters for v in ALL["tied"].variants] == [3_303_315, 6_567_699]
    assert NETWORKS["tiny"].parameters < 1000


def test_measured_is_the_mean_and_spread_of_the_runs_that_are_there(folder):
    assert measurements.measured(ALL["shallow"], ALL["shallow"].variants[0]) is None
    all_seeds("shallow", [0.95])
    table = measurements.table([ALL["shallow"]])
    assert "0.9500" in table and "±" not in table  # one run has no spread
    column = table.index("0.9500")
    finished("shallow-seed2", recipe_of(ALL["shallow"].variants[0], 2), 0.97)
    found = measurements.measured(ALL["shallow"], ALL["shallow"].variants[0])
    assert found.mean == pytest.approx(0.96) and found.spread == pytest.approx(0.01414, abs=1e-4)
    table = measurements.table([ALL["shallow"]])
    assert "0.9605" in table and table.index("0.9600 ± 0.0141") == column


def test_runs_of_which_some_learned_and_some_did_not_are_told_one_by_one():
    """Their mean is an accuracy that none of them has, as of the questions whose answers allow wrong names."""
    assert measurements.summary([0.0008, 0.9902, 0.0010]) == "0.0008, 0.9902, 0.0010"
    assert measurements.summary([0.88, 0.92]) == "0.9000 ± 0.0283" and measurements.summary([0.9]) == "0.9000"


def test_nothing_is_concluded_before_it_is_measured(folder):
    for protocol in PROTOCOLS:
        assert [verdict.word for verdict in verdicts.verdicts(protocol)] == ["not measured yet"] * 7


@pytest.mark.parametrize(
    ("above", "below", "judged"),
    [
        ({1: 0.92, 2: 0.93, 3: 0.94}, {1: 0.90, 2: 0.911, 3: 0.92}, "holds"),  # though the seeds differ by as much
        ({1: 0.92, 2: 0.93, 3: 0.94}, {1: 0.93, 2: 0.94, 3: 0.951}, "does not hold"),
        ({1: 0.92, 2: 0.93, 3: 0.94}, {1: 0.90, 2: 0.93, 3: 0.945}, "cannot be told from this"),
        ({1: 0.9144, 2: 0.9057}, {1: 0.90, 2: 0.89}, "holds"),  # t = 23.2, where two seeds need 6.3
        ({1: 0.9144, 2: 0.9057}, {1: 0.91, 2: 0.89}, "cannot be told from this"),  # t = 1.8
        ({1: 0.99}, {1: 0.5}, "cannot be told from this"),  # one seed has no spread
        ({1: 0.99}, {2: 0.5}, "not measured yet"),  # and without a common seed there is no pair
    ],
)
def test_two_recipes_are_compared_seed_by_seed(above, below, judged):
    assert verdicts.paired_t_test(above, below)[0] == judged


def test_dropout_is_judged_at_one_half_and_says_what_each_other_keep_prob_does(folder):
    for variant, accuracies in enumerate(
        ([0.90, 0.91, 0.90], [], [0.92, 0.93, 0.92], [0.94, 0.95, 0.95], [0.89, 0.90])
    ):
        all_seeds("dropout", accuracies, variant)
    (verdict,) = (v for v in verdicts.verdicts() if v.conclusion.startswith("Dropout"))
    assert verdict.word == "holds" and verdict.numbers.startswith("difference +0.0433 over 3 seeds")
    assert verdict.numbers.endswith("Of the others +0.0200 with 0.7, −0.0100 with 0.3")


def test_measured_addition_is_kept_whole_and_each_published_figure_has_its_source(tmp_path, monkeypatch):
    here = {one.recipe: one for one in addition.reached()}
    assert set(here) == {"images as they are", "images moved"} and all(len(o.accuracies) == 5 for o in here.values())
    assert all(one.source and 0.9 < one.accuracy < 1 for one in addition.PUBLISHED)
    monkeypatch.setattr(addition, "FILE", tmp_path / "addition.json")
    assert addition.reached() == []
    addition.keep(list(here.values()))
    assert addition.reached() == list(here.values())
    assert addition.Reached("x", (0.98, 0.99), 9.0, "float32").summary == "0.9850 ± 0.0071"


def test_critical_values_are_those_of_students_distribution():
    """Of n normal differences around 0 the t statistic is above the value in 5 % of all draws."""
    random = np.random.default_rng(0)
    for seeds, critical in verdicts.CRITICAL_T.items():
        drawn = random.normal(size=(200_000, seeds))
        t = drawn.mean(axis=1) / (drawn.std(axis=1, ddof=1) / seeds**0.5)
        assert (t > critical).mean() == pytest.approx(0.05, abs=0.002)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("linear", "judged"), [([0.91, 0.9125], "holds"), ([0.995, 0.998], "does not hold")])
def test_linear_is_worse_if_it_lies_below_deep_without_dropout_seed_by_seed(folder, linear, judged, protocol):
    for name, accuracies in (("all-images", [0.990, 0.9925]), ("linear", linear)):
        for (run, recipe), accuracy in zip(planned(ALL[name], protocol), accuracies, strict=True):
            finished(run, recipe, accuracy)
    assert word("Without ReLU", protocol) == judged


@pytest.mark.parametrize(
    ("linear_is_rough", "seeds", "judged"),
    [(True, 2, "holds"), (False, 2, "does not hold"), (True, 1, "cannot be told from this")],
)
def test_rougher_is_how_much_the_training_curve_jumps(folder, linear_is_rough, seeds, judged):
    for name, rough in (("linear", linear_is_rough), ("deep", not linear_is_rough)):
        all_seeds(name, [0.9] * seeds, train=lambda step, rough=rough: 0.9 + (0.05 if rough else 0.001) * (step % 2))
    assert word("Its training curve") == judged


@pytest.mark.parametrize(("accuracy", "images"), [(0.92, 50), (0.9999, 128), (1.0, 50), (0.0, 50)])
def test_batches_alone_jump_as_much_as_drawn_ones_do(accuracy, images):
    drawn = np.random.default_rng(0).binomial(images, accuracy, (2, 200_000)) / images
    assert verdicts.jump_by_chance(accuracy, images) == pytest.approx(np.abs(drawn[0] - drawn[1]).mean(), rel=0.02)


@pytest.mark.parametrize(
    ("gaps", "judged"),
    [((0.1, 0.05), "holds"), ((0.01, 0.02), "does not hold"), ((0.1, 0.01), "cannot be told from this")],
)
def test_few_images_over_fit_if_train_and_test_part_in_every_run(folder, gaps, judged):
    for (name, recipe), gap in zip(planned(ALL["few-images"]), gaps, strict=False):
        finished(name, recipe, 0.9, train=0.9 + gap, test=0.9)
    all_seeds("all-images", [0.99], train=0.99, test=0.99)
    assert word("250 images") == judged


def test_what_the_last_iterations_alone_make_is_told_of_the_reports_protocol(folder):
    """As in the runs here: both recipes are the same for half of the iterations, then one falls."""
    for name, accuracies in (("reduced", (0.89, 0.90, 0.91)), ("few-images", (0.87, 0.885, 0.89))):
        for (run, recipe), accuracy in zip(planned(ALL[name], "report"), accuracies, strict=True):
            finished(run, recipe, accuracy, test=0.9 + 0.001 * recipe.seed * (name == "reduced") - 0.002)
    (verdict,) = (v for v in verdicts.verdicts("report") if v.conclusion.startswith("Fewer"))
    assert verdict.word == "holds"
    assert "After half of the iterations it holds: difference +0.0020 over 3 seeds" in verdict.numbers


@pytest.mark.parametrize(
    ("half", "judged"), [([0.93, 0.932, 0.931], "holds"), ([0.902, 0.91, 0.89], "cannot be told from this")]
)
def test_dropout_helps_if_half_kept_beats_all_kept_seed_by_seed(folder, half, judged):
    all_seeds("dropout", [0.90, 0.905, 0.902], variant=0)
    all_seeds("dropout", half, variant=3)
    assert word("Dropout") == judged


@pytest.mark.parametrize(
    ("rises", "judged"),
    [
        ((0.1, 0.11, 0.105), "holds"),
        ((-0.1, -0.11, -0.105), "does not hold"),
        ((0.1, -0.1, 0), "cannot be told from this"),
    ],
)
def test_more_dropout_is_judged_by_the_slope_over_all_values_of_keep_prob(folder, rises, judged):
    for index, variant in enumerate(ALL["dropout"].variants):
        all_seeds("dropout", [0.9 + rise * (1 - variant.recipe.keep_prob) for rise in rises], index)
    assert word("More dropout") == judged


@pytest.mark.parametrize(
    ("accuracy", "judged"), [(0.96, "holds"), (0.94, "does not hold"), (0.952, "cannot be told from this")]
)
def test_sharing_adds_if_sum_reaches_the_reports_accuracy_by_more_than_the_test_images_spread(folder, accuracy, judged):
    all_seeds("sum", [accuracy])
    assert word("With shared weights") == judged
