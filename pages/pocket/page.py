"""Pocket: the chosen network in the visitor's own browser, on this page, on a phone and at home."""

import streamlit as st

from pages.shared import phone, picker

st.title("Pocket")
available = picker.loadable_or_stop()
st.write(
    "Here the network runs in your own browser and reads while you draw: no stroke travels to the server. "
    "The sliders go back through each drawing to the moment at which the guess changed."
)
left, right = st.columns([3, 1], vertical_alignment="bottom")
with left:
    run, _ = picker.choose_run(available)
with right, st.popover("On your phone"):
    phone.offer(run)
path = phone.path_of(run.name, st.get_option("server.baseUrlPath"))
st.iframe(f"{path}#{st.context.theme.type or ''}", height=1000, alt=f"Pocket of {run.name}")
