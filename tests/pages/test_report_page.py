"""The report page without a browser: what it says of runs that are there and of those that are not."""

import dataclasses
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.jobs import queue
from core.report import experiments, fewest_parameters
from core.report.experiment import planned, recipe_of
from core.report.experiments import ALL
from core.report.fewest_parameters import Training
from core.runs import results, store
from core.runs.curves import Curve
from pages.report import figures
from tests.core.test_report import finished
from tests.harness.needs import PATIENCE_SECONDS
from tests.pages.test_compare_page import arrow_table


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.setattr(queue, "advance", lambda: None)
    return tmp_path


def page():
    app = AppTest.from_file("../../pages/report/page.py", default_timeout=PATIENCE_SECONDS).run()
    assert not app.exception
    return app


def measured_tables(app):
    """Of each experiment the table of what its recipes reached."""
    return [re.sub(' data-head="[^"]*"', "", e.proto.body) for e in app.get("html") if "measured here" in e.proto.body]


def words(app):
    return " ".join(element.value for kind in (app.markdown, app.caption, app.subheader) for element in kind)


def test_an_empty_folder_says_that_nothing_is_measured_and_offers_to_run():
    app = page()
    said = words(app)
    assert "not measured yet" in said and all("<td>not yet</td>" in table for table in measured_tables(app))
    assert len(measured_tables(app)) == len(ALL) and sum(button.label == "Run it" for button in app.button) == len(ALL)
    assert "6.9605 is a slip of the pen for 0.9605" in said and "printed: 1,326,586" in said


def test_runs_that_are_there_are_measured_and_drawn():
    for name, recipe in planned(ALL["compact"]):
        finished(name, recipe, 0.98)
    app = page()
    (line,) = [table for table in measured_tables(app) if "0.9800" in table]
    text = re.sub("<[^>]+>|&nbsp;", " ", line)
    assert text.split("quick recipe")[1].split() == ["0.9800", "±", "0.0000", "2", "9", "s"]


@pytest.mark.parametrize(("values", "start"), [((0.1, 0.97, 0.99), 0.9), ((0.1, 0.5, 0.59), 0.5), ((0.1, 1, 1), 0.9)])
def test_the_axis_of_accuracy_starts_below_what_a_tenth_of_the_steps_leaves(values, start):
    line = Curve("test", "test_accuracy", np.array([0, 100, 1000]), np.array(values))
    assert figures.axis_start([line]) == start


def test_dropout_is_drawn_against_keep_prob_by_either_protocol():
    for protocol, accuracy in (("quick", 0.91), ("report", 0.94)):
        name, recipe = planned(ALL["dropout"], protocol)[0]
        finished(name, recipe, accuracy)
    (chart,) = [chart.proto for chart in page().get("vega_lite_chart") if "keep_prob, 250" in chart.proto.alt]
    drawn = arrow_table(chart)
    assert drawn["accuracy"] == [0.94, 0.91] and drawn["trained"] == ["By the report's protocol", "By the quick recipe"]


def test_the_map_of_digit_pairs_frames_those_that_never_met():
    name, recipe = planned(ALL["unmet"])[0]
    run = finished(name, recipe, 0.9)
    cells = [[0.97] * 10 for _ in range(10)]
    cells[3][8] = cells[8][3] = 0.5
    result = results.read(run) | {"pair_accuracy": cells}
    results.write(run, result)
    html = " ".join(element.proto.body for element in page().get("html"))
    assert html.count('class="unmet"') == 2 and 'title="3 + 8"' in html


def test_run_it_queues_the_recipe_that_was_chosen():
    app = page()
    box = next(box for box in app.selectbox if box.key == "recipe of few-images")
    box.set_value("the report's protocol").run()
    next(button for button in app.button if button.key == "run few-images").click().run()
    (run,) = queue.queue()
    assert run.recipe == recipe_of(ALL["few-images"].variants_by("report")[0], 1) and run.recipe.examples == 250
    assert run.name == "few-images-report-seed1"  # so that the page finds it when it has finished


def test_the_overview_has_each_printed_number_beside_the_measured_one():
    for name, recipe in planned(ALL["compact"]):
        finished(name, recipe, 0.98)
    (table,) = [e.proto.body for e in page().get("html") if "parameters printed" in e.proto.body]
    row = next(row for row in table.split("<tr>") if "minimal number" in row)
    assert "0.9586" in row and "<b>0.9800 ± 0.0000</b>" in row and "1,326,586" in row and "1,327,076" in row
    assert "6.9605, read 0.9605" in table and table.count("not yet") == 2 * len(experiments.EXPERIMENTS) - 1


def test_the_overview_has_the_verdict_of_each_conclusion_in_its_experiments_row():
    for name, recipe in planned(ALL["sum"], "report"):
        finished(name, recipe, 0.59)
    (table,) = [e.proto.body for e in page().get("html") if "parameters printed" in e.proto.body]
    rows = {row.split("href='#")[1].split("'")[0]: row for row in table.split("<tr>")[2:]}
    assert "to 0.95.'>does not hold</a>" in rows["sum"] and rows["dropout"].count("not measured yet") == 2
    assert "#conclusions" not in rows["shallow"]


def test_an_experiment_of_which_no_accuracy_was_printed_says_so_in_the_overview(monkeypatch):
    silent = dataclasses.replace(ALL["linear"], printed_accuracy=None)
    monkeypatch.setattr(experiments, "EXPERIMENTS", (silent,))
    (table,) = [e.proto.body for e in page().get("html") if "parameters printed" in e.proto.body]
    assert table.count("not printed") == 1 and "3,274,634" in table


def test_the_fewest_parameters_are_drawn_and_listed_for_the_budgets_that_are_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(fewest_parameters, "FILE", tmp_path / "fewest_parameters.json")
    lines = [Training(budget, budget - 3, seed, 9, 0.9 + seed / 100, 2.0) for budget in (1000, 100) for seed in (1, 2)]
    fewest_parameters.keep(lines)
    for name, recipe in planned(ALL["minimal"]):
        finished(name, recipe, 0.98)
    app = page()
    (chart,) = [
        chart.proto for chart in app.get("vega_lite_chart") if "number of parameters. Measured" in chart.proto.alt
    ]
    drawn = arrow_table(chart)
    ours = [
        parameters for parameters, whose in zip(drawn["parameters"], drawn["whose"], strict=True) if "here" in whose
    ]
    assert ours == [97, 694, 997] and drawn["parameters"][3:] == [one.parameters for one in fewest_parameters.PUBLISHED]
    assert all(0 < high <= low for high, low in zip(drawn["high"], drawn["low"], strict=True))
    (table,) = [e.proto.body for e in app.get("html") if "of whom" in e.proto.body]
    assert "0.9150 ± 0.0071" in table and "2 seeds, 0.9100 to 0.9200; 2 s each" in table and "here, minimal" in table
    assert all(one.source in table and one.remark in table for one in fewest_parameters.PUBLISHED)
