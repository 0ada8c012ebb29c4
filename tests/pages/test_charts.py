"""Tables reach the browser without pandas."""

import datetime
import subprocess
import sys

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
