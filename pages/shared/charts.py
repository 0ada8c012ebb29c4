"""The one door to Streamlit's charts, so that every figure on every page can be read from the back of a room."""

import streamlit as st

FONT_PIXELS = 14  # of every axis and legend at least; Streamlit's own are 12
READABLE = {kind: {"labelFontSize": FONT_PIXELS, "titleFontSize": FONT_PIXELS} for kind in ("axis", "legend", "header")}


def readable(figure: dict) -> dict:
    """Return the Vega-Lite figure with letters of FONT_PIXELS, where it does not ask for others itself."""
    return {**figure, "config": {**READABLE, **figure.get("config", {})}}


def draw(figure: dict, table=None, *, key: str, height: int, alt: str, **options):
    """Draw a Vega-Lite figure of a table (None: it carries its own values), `height` pixels high; `alt` says it."""
    return st.vega_lite_chart(table, readable(figure), key=key, height=height, alt=alt, **options)
