"""Figures become files that other programs read."""

import io

import numpy as np
import pytest
from PIL import Image

from core import figure
from core.runs.curves import Curve
from pages.shared.curves import specification

CURVE = Curve("test", "test_accuracy", np.array([0.0, 50.0, 100.0]), np.array([0.1, 0.8, 0.9]))
ROWS = [
    {"step": s, "value": v, "low": None, "high": None, "curve": "test"} for s, v in [(0, 0.1), (50, 0.8), (100, 0.9)]
]


@pytest.fixture(scope="module")
def drawn():
    return specification([CURVE], "accuracy", 100, 0.0, 1.0)


def test_svg_has_the_axes_the_legend_and_the_line(drawn):
    svg = figure.render(drawn, ROWS, "svg").decode()
    assert svg.startswith("<svg") and ">iteration<" in svg and ">accuracy<" in svg and ">test<" in svg
    assert 'stroke="#009e73"' in svg


def test_png_is_a_picture_with_the_line_in_it(drawn):
    picture = np.asarray(Image.open(io.BytesIO(figure.render(drawn, ROWS, "png"))).convert("RGB")).astype(int)
    assert picture.shape[1] > 1600
    assert (np.abs(picture - (0, 0x9E, 0x73)).sum(axis=2) < 30).sum() > 1000


def test_what_cannot_be_drawn_says_why():
    with pytest.raises(RuntimeError, match="The figure could not be drawn: .*"):
        figure.render({"mark": {"type": "nonsense"}}, [], "svg")
