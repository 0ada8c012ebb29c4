"""The train page without a browser: its controls, its link, and what it says of a run in each state."""

from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from core.images import mnist
from core.jobs import queue
from core.model.networks import NETWORKS
from core.presets import PRESETS, as_in_the_report
from core.recipe import RULES, Recipe
from core.rules import Number
from core.runs import control as run_control
from core.runs import labels, metrics, results, store
from pages.shared.recipe_form import from_link, in_link
from pages.train import starting
from tests.harness.needs import PATIENCE_SECONDS


@pytest.fixture(autouse=True)
def no_trainer(tmp_path, monkeypatch):
    """A folder of runs of its own, in which the queue stands still: trainers are test_jobs.py's story."""
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.setattr(queue, "advance", lambda: None)


def visit(**link):
    """The page as somebody sees it who opens a link."""
    app = AppTest.from_file("../../pages/train/page.py", default_timeout=PATIENCE_SECONDS)
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
    kinds = (app.info, app.warning, app.error, app.success, app.caption, app.toast)
    return " ".join(element.value for kind in kinds for element in kind).replace("\\", "")  # Markdown's escapes


def run_in(**fields):
    return queue.create(Recipe(**{"network": "tiny", "steps": 100} | fields))


def boxes(app):
    """The titles of the boxes, open or closed."""
    return [box.label.replace("\\", "") for box in app.expander]


def control(app, label):
    everything = (*app.selectbox, *app.toggle, *app.text_input, *app.select_slider)
    return next(widget for widget in everything if widget.label == label)


def test_the_link_says_every_choice_and_is_read_back():
    recipe = Recipe(network="sum", examples=250, learning_rate=3e-3, tied=False, unmet="3+8", turn_degrees=12.0, seed=7)
    assert from_link(in_link(recipe)) == (recipe, [])
    for network in NETWORKS:
        for preset in PRESETS.values():
            assert from_link(in_link(preset(network))) == (preset(network), [])
    app = visit(**in_link(recipe))
    assert control(app, "Network").value == "sum" and control(app, "Seed").value == "7"
    assert control(app, "Training images").value == 250
    control(app, "Batch").set_value("64").run()
    assert "batch" not in app.query_params  # nothing for the browser's Back to undo before Start
    (link,) = (block.value for block in app.code)
    query = parse_qs(link.split("?")[1])
    assert query["batch"] == ["64"] and query["unmet"] == ["3+8"]


def test_the_form_is_read_row_by_row():
    labels = [field.label for field in visit().text_input]
    numbers = ["Batch", "Iterations", "Learning rate", "keep_prob", "Seed", "Share of real pen strokes"]
    assert [label for label in labels if label in numbers] == numbers


def test_the_form_follows_a_link_that_changes_under_it_and_else_keeps_what_was_typed():
    app = press(visit(**in_link(Recipe(network="tiny", steps=77))), "Start")
    control(app, "Iterations").set_value("88").run()
    app.query_params["run"] = "tiny-9"  # another run is watched
    app.run()
    assert control(app, "Iterations").value == "88"
    app.query_params["steps"] = "66"  # as the browser's Back does, or a link on another page
    app.run()
    assert control(app, "Iterations").value == "66" and control(app, "Network").value == "tiny"


def test_nonsense_in_a_link_is_named_and_left_out():
    recipe, refused = from_link({"network": "deep", "batch": "0", "seed": "x", "tied": "False", "steps": "500"})
    assert recipe == Recipe(network="deep", steps=500)
    assert [reason.split(" is ")[0] for reason in refused] == ["batch", "tied", "seed"]
    app = visit(network="deep", batch="-1")
    assert "batch is -1; allowed: a whole number from 1 to 4,096" in said(app)
    assert control(app, "Batch").value == "128"


NUMBERS = {name: rule for name, rule in RULES.items() if isinstance(rule, Number)}


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_beyond_its_limits_in_a_link_is_refused_with_them(name):
    low, high = NUMBERS[name].low, NUMBERS[name].high
    for value in (low - 1, high + 1, 2**64, "nan", "1e999", ""):
        _, (reason,) = from_link({"network": "sum", name: str(value)})
        assert reason.startswith(f"{name} is ") and reason.endswith(f"from {low:,} to {high:,}")


@pytest.mark.parametrize(
    ("label", "typed", "refused"),
    [
        ("Learning rate", "7", "Learning rate is 7; allowed: a number from 1e-07 to 1"),
        ("Learning rate", "nan", "Learning rate is nan; allowed: a number from"),
        ("Batch", "", "Batch is empty; allowed: a whole number from 1 to 4,096"),
        ("Batch", "2,5", "Batch is 2,5; allowed: a whole number"),
        ("Iterations", "ten", "Iterations is 'ten'; allowed"),
        ("Iterations", "1e7", "Iterations is 1e7; allowed"),
        ("Seed", str(2**64), "Seed is 18446744073709551616; allowed"),
        ("keep_prob", "1,000.5", "keep_prob is '1,000.5'; allowed"),
        ("Repeats", "11", "Repeats must be a whole number from 1 to 10"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words_and_start_trains_nothing(label, typed, refused):
    app = visit(**in_link(Recipe(network="tiny")))
    control(app, label).set_value(typed)
    press(app, "Start")  # pressed at once: no rerun lies between the typing and the press
    assert queue.queue() == [] and f"Not started. {refused}" in said(app)
    assert f"This cannot be trained: {refused}" in said(app)


def test_what_is_typed_is_taken_as_it_is_meant_also_when_start_is_pressed_at_once():
    app = visit(**in_link(Recipe(network="dropout")))
    for label, typed in (("Iterations", "1e3"), ("Batch", "1.000"), ("keep_prob", "0,5"), ("Learning rate", ",01")):
        control(app, label).set_value(typed)
    press(app, "Start")
    (run,) = queue.queue()
    assert run.recipe == Recipe(network="dropout", steps=1000, batch=1000, keep_prob=0.5, learning_rate=0.01)
    control(app, "Network").select("tiny")
    press(app, "As in the report")  # of the network that was chosen just now
    assert control(app, "Network").value == "tiny" and control(app, "Batch").value == "50"


def test_one_press_makes_one_run_and_a_later_one_another(monkeypatch):
    monkeypatch.setattr(starting, "ONE_PRESS_SECONDS", 600.0)  # a rerun takes longer than a second on a busy machine
    app = visit(**in_link(Recipe(network="tiny")))
    press(app, "Start")
    press(app, "Start")  # a double click
    assert len(queue.queue()) == 1
    control(app, "Seed").set_value("1")
    press(app, "Start")
    assert [run.recipe.seed for run in queue.queue()] == [0, 1]
    monkeypatch.setattr(starting, "ONE_PRESS_SECONDS", 0.0)
    press(app, "Start")
    assert [run.recipe.seed for run in queue.queue()] == [0, 1, 1]


def test_presets_fill_the_controls():
    app = visit(network="compact")
    press(app, "As in the report")
    assert control(app, "Batch").value == "50" and control(app, "Iterations").value == "20000"
    assert control(app, "Learning rate").value == "0.0001" and control(app, "Schedule").value == "constant"
    assert "How it is computed: initialization report, average decay 0, precision float32" in boxes(app)


def test_a_closed_box_says_that_augmentation_is_on():
    app = visit(network="sum")
    assert "Augmentation: off" in boxes(app)
    press(app, "Fast")
    assert "Augmentation: on" in boxes(app)
    control(app, "Network").select("deep").run()
    press(app, "Fast")
    assert "Augmentation: off" in boxes(app)


def test_what_does_not_go_together_is_refused_and_cannot_be_started():
    app = visit(network="sum")
    control(app, "Batch").set_value("4000").run()
    refused = "batch is 4000; allowed with all pairs of a sum network: a whole number from 1 to 1,024"
    assert refused in said(app)
    assert f"Not started. {refused}" in said(press(app, "Start")) and queue.queue() == []


def test_start_queues_the_recipe_of_the_form_and_the_link_finds_the_run_again():
    app = press(visit(**in_link(Recipe(network="tiny", steps=77, seed=3))), "Start")
    assert app.query_params["run"] == "tiny-1"
    run = store.read(store.ROOT / "tiny-1")
    assert run.recipe == Recipe(network="tiny", steps=77, seed=3) and run_control.status(run) == "queued"
    assert "place 1 in the queue" in said(app)
    control(app, "Seed").set_value("4")
    press(app, "Start")
    assert "place 2 in the queue. Ahead of it: tiny-1 (waits too)." in said(app)
    assert "place 1 in the queue" in said(visit(run="tiny-1"))


def test_a_run_that_waits_names_the_run_that_is_trained_and_what_is_left_of_it():
    first, second = run_in(), run_in()
    run_control.mark_queued(second, 1)
    with run_control.lock(first):
        run_control.write_progress(first, "training", step=1, steps=100)  # the first iteration says nothing of the pace
        assert "Iteration 1 of 100" in bars(visit(run=first.name))
        run_control.write_progress(first, "training", step=50, steps=100, images_per_second=1234, seconds_left=7500.0)
        app = visit(run=second.name)
        assert f"place 1 in the queue. Ahead of it: {first.name} (2 h 5 min left)." in said(app)
        assert "Iteration 50 of 100 · 2 h 5 min left · 1,234 images/s" in bars(visit(run=first.name))
        run_control.write_progress(first, "measuring", step=100, steps=100, done=0.4)
        app = visit(run=first.name)
        assert bars(app) == ["Measuring its accuracy on all test images…"]
        assert app.get("progress")[0].proto.value == 40


def bars(app):
    return [bar.proto.text for bar in app.get("progress")]


def test_the_images_are_named_where_they_are_chosen_and_beside_what_they_led_to(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    app = visit(network="tiny")
    assert "all" in control(app, "Training images").options
    assert "“all” are the 4,000 training images that come with the app, and 1,000 others test" in said(app)
    mnist.cache_path().parent.mkdir(parents=True)
    mnist.cache_path().touch()
    app = visit(network="tiny")
    assert "all 59,000" in control(app, "Training images").options and "4,000" not in said(app)
    run = store.settle_data(run_in(examples=250), mnist.embedded().description, "embedded")
    for step in (1, 2, 10):
        point = {"step": step, "train_accuracy": 0.1, "test_accuracy": 0.1, "train_loss": 2.0, "test_loss": 2.0}
        metrics.append(run, point | {"learning_rate": 1e-3, "seconds": step / 10})
    app = visit(run=run.name, network="tiny", steps="1000")
    assert "Trained on 250 of the 4,000 training images of the part of MNIST that comes with the app." in said(app)
    assert "Test is on 1,000 test images (500 at iteration 1)" in said(app)
    assert "Shaded: still to come, up to iteration 100." in said(app)
    assert "1,000 iterations of 128: about 2 min here, at the pace of tiny-1." in said(app)


def test_repeats_differ_in_their_seed_and_are_drawn_as_one():
    app = visit(**in_link(Recipe(network="tiny", seed=5)))
    control(app, "Repeats").set_value("3").run()
    press(app, "Start")
    assert [run.recipe.seed for run in queue.queue()] == [5, 6, 7]
    for run in queue.queue():
        point = {"step": 1, "train_accuracy": 0.1, "test_accuracy": 0.1, "train_loss": 2.0, "test_loss": 2.0}
        metrics.append(run, point | {"learning_rate": 1e-3})
    app = visit(run="tiny-1")
    assert control(app, "Mean of 3 seeds").value is False
    control(app, "Mean of 3 seeds").set_value(True).run()
    assert not app.exception


def test_a_stopped_run_is_resumed_and_a_waiting_one_stopped():
    run = run_in()
    run_control.write_progress(run, "stopped", step=40, steps=100)
    app = visit(run=run.name)
    assert "Stopped at iteration 40 of 100" in said(app)
    press(app, "Resume")
    assert run_control.status(run) == "queued"
    press(app, "Stop")
    assert run_control.status(run) == "stopped"


def test_a_failed_run_says_why_with_its_last_words():
    run = run_in()
    run_control.note_failure(run, "The loss is no longer finite after step 12.")
    (run.folder / "log.txt").write_text("step 11 of 100\nstep 12 of 100\n")
    app = visit(run=run.name)
    assert "It failed. The loss is no longer finite after step 12." in said(app)
    assert "step 12 of 100" in app.text[0].value


def test_a_finished_run_says_what_was_measured():
    run = run_in()
    run = store.settle_data(run, mnist.embedded().description, "embedded")
    result = {"accuracy": 0.9612, "standard_error": 0.0019, "loss": 0.1, "data": "the 1,000 embedded test digits"}
    results.write(run, result | {"steps": 100, "seconds": 9075.0})
    words = said(visit(run=run.name))
    assert "Accuracy 0.9612 ± 0.0019 on the 1,000 embedded test digits, after 2 h 31 min of training here." in words
    assert "Trained on all 4,000 training images of the part of MNIST that comes with the app." in words


def test_a_full_queue_is_said_on_the_page(monkeypatch):
    monkeypatch.setattr(queue, "LONGEST_QUEUE", 0)
    assert "runs are waiting already" in said(press(visit(), "Start"))


def test_an_unknown_run_and_an_empty_folder_say_what_to_do():
    assert "There is no run 'gone' here" in said(visit(run="gone"))
    assert "press Start" in said(visit())


def test_title_note_and_star_are_kept():
    run = run_in()
    app = visit(run=run.name)
    control(app, "Title").set_value("first try").run()
    control(app, "Star").set_value(True).run()
    assert labels.read(run) == labels.Label("first try", "", True)
    assert "★ first try (tiny-1)" in control(app, "Watch a run").options


def test_report_preset_is_the_protocol_of_2017():
    recipe = as_in_the_report("sum")
    assert (recipe.batch, recipe.steps, recipe.learning_rate, recipe.schedule) == (50, 20_000, 1e-4, "constant")
    assert recipe.initialization == "report" and recipe.average_decay == 0 and not recipe.augments
