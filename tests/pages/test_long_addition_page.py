"""The long addition page without a browser: its sum is that of the digits it shows, and its chart what was counted."""

import json
import re

import numpy as np
import pytest
import streamlit as st

from core.images import mnist
from core.runs import store
from pages.long_addition import column_addition
from pages.shared.drawings import BLANK, Drawing
from tests.harness.server import REPOSITORY
from tests.harness.visits import html, rerun, visit


@pytest.fixture(autouse=True)
def shipped(monkeypatch):
    monkeypatch.setattr(store, "ROOT", REPOSITORY / "checkpoints")
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def page(drawn=None, **link):
    app = visit("long_addition")
    for name, value in ({"run": "sum_posterior"} | link).items():
        app.query_params[name] = value
    if drawn:
        app.session_state["histories"] = {half: [BLANK, drawing] for half, drawing in drawn.items()}
    return rerun(app)


def answered(app):
    words = html(app)
    return int(re.search(r"<b>([\d,]+)</b></p>", words)[1].replace(",", "")), words


def digits_shown(app):
    """What is read in the images, the upper number and the lower one, the ones last."""
    rows = [re.findall(r'alt="read as (\d)"', row) for row in html(app).split("<tr") if "<img" in row]
    return [int("".join(row)) for row in rows]


def test_where_it_is_wrong_it_says_what_the_true_sum_gets():
    app = page(columns="8")
    app.session_state["long_addition_dealt"] = 12  # among these digits one is misread
    total, words = answered(rerun(app))
    assert total == 50_258_963 and "It is 50,259,963, which gets &lt;0.1%." in words


@pytest.mark.parametrize("columns", [1, 4, 8])
def test_the_sum_is_that_of_the_two_numbers_shown(columns):
    app = page(columns=str(columns))
    upper, lower = digits_shown(app)
    total, words = answered(app)
    assert len(str(upper)) <= columns and total == upper + lower and "Right." in words
    before = upper, lower
    next(button for button in app.button if button.label == "Other digits").click().run()
    assert tuple(digits_shown(app)) != before


def test_the_digits_just_drawn_are_the_ones(tmp_path):
    data = mnist.embedded()
    rows = [list(data.test_labels).index(digit) for digit in (3, 9)]
    drawn = {
        half: Drawing({"objects": []}, data.test_images[row]) for half, row in zip(("top", "bottom"), rows, strict=True)
    }
    app = page(drawn)
    upper, lower = digits_shown(app)
    assert (upper % 10, lower % 10) == (3, 9)
    total, words = answered(app)
    assert total == upper + lower and "Right." not in words  # what was drawn, nobody knows
    next(toggle for toggle in app.toggle if toggle.key == "long_addition_mine").set_value(False).run()
    assert "Right." in answered(app)[1]


def test_a_digit_is_parted_from_its_share_and_its_doubt_is_told_below_it():
    app = page(columns="8")
    app.session_state["long_addition_dealt"] = 12
    words = html(rerun(app))
    assert re.search(r"<small>\d: (&gt;)?\d\d%</small>", words) and not re.search(r"<small>\d (&gt;)?\d", words)
    doubtful = np.array([0, 0.15, 0, 0, 0, 0, 0, 0.83, 0.02, 0])
    assert "<small>7: 83%</small><small>1: 15%</small>" in column_addition._digit(
        np.zeros((28, 28), np.uint8), doubtful, "top"
    )


def test_the_chart_labels_its_lengths_and_joins_no_published_points():
    app = page()
    figure = json.loads(app.get("vega_lite_chart")[0].proto.spec)
    assert figure["encoding"]["x"]["axis"]["values"][-1] == 500
    lines = [layer for layer in figure["layer"] if layer["mark"]["type"] == "line"]
    assert [layer["transform"] for layer in lines] == [[{"filter": "datum.line != 'published'"}]]
    assert lines[0]["encoding"]["strokeDash"]["legend"] == lines[0]["encoding"]["color"]["legend"]
    assert "<th>8</th><td>0.906</td><td>0.906</td>" in html(app)
    assert any("their systems are not recorded" in caption.value for caption in app.caption)


def test_a_link_to_a_network_that_names_no_digits_is_not_told_that_it_is_missing():
    for linked in ("sum", "sum · sums · 3.3 M parameters · accuracy 0.9791"):
        words = " ".join(warning.value for warning in page(run=linked).warning)
        assert "'sum' is here, but cannot be used on this page. Showing " in words
    words = " ".join(warning.value for warning in page(run="tiny-seed1").warning)
    assert "'tiny-seed1' is here, but without its weights. Showing " in words
    assert "There is no checkpoint 'nowhere' here." in page(run="nowhere").warning[0].value


def test_networks_that_name_no_digits_are_not_offered(monkeypatch, tmp_path):
    names = [name for box in page().selectbox if box.label == "Network" for name in box.options]
    assert any(name.startswith("sum_posterior ") for name in names) and not any(n.startswith("sum ") for n in names)
    monkeypatch.setattr(store, "ROOT", tmp_path)
    st.cache_resource.clear()
    assert "No checkpoint yet" in " ".join(info.value for info in page().info)
