"""The compare page without a browser: a student's story with runs on disk, and what it says where there is nothing."""

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
import safetensors.numpy
from streamlit.testing.v1 import AppTest

from core.model.networks import NETWORKS
from core.recipe import Recipe
from core.runs import checkpoints, comparison, control, metrics, results, store, trash
from core.runs import labels as run_labels
from pages.compare.comparing import CHOICES
from tests.harness.needs import PATIENCE_SECONDS
from tests.harness.server import REPOSITORY

SHALLOW = NETWORKS["shallow"]


def weights_of(network):
    generator = np.random.default_rng(0)
    return {name: generator.normal(0, 0.1, shape).astype(np.float32) for name, shape in network.weight_shapes.items()}


def make_run(name, accuracy=0.9, points=5, **fields):
    """A finished run with a curve; one that was stopped where accuracy is None."""
    recipe = Recipe(**{"network": "tiny", "steps": 50, **fields})
    run = store.create(store.ROOT / name, recipe, "full MNIST", "full", "2026-01-01T00:00:00Z", {})
    for i in range(1, points + 1):
        numbers = {"train_accuracy": 0.1 * i, "test_accuracy": 0.09 * i, "train_loss": 2 / i, "test_loss": 2.1 / i}
        metrics.append(run, {"step": 10 * i, **numbers, "learning_rate": 1e-3 * (1 - i / points)})
    checkpoints.save_weights(run, weights_of(run.network), 50)
    if accuracy is not None:
        results.write(run, {"accuracy": accuracy, "standard_error": 0.004, "steps": 50, "data": "test set"})
    return run


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def three(root):
    """Two repeats and another recipe, and one that came with the app."""
    make_run("tiny-1", seed=1)
    make_run("tiny-2", 0.91, seed=2)
    make_run("shallow-1", 0.95, network="shallow")
    make_run("sum_linear", None, network="sum_linear")


def page(**query):
    app = AppTest.from_file("../../pages/compare/page.py", default_timeout=PATIENCE_SECONDS)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def clicked(app, label):
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception, app.exception
    return app


def texts(app):
    kinds = (app.info, app.error, app.warning, app.success, app.caption, app.markdown)
    return " ".join(element.value for kind in kinds for element in kind)


def charts(app):
    return [chart.proto for chart in app.get("vega_lite_chart")]


def figure(app):
    """The curves drawn, as words: the specification and the data's labels."""
    return charts(app)[0].spec + charts(app)[0].alt


def arrow_table(chart):
    """The columns that a chart draws."""
    return pa.ipc.open_stream(chart.data.data).read_all().to_pydict()


def test_nothing_yet_says_what_to_do(root):
    app = page()
    assert "Train a network on the Train page, or bring weights" in texts(app) and len(app.file_uploader) == 1


def test_all_runs_are_listed_and_none_is_chosen(three):
    app = page()
    table = app.dataframe[0].value
    assert set(table["run"]) == {"tiny-1", "tiny-2", "shallow-1", "sum_linear"}
    row = table.set_index("run").loc["shallow-1"]
    assert row["accuracy"] == "0.9500 ± 0.0040" and row["parameters"] == 63_250 and row["status"] == "finished"
    assert "Choose runs in the table" in texts(app) and len(charts(app)) == 1  # accuracy against parameters


def test_columns_equal_in_all_rows_give_way_and_return_where_they_differ(three):
    app = page(networks=["tiny"])
    assert not {"★", "title", "status", "data"} & set(app.dataframe[0].value)
    assert "All of these runs: finished, trained on full MNIST." in texts(app)
    assert {"run", "accuracy", "network", "parameters", "created"} <= set(app.dataframe[0].value)
    run_labels.write(store.read(store.ROOT / "tiny-1"), run_labels.Label("mine", "", True))
    app = page()
    assert {"★", "title", "status"} <= set(app.dataframe[0].value) and "data" not in set(app.dataframe[0].value)
    assert "All of these runs: trained on full MNIST." in texts(app)
    assert "All of these runs" not in texts(page(search="shallow"))  # one alone has nothing in common with others


def test_chosen_runs_are_overlaid_and_what_differs_is_named(three):
    app = page()
    app.multiselect(key="runs").select("tiny-1").select("shallow-1").run()
    assert "tiny-1" in figure(app) and "shallow-1" in figure(app) and "test accuracy" in figure(app)
    table = app.dataframe[1].value
    assert list(table["field"]) == ["network", "seed"]
    assert list(table["shallow-1"]) == ["shallow", "0"] and list(table["tiny-1"]) == ["tiny", "1"]


def test_runs_that_are_called_as_a_column_have_one_of_their_own(root):
    for seed, name in enumerate(("field", "meaning", "field (run)")):
        make_run(name, seed=seed)
    table = page(runs=["field", "meaning", "field (run)"]).dataframe[1].value
    assert list(table["field"]) == ["seed"] and list(table["meaning"]) != ["1"]
    assert list(table.iloc[0])[1:4] == ["0", "1", "2"] and len(set(table.columns)) == 5


def test_a_link_carries_the_choice_and_the_settings(three):
    app = page(runs=["tiny-2", "shallow-1"], curve="training loss", smoothing="0.5", log_values="true", search="tiny")
    assert app.multiselect(key="runs").value == ["tiny-2", "shallow-1"]
    assert "training loss of tiny-2, shallow-1" in charts(app)[0].alt.lower() and '"log"' in figure(app)
    assert set(app.dataframe[0].value["run"]) == {"tiny-1", "tiny-2"}  # a filter takes nothing from the choice


def test_a_link_to_runs_that_are_not_here_does_no_harm(three):
    app = page(runs=["nowhere", "tiny-1"], curve="nonsense", kind="nonsense", smoothing="7")
    assert "Not here: 'nowhere'. Choose other runs." in texts(app) and app.multiselect(key="runs").value == ["tiny-1"]
    assert "Not here" not in texts(app.run())


def test_rows_chosen_in_the_table_join_those_chosen_before(three):
    app = page(runs=["tiny-1"], search="shallow")
    listed = app.session_state["listed_runs"]
    assert listed == ["shallow-1"]
    app.session_state["table_of_runs"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    from pages.compare import choosing

    state = {name: app.session_state[name] for name in ("listed_runs", "table_of_runs", "runs")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choosing.st, "session_state", state)
        choosing._take_rows()
    assert state["runs"] == ["tiny-1", "shallow-1"]


def test_filters_narrow_the_table(three):
    app = page()
    app.text_input(key="search").set_value("SHALLOW").run()
    assert list(app.dataframe[0].value["run"]) == ["shallow-1"]
    app.text_input(key="search").set_value("absent").run()
    assert "No run fits this search" in texts(app)
    app.text_input(key="search").set_value("").run()
    app.multiselect(key="networks").select("tiny").run()
    assert set(app.dataframe[0].value["run"]) == {"tiny-1", "tiny-2"}


def test_train_and_test_of_several_runs_are_in_one_figure(three):
    app = page(runs=["tiny-1", "tiny-2", "shallow-1"], curve="accuracy, test and training", mean="false")
    figure = charts(app)[0]
    spec = json.loads(figure.spec)
    lines = next(layer for layer in spec["layer"] if layer["mark"]["type"] == "line")
    assert lines["encoding"]["strokeDash"]["scale"]["domain"] == ["test", "train"]
    colours = lines["encoding"]["color"]["scale"]
    assert colours["domain"] == ["tiny-1", "tiny-2", "shallow-1"] and len(set(colours["range"])) == 3
    table = arrow_table(figure)
    seen = set(zip(table["curve"], table["kind"], strict=True))
    assert seen == {(name, kind) for name in colours["domain"] for kind in ("test", "train")}
    app.toggle(key="mean").set_value(True).run()
    assert set(arrow_table(charts(app)[0])["kind"]) == {"test", "train"}  # of the mean too


def test_a_title_is_what_every_list_shows_and_a_link_may_have_it_or_the_name(three):
    run = store.read(store.ROOT / "tiny-1")
    run_labels.write(run, run_labels.Label("A (new) try", "", False))
    for linked in ("tiny-1", "A (new) try (tiny-1)", "An older title (tiny-1)"):
        app = page(runs=[linked])
        assert app.multiselect(key="runs").value == ["tiny-1"], linked
        assert "A (new) try (tiny-1)" in app.multiselect(key="runs").options
        assert app.selectbox(key="kept").options == ["A (new) try (tiny-1)"]
        assert "A (new) try (tiny-1)" in charts(app)[0].alt
    assert comparison.asked("tiny-1", ["tiny", "tiny-1"]) == "tiny-1"
    assert comparison.asked("a · b (tiny) · 915 parameters", ["tiny-1", "tiny"]) == "tiny"
    assert comparison.asked("tiny-12", ["tiny", "tiny-1"]) is None


def test_repeats_are_drawn_as_their_mean_unless_told_otherwise(three):
    app = page(runs=["tiny-1", "tiny-2"])
    assert "mean of tiny-1, tiny-2" in figure(app)
    app.toggle(key="mean").set_value(False).run()
    assert "mean of" not in figure(app) and "tiny-1, tiny-2" in figure(app)
    assert not [toggle for toggle in page(runs=["tiny-1", "shallow-1"]).toggle if toggle.key == "mean"]


def test_a_sweep_is_a_line_for_each_point_of_its_grid_from_its_first_curves_on(root):
    names = [f"sweep-tiny-batch{batch}-seed{seed}" for batch in (10, 20) for seed in (1, 2, 3)]
    for name in names:
        grown = 5 if name.endswith("seed1") else 3 if name.endswith("seed2") else 0
        make_run(name, None, grown, batch=int(name.split("batch")[1][:2]), seed=int(name[-1]))
    app = page(runs=names)
    stems = [f"sweep-tiny-batch{batch}, mean of 2 seeds" for batch in (10, 20)]
    assert charts(app)[0].alt == f"Test accuracy of {stems[0]}, {stems[1]}"
    assert f"No curve of this yet: {names[2]}, {names[5]}" in texts(app)
    metrics.append(store.read(root / names[2]), metrics.read(store.read(root / names[0]))[0])
    assert "sweep-tiny-batch10, mean of 3 seeds" in charts(app.run())[0].alt


@pytest.mark.parametrize("quantity", CHOICES)
def test_every_quantity_is_drawn_on_every_scale(three, quantity):
    app = page(runs=["tiny-1", "tiny-2", "shallow-1"])
    app.selectbox(key="curve").set_value(quantity).run()
    for name in ("log_iterations", "log_values"):
        app.toggle(key=name).set_value(True).run()
        assert not app.exception and len(charts(app)) == 2
    app.slider(key="smoothing").set_value(0.9).run()
    assert not app.exception and len(charts(app)) == 2


def test_a_run_without_a_curve_is_named(three):
    make_run("tiny-3", None, points=0)
    app = page(runs=["tiny-3"])
    assert "No curve of this yet: tiny-3" in texts(app) and len(charts(app)) == 1


def test_title_note_and_star_are_kept(three):
    app = page(runs=["tiny-1"])
    app.text_input(key="title of tiny-1").set_value("first try")
    app.text_area(key="note of tiny-1").set_value("too few images")
    app.checkbox(key="star of tiny-1").check()
    clicked(app, "Save")
    label = run_labels.read(store.read(store.ROOT / "tiny-1"))
    assert label == run_labels.Label("first try", "too few images", True)
    row = app.dataframe[0].value.set_index("run").loc["tiny-1"]
    assert row["title"] == "first try" and row["★"] == "★" and "first try (tiny-1)" in figure(app)
    assert list(page(kind="starred").dataframe[0].value["run"]) == ["tiny-1"]


def test_the_run_in_hand_stays_in_hand_when_it_is_renamed(three):
    app = page(runs=["tiny-1", "shallow-1"])
    app.selectbox(key="kept").select("shallow-1").run()
    app.text_input(key="title of shallow-1").set_value("another")
    clicked(app, "Save")
    assert app.selectbox(key="kept").value == "shallow-1"
    assert app.text_input(key="title of shallow-1").value == "another"


def test_a_deleted_run_is_gone_and_undo_brings_it_back(three):
    app = page(runs=["tiny-1", "shallow-1"])
    clicked(app, "Delete")
    assert "Deleted tiny-1" in texts(app) and app.multiselect(key="runs").value == ["shallow-1"]
    assert "tiny-1" not in set(app.dataframe[0].value["run"])
    clicked(app, "Undo")
    assert "tiny-1 is back" in texts(app) and set(app.multiselect(key="runs").value) == {"shallow-1", "tiny-1"}
    assert len(store.list_runs()) == 4 and "Deleted" not in texts(app)


def test_a_deleted_run_can_be_brought_back_after_a_reload(three):
    clicked(page(runs=["tiny-1"]), "Delete")
    app = clicked(page(), "Bring back tiny-1")
    assert "tiny-1 is back" in texts(app) and app.multiselect(key="runs").value == ["tiny-1"]
    assert not [button for button in app.button if button.label.startswith("Bring back")]


def test_close_up_fits_the_axis_to_where_the_curves_end(three):
    app = page(runs=["shallow-1"])
    assert '"domain": [0.0, 1.0]' in figure(app)
    app.toggle(key="close_up").set_value(True).run()
    assert '"domain": [0.268' in figure(app)  # the third of five points, 0.27, and a little


def test_a_run_that_trains_or_came_with_the_app_stays(three):
    app = page(runs=["tiny-1"])
    with control.lock(store.read(store.ROOT / "tiny-1")):
        clicked(app, "Delete")
        assert "tiny-1 is being trained. Stop it first" in texts(app)
    (store.ROOT / "sum_linear" / "shipped").touch()
    app = page(runs=["sum_linear"])
    assert app.button(key="delete sum_linear").disabled
    assert len(store.list_runs()) == 4


def test_a_run_that_somebody_else_deleted_leaves_the_choice(three):
    app = page(runs=["tiny-1", "shallow-1"])
    trash.discard(store.read(store.ROOT / "tiny-1"))
    app.run()
    assert not app.exception and app.multiselect(key="runs").value == ["shallow-1"]


def uploaded(app, data, name="mine.safetensors"):
    app.file_uploader[0].set_value((name, data, "application/octet-stream")).run()
    assert not app.exception, app.exception
    return app


def test_uploaded_weights_are_added_and_chosen(root):
    app = uploaded(page(), safetensors.numpy.save(weights_of(SHALLOW)))
    assert "They are weights of shallow" in texts(app)
    clicked(app, "Add as a run")
    [run] = store.list_runs()
    assert run.name == "shallow-1" and run.data == "unknown: uploaded as mine.safetensors"
    assert "Added as shallow-1" in texts(app) and list(app.dataframe[0].value["status"]) == ["uploaded"]
    assert app.multiselect(key="runs").value == ["shallow-1"]


def test_the_student_says_which_of_networks_with_the_same_tensors(root):
    app = uploaded(page(), safetensors.numpy.save(weights_of(NETWORKS["sum"]), {"network": "sum_linear"}))
    choice = next(box for box in app.selectbox if box.label == "Network")
    assert choice.options == ["sum_linear", "sum"]
    choice.select_index(1).run()
    clicked(app, "Add as a run")
    assert store.list_runs()[0].recipe.network == "sum"


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"\x80\x04\x95cos\nsystem\n.", "a Python pickle"),
        (safetensors.numpy.save(weights_of(SHALLOW))[:-1], "was cut short"),
        (safetensors.numpy.save({"a": np.zeros(3)}), "is not one of its own"),
    ],
)
def test_what_is_no_weights_is_refused_in_words(root, data, fault):
    app = uploaded(page(), data)
    if any(button.label == "Add as a run" for button in app.button):
        clicked(app, "Add as a run")
    assert fault in texts(app) and store.list_runs() == []


def test_a_tensors_name_cannot_bring_a_picture(root):
    name = "![a](http://127.0.0.1/x.png)"
    app = uploaded(page(), safetensors.numpy.save({name: np.zeros(3, np.float32)}), f"{name}.safetensors")
    assert "![" not in texts(app) and r"\!\[a\](http" in texts(app)


def test_csv_of_the_chosen_runs(three):
    from core.runs import exchange

    chosen = [store.read(store.ROOT / name) for name in ("tiny-1", "shallow-1")]
    assert len(list(csv.DictReader(io.StringIO(exchange.curves_csv(chosen))))) == 10
    labels = [button.label for button in page(runs=["tiny-1"]).get("download_button")]
    assert labels == ["Curves as CSV", "Weights as safetensors", "Pocket"]


LEAN = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("pages/compare/page.py", default_timeout=600)
app.query_params["runs"] = ["tiny-1", "tiny-2", "shallow-1"]
app.run()
assert not app.exception and len(app.get("vega_lite_chart")) == 2
loaded = {name for name in ("pandas", "tensorflow", "keras") if name in sys.modules}
sys.exit(str(loaded) if loaded else 0)
"""


def test_the_page_brings_neither_pandas_nor_tensorflow(three, root, tmp_path):
    script = tmp_path / "lean.py"
    script.write_text(LEAN.replace('"pages/', f'"{REPOSITORY}/pages/'))
    environment = {"DIGIT_SUM_LAB_RUNS": str(root), "PYTHONPATH": str(REPOSITORY), "PATH": ""}
    ended = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
