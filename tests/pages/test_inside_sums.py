"""The Inside page's sections on how a sum is made, without a browser: a visitor's story with the shipped networks."""

import json
import re
import shutil

import numpy as np
import pytest

from core.recipe import Recipe
from core.runs import checkpoints, snapshots, store
from pages.shared import cached
from tests.harness.server import REPOSITORY
from tests.harness.visits import click, html, rerun
from tests.harness.visits import visit as open_page
from tests.harness.weights import weights_of

CHECKPOINTS = REPOSITORY / "checkpoints"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder of its own with shipped sum networks, into which a page may write."""
    for name in ("sum", "sum_posterior", "number-line-seed1", "tied-shared-seed1", "tied-each-its-own-seed1"):
        shutil.copytree(CHECKPOINTS / name, tmp_path / name)
    monkeypatch.setattr(store, "ROOT", tmp_path)
    return tmp_path


def visit(section, run):
    """The section as somebody sees it who has chosen a network."""
    app = open_page("inside")
    app.query_params["section"] = section
    app.session_state["subject"] = {"places": [0, 3], "instead": True}
    rerun(app).selectbox(key="run").set_value(run)
    return rerun(app)


def words(app):
    kinds = (app.markdown, app.caption, app.info, app.error)
    return " ".join(element.value for kind in kinds for element in kind)


def number(app, said):
    """The large number that stands above these words."""
    numbers = re.findall(r"<b>([^<]*)</b> <span>([^<]*)</span>", html(app))
    return next(value for value, what in numbers if said in what)


def test_the_sum_taken_apart_says_how_exactly_and_how_nearly_perfectly(root):
    app = visit("The sum, taken apart", "sum")
    assert float(number(app, "largest difference of that total")) < 0.01
    assert 0 < float(number(app, "explains")) <= 1
    accuracy = float(number(app, "it answers with the largest logit"))
    assert accuracy > 0.9 > float(number(app, "if it answered with the vertex"))
    assert float(number(app, "correlation of slope and digit, top")) > 0.8
    answer = number(app, "the answer")
    click(app, "Other test digits")
    assert number(app, "the answer").isdecimal() and answer.isdecimal()


def test_distributions_are_convolved_and_sum_is_a_button_away(root):
    app = visit("The sum, taken apart", "sum_posterior")
    assert float(number(app, "largest difference between that convolution")) < 1e-5
    click(app, "Show sum instead")
    assert float(number(app, "largest difference of that total")) < 0.01


def test_the_digits_of_sum_lie_in_order_and_those_of_sum_posterior_need_not(root):
    app = visit("The number line", "sum")
    read = float(number(app, "on the axis that the last FC layer reads"))
    assert read > 0.9
    assert words(app).count("kept no snapshots") == 1 and "number-line-seed1" in words(app)
    next(toggle for toggle in app.toggle if toggle.label.startswith("Measure")).set_value(True)
    rerun(app)
    rows = re.findall(r"<th>(\w+)</th><td>([\d.–]+)</td><td>([\d.]+)</td>", html(app))
    found = {name: (as_read, along) for name, as_read, along in rows}
    assert float(found["sum"][0]) == read and float(found["sum"][1]) > 0.8
    assert found["sum_posterior"][0] == "–" and float(found["sum_posterior"][1]) < 0.6


def test_the_number_line_opens_on_a_network_that_has_one_and_no_digit_is_drawn_over_another(root):
    app = visit("The number line", "sum_posterior")
    assert "sum_posterior names digits and needs no number line, so this is sum, which adds" in words(app)
    assert float(number(app, "on the axis that the last FC layer reads")) > 0.9
    spec = json.loads(app.get("vega_lite_chart")[0].proto.spec)
    assert {layer["mark"]["type"] for layer in spec["layer"]} == {"tick", "point", "rule"}  # no numerals at all
    app.toggle(key="own_line").set_value(True)
    rerun(app)
    assert float(number(app, "on the first principal component")) < 0.6


def test_the_line_forms_along_training(root):
    app = visit("The number line", "sum")
    slider = app.select_slider(key="snapshot")
    after = float(number(app, "|ρ| on axis 1 after 2,500 iterations"))
    slider.set_value(1)
    rerun(app)
    before = float(number(app, "|ρ| on axis 1 after 1 iteration"))
    assert before < 0.5 < 0.9 < after
    assert float(number(app, "accuracy on test pairs then")) < 0.2
    assert "By iteration 300 more than half of the pairs are right" in words(app)


def test_a_run_with_snapshots_shows_its_own(root):
    recipe = Recipe(network="sum_posterior", steps=2)
    run = store.create(root / "mine", recipe, "", "embedded", "2030-01-01T00:00:00Z", {})
    checkpoints.save_weights(run, weights_of(run.network), 2)
    for step in (1, 2):
        snapshots.save(run, {"scores": np.random.default_rng(step).normal(size=(500, 8)).astype(np.float16)}, step)
    (run.folder / "snapshots" / "9.safetensors").write_bytes(b"damaged")
    app = visit("The number line", "mine")
    assert "kept no snapshots" not in words(app) and app.select_slider(key="snapshot").options == ["1", "2"]
    shutil.rmtree(run.folder / "snapshots")
    shutil.rmtree(root / "number-line-seed1")
    assert "No run here has kept snapshots" in words(rerun(app))


def test_swapping_changes_some_answers_of_sum_and_none_of_sum_posterior(root):
    changed = {name: number(visit("Does it commute?", name), "get another answer") for name in ("sum", "sum_posterior")}
    assert float(changed["sum"].split("%")[0]) > 0 and changed["sum_posterior"].startswith("0.00%")


def test_what_sharing_was_worth_and_the_way_to_train_without(root):
    app = visit("Does it commute?", "sum_posterior")
    assert number(app, "accuracy gained by sharing; within two standard errors of nothing") == "+0.0024 ± 0.0044"
    assert number(app, "the parameters without sharing") == "1.99 ×"
    assert "6,567,699" in html(app) and "one run each" in words(app)
    click(app, "Train it untied")
    assert app.session_state["recipe_tied"] is False and app.session_state["recipe_network"] == "sum"
    shutil.rmtree(root / "tied-shared-seed1")
    assert "Not measured yet" in words(visit("Does it commute?", "sum"))


def test_between_a_4_and_a_9_sum_goes_elsewhere_more_than_sum_posterior(root):
    app = visit("Ambiguity", "sum")
    rows = dict(re.findall(r"<tr><th>(\w+)</th><td>([\d.]+)%", html(app)))
    assert float(rows["sum"]) > 2 * float(rows["sum_posterior"])
    app.slider(key="blend").set_value(0)
    rerun(app)
    ends = html(app)
    app.slider(key="blend").set_value(100)
    rerun(app)
    assert "4 with 100 % of 9" in html(app) and html(app) != ends
    app.selectbox(key="blend_from").set_value("the top digit")
    rerun(app)
    assert "the top digit with 100 % of 9" in html(app)
    click(app, "Other examples")


def test_who_comes_second_waits_for_no_other_networks_weights(root, monkeypatch):
    shown = html(visit("Ambiguity", "sum_posterior"))
    (root / "sum" / checkpoints.WEIGHTS).touch()  # newer than what is cached
    load, loaded = checkpoints.load_checkpoint, []
    monkeypatch.setattr(checkpoints, "load_checkpoint", lambda run: loaded.append(run.name) or load(run))
    assert html(visit("Ambiguity", "sum_posterior")) == shown and "sum" in loaded
    cached._checkpoint.clear()
    loaded.clear()
    assert html(visit("Ambiguity", "sum_posterior")) == shown and loaded == ["sum_posterior"]


@pytest.mark.parametrize("section", ["The sum, taken apart", "The number line", "Does it commute?", "Ambiguity"])
def test_a_network_of_one_digit_is_shown_too(root, section):
    shutil.copytree(CHECKPOINTS / "tiny-seed2", root / "tiny-seed2")
    app = visit(section, "tiny-seed2")
    if section in ("The sum, taken apart", "Does it commute?"):
        click(app, "Show sum instead")
        assert app.session_state["run"] == "sum"


@pytest.mark.parametrize("section", ["The sum, taken apart", "The number line", "Does it commute?", "Ambiguity"])
def test_a_network_of_untied_halves_is_shown_too(root, section):
    run = store.create(root / "mine", Recipe(network="sum", tied=False), "", "embedded", "2030-01-01T00:00:00Z", {})
    checkpoints.save_weights(run, weights_of(run.network), 1)
    added = np.random.default_rng(0).normal(size=(2, len(cached.test_set().test_labels), 19)).astype(np.float32)
    kept = {"top": added[0], "bottom": added[1], "bias": np.zeros(19, np.float32)}
    checkpoints.save_answers(run, kept, cached.test_set().name)  # made up, because 10,000 digits take their time
    app = visit(section, "mine")
    if section == "Does it commute?":
        assert "weights of their own" in words(app) and "no filter serves both" in words(app)
        assert float(number(app, "get another answer").split("%")[0]) > 50
