"""The one door to Streamlit's charts, so that every figure on every page can be read from the back of a room.

Their values go there without pandas, which would cost the server 40 MiB. pyarrow imports pandas whenever it makes an
array from Python's or NumPy's values; its reader of JSON does not.
"""

import datetime
import io
import json
import math
from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

FONT_PIXELS = 14  # of every axis and legend at least; Streamlit's own are 12
TEXT_GREY = "#737b86"  # told as well from a light page as from a dark one; Vega's own text is black on both
READABLE = {
    **{kind: {"labelFontSize": FONT_PIXELS, "titleFontSize": FONT_PIXELS} for kind in ("axis", "legend", "header")},
    "text": {"color": TEXT_GREY, "fontSize": FONT_PIXELS},
}


def readable(figure: dict) -> dict:
    """Return the Vega-Lite figure with letters of FONT_PIXELS and TEXT_GREY where it asks for no others."""
    return {**figure, "config": {**READABLE, **figure.get("config", {})}}


def draw(figure: dict, table=None, *, key: str, height: int, alt: str, **options):
    """Draw a Vega-Lite figure of a table (None: it carries its own values), `height` pixels high; `alt` says it."""
    return st.vega_lite_chart(table, readable(figure), key=key, height=height, alt=alt, **options)


def table(columns: Mapping[str, Sequence | np.ndarray]):
    """Return a pyarrow.Table, as Streamlit sends it, of equal columns: text, numbers, truth, times (UTC) or None.

    A number that is not finite becomes None. A column of None alone is one of text.
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
    """Return a Vega-Lite figure that carries its few values, so that a page of small charts needs no pyarrow: 30 MB.

    Streamlit turns values at the top of a figure into a table of pyarrow's; those of a layer it leaves alone.
    """
    lists = {name: [_plain(value) for value in values] for name, values in columns.items()}
    rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    return {"layer": [{"data": {"values": rows}, **specification}]}


def _plain(value):
    """A value of Python's own types for one of NumPy's."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
