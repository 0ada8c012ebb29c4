"""Tables reach the browser without pandas, and a figure's text is read on light and on dark."""

import datetime
import subprocess
import sys
import tomllib

import numpy as np

from pages.shared import charts
from tests.harness.server import REPOSITORY


def test_a_table_keeps_words_numbers_times_and_gaps():
    columns = {
        "word": ["2020-01-01", "é\n", None],
        "number": [1, None, 3],
        "fraction": np.array([0.5, np.nan, np.inf]),
        "truth": [True, False, None],
        "time": [datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC), None, None],
        "nothing": [None, None, None],
    }
    table = charts.table(columns).to_pydict()
    assert table["word"] == columns["word"] and table["number"] == [1, None, 3] and table["nothing"] == [None] * 3
    assert table["fraction"] == [0.5, None, None] and table["truth"] == [True, False, None]
    assert table["time"] == [datetime.datetime(2026, 1, 2, 3, 4, 5), None, None]


def test_a_table_may_be_empty():
    table = charts.table({"a": [], "b": np.zeros(0)})
    assert table.num_rows == 0 and table.column_names == ["a", "b"]


def test_a_table_brings_no_pandas():
    table = "from pages.shared import charts; charts.table({'a': ['x'], 'b': [1.5]})"
    code = f"import sys; {table}; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY).returncode == 0


def test_a_figure_carries_its_values_where_streamlit_leaves_them():
    columns = {"a": np.array([1, 2]), "b": [0.5, np.nan]}
    figure = charts.with_values({"mark": "point"}, columns)
    assert "data" not in figure
    assert figure["layer"] == [{"data": {"values": [{"a": 1, "b": 0.5}, {"a": 2, "b": None}]}, "mark": "point"}]


def test_a_figures_text_is_told_from_a_light_and_from_a_dark_page():
    colour = charts.readable({"mark": "text"})["config"]["text"]["color"]
    themes = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text())["theme"]
    for theme in ("light", "dark"):
        page, text = sorted(map(luminance, (themes[theme]["backgroundColor"], colour)))
        assert (text + 0.05) / (page + 0.05) > 4.2, theme


def luminance(colour):
    """As WCAG 2 has it, of "#rrggbb"."""
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
