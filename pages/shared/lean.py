"""Keeps pandas out of the server, and pyarrow until a page shows a table: they cost a second at start and 90 MiB.

Streamlit asks of every dictionary given to a component whether it holds pandas columns, and imports both to find out.
Where pandas has not been imported, nothing can; so the question is answered before it is asked. And pyarrow imports
pandas whenever it makes an array from Python's or NumPy's values; its reader of JSON does not.
"""

import datetime
import io
import json
import math
import sys
from collections.abc import Mapping, Sequence

import numpy as np
from streamlit.components.v2.bidi_component import serialization

MARK = "is_ours"  # on the function that answers instead of Streamlit's


def skip_pandas() -> None:
    """Answer for Streamlit, once for the process. Does nothing in a version that no longer asks."""
    asked = getattr(serialization, "is_dataframe_like", None)
    if asked is None or getattr(asked, MARK, False):
        return

    def is_dataframe_like(value):
        return not (type(value) is dict and "pandas" not in sys.modules) and asked(value)

    setattr(is_dataframe_like, MARK, True)
    serialization.is_dataframe_like = is_dataframe_like


def table(columns: Mapping[str, Sequence | np.ndarray]):
    """A pyarrow.Table, as Streamlit sends it, of columns of equal length: words, numbers, truth, times (UTC) or None.

    A number that is not finite becomes None. A column of None alone is one of words.
    """
    import pyarrow as pa
    from pyarrow.json import ParseOptions, read_json

    kinds = {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
    kinds[datetime.datetime] = pa.timestamp("s")
    lists = {name: [_plain(value) for value in values] for name, values in columns.items()}
    first = {name: next((v for v in values if v is not None), "") for name, values in lists.items()}
    schema = pa.schema([(name, kinds[type(value)]) for name, value in first.items()])
    lines = [
        json.dumps(dict(zip(lists, row, strict=True)), default=lambda time: f"{time:%Y-%m-%d %H:%M:%S}")
        for row in zip(*lists.values(), strict=True)
    ]
    if not lines:
        return pa.Table.from_batches([], schema=schema)
    return read_json(io.BytesIO("\n".join(lines).encode()), parse_options=ParseOptions(explicit_schema=schema))


def with_values(specification: dict, columns: Mapping[str, Sequence | np.ndarray]) -> dict:
    """A Vega-Lite figure that carries its few values, so that a page of small charts needs no pyarrow: 30 MB.

    Streamlit turns values at the top of a figure into a table of pyarrow's; those of a layer it leaves alone.
    """
    lists = {name: [_plain(value) for value in values] for name, values in columns.items()}
    rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    return {"layer": [{"data": {"values": rows}, **specification}]}


def _plain(value):
    """A value of Python's own types for one of NumPy's."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
