"""The train page without a browser: its controls, its link, and what it says of a run in each state."""

import math

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs, runs
from core.model.networks import NETWORKS
from core.presets import PRESETS, as_in_the_report
from core.recipe import Recipe
from pages.shared.recipe_form import FIELDS, from_link, in_link
from tests.needs import PATIENCE_SECONDS


@pytest.fixture(autouse=True)
def no_trainer(tmp_path, monkeypatch):
    """A folder of runs of its own, in which the queue stands still: trainers are test_jobs.py's story."""
    monkeypatch.setattr(runs, "ROOT", tmp_path)
    monkeypatch.setattr(jobs, "advance", lambda: None)


def visit(**link):
    """The page as somebody sees it who opens a link."""
    app = AppTest.from_file("../pages/lab/train.py", default_timeout=PATIENCE_SECONDS)
    for name, value in link.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def press(app, label):
    next(button for button in app.button if button.label == label).click()
    app.run()
    assert not app.exception
    return app


def said(app):
    kinds = (app.info, app.warning, app.error, app.success, app.caption)
    return " ".join(element.value for kind in kinds for element in kind)


def run_in(**fields):
    return jobs.create(Recipe(**{"network": "tiny", "steps": 100} | fields))


def control(app, label):
    everything = (*app.number_input, *app.selectbox, *app.toggle, *app.text_input, *app.select_slider)
    return next(widget for widget in everything if widget.label == label)


def test_the_link_says_every_choice_and_is_read_back():
    recipe = Recipe(network="sum", examples=250, learning_rate=3e-3, tied=False, unmet="3+8", turn_degrees=12.0, seed=7)
    assert from_link(in_link(recipe)) == (recipe, [])
    for network in NETWORKS:
        for preset in PRESETS.values():
            assert from_link(in_link(preset(network))) == (preset(network), [])
    app = visit(**in_link(recipe))
    assert control(app, "Network").value == "sum" and control(app, "Seed").value == 7
    assert control(app, "Training images").value == 250
    control(app, "Batch").set_value(64).run()
    assert app.query_params["batch"] == "64" and app.query_params["unmet"] == "3+8"


def test_nonsense_in_a_link_is_named_and_left_out():
    recipe, refused = from_link({"network": "deep", "batch": "0", "seed": "x", "tied": "False", "steps": "500"})
    assert recipe == Recipe(network="deep", steps=500)
    assert [reason.split(" is ")[0] for reason in refused] == ["batch", "tied", "seed"]
    app = visit(network="deep", batch="-1")
    assert "batch is -1; allowed: a whole number from 1 to 4,096" in said(app)
    assert control(app, "Batch").value == 128


NUMBERS = {name: field.metadata for name, field in FIELDS.items() if "low" in field.metadata}


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_beyond_its_limits_in_a_link_is_refused_with_them(name):
    low, high = NUMBERS[name]["low"], NUMBERS[name]["high"]
    for value in (low - 1, high + 1, 2**64, "nan", "1e999", ""):
        _, (reason,) = from_link({"network": "sum", name: str(value)})
        assert reason.startswith(f"{name} is ") and reason.endswith(f"from {low:,} to {high:,}")


BEYOND = {
    "Batch": (0, -1, 10**9),
    "Learning rate": (-1.0, math.nan, 1e9),
    "Iterations": (0, -1, 10**9),
    "Seed": (-1, 2**32, 2**64),
    "Repeats": (0, -1, 10**9),
}


def test_a_number_beyond_a_controls_limits_reaches_no_recipe():
    """The browser lets nobody type one (test_train_browser.py); this is a forged message."""
    app = visit(**in_link(Recipe(network="tiny")))
    for forged in zip(*BEYOND.values(), strict=True):
        for label, value in zip(BEYOND, forged, strict=True):
            control(app, label).set_value(value)
        app.run()
        assert not app.exception
        for label in BEYOND:
            assert control(app, label).min <= control(app, label).value <= control(app, label).max
    press(app, "Start")
    assert len(jobs.queue()) == 1


def test_presets_fill_the_controls():
    app = visit(network="compact")
    press(app, "As in the report")
    assert control(app, "Batch").value == 50 and control(app, "Iterations").value == 20_000
    assert control(app, "Learning rate").value == 1e-4 and control(app, "Schedule").value == "constant"
    assert app.query_params["initialization"] == "report"


def test_what_does_not_go_together_is_refused_and_cannot_be_started():
    app = visit(network="sum")
    control(app, "Batch").set_value(4000).run()
    assert "batch is 4000; allowed with all pairs of a sum network: a whole number from 1 to 1,024" in said(app)
    assert next(button for button in app.button if button.label == "Start").disabled


def test_start_queues_the_recipe_of_the_form_and_the_link_finds_the_run_again():
    app = press(visit(**in_link(Recipe(network="tiny", steps=77, seed=3))), "Start")
    assert app.query_params["run"] == "tiny-1"
    run = runs.read(runs.ROOT / "tiny-1")
    assert run.recipe == Recipe(network="tiny", steps=77, seed=3) and runs.status(run) == "queued"
    assert "place 1 in the queue" in said(app)
    press(app, "Start")
    assert "place 2 in the queue" in said(app)
    assert "place 1 in the queue" in said(visit(run="tiny-1"))


def test_repeats_differ_in_their_seed_and_are_drawn_as_one():
    app = visit(**in_link(Recipe(network="tiny", seed=5)))
    control(app, "Repeats").set_value(3).run()
    press(app, "Start")
    assert [run.recipe.seed for run in jobs.queue()] == [5, 6, 7]
    for run in jobs.queue():
        point = {"step": 1, "train_accuracy": 0.1, "test_accuracy": 0.1, "train_loss": 2.0, "test_loss": 2.0}
        runs.append_metrics(run, point | {"learning_rate": 1e-3})
    app = visit(run="tiny-1")
    assert control(app, "Mean of 3 seeds").value is False
    control(app, "Mean of 3 seeds").set_value(True).run()
    assert not app.exception


def test_a_stopped_run_is_resumed_and_a_waiting_one_stopped():
    run = run_in()
    runs.write_progress(run, "stopped", step=40, steps=100)
    app = visit(run=run.name)
    assert "Stopped at iteration 40 of 100" in said(app)
    press(app, "Resume")
    assert runs.status(run) == "queued"
    press(app, "Stop")
    assert runs.status(run) == "stopped"


def test_a_failed_run_says_why_with_its_last_words():
    run = run_in()
    runs.note_failure(run, "The loss is no longer finite after step 12.")
    (run.folder / "log.txt").write_text("step 11 of 100\nstep 12 of 100\n")
    app = visit(run=run.name)
    assert "It failed. The loss is no longer finite after step 12." in said(app)
    assert "step 12 of 100" in app.text[0].value


def test_a_finished_run_says_what_was_measured():
    run = run_in()
    result = {"accuracy": 0.9612, "standard_error": 0.0019, "loss": 0.1, "data": "MNIST's test set, 10,000 digits"}
    runs.write_result(run, result | {"steps": 100, "seconds": 75.0})
    assert "Accuracy 0.9612 ± 0.0019 on MNIST's test set, 10,000 digits in 1 min 15 s" in said(visit(run=run.name))


def test_a_full_queue_is_said_on_the_page(monkeypatch):
    monkeypatch.setattr(jobs, "LONGEST_QUEUE", 0)
    assert "runs are waiting already" in said(press(visit(), "Start"))


def test_an_unknown_run_and_an_empty_folder_say_what_to_do():
    assert "There is no run 'gone' here" in said(visit(run="gone"))
    assert "press Start" in said(visit())


def test_title_note_and_star_are_kept():
    run = run_in()
    app = visit(run=run.name)
    control(app, "Title").set_value("first try").run()
    control(app, "Star").set_value(True).run()
    assert runs.read_label(run) == runs.Label("first try", "", True)
    assert any("★ first try" in element.proto.body for element in app.get("html"))


def test_report_preset_is_the_protocol_of_2017():
    recipe = as_in_the_report("sum")
    assert (recipe.batch, recipe.steps, recipe.learning_rate, recipe.schedule) == (50, 20_000, 1e-4, "constant")
    assert recipe.initialization == "report" and recipe.average_decay == 0 and not recipe.augments
