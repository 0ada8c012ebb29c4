"""Start: the recipe that the form says at that moment, once for a press, and how long it will take."""

import dataclasses
import time

import streamlit as st

from core.jobs import queue
from core.recipe import Recipe
from core.rules import RecipeError
from core.runs import pace, store
from core.typed import read_number
from pages.shared.recipe_form import form_recipe, give_link, link_to, text_field
from pages.shared.text import plain

MOST_REPEATS = 10
ONE_PRESS_SECONDS = 1.0  # two presses of the same form within this are one: a double click, or one that was sent twice
REPEATS, STARTED = "repeats", "started"  # keys of the session


def controls(known: list[store.Run]) -> Recipe | None:
    """Show Start and what it will do; return the recipe of the form, or None where Start refuses it.

    `known` are the runs that there are, the newest first.
    """
    st.session_state.setdefault(REPEATS, "1")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Start", type="primary", on_click=_start)
        text_field("Repeats", key=REPEATS, help="Runs that differ in their seed alone.", width=90)
        try:
            recipe, repeats = _asked()
        except RecipeError as error:
            st.error(plain(f"This cannot be trained: {error}."))
            return None
        with st.popover("Link"):
            st.write("Opens this page with the form as it is now.")
            st.code(link_to(recipe), language=None, wrap_lines=True)
    st.caption(_expectation(recipe, repeats, known))
    return recipe


def _asked():
    """The recipe and the number of runs that the form says now. Raises RecipeError in words."""
    repeats = read_number(st.session_state[REPEATS], whole=True)
    if not isinstance(repeats, int) or not 1 <= repeats <= MOST_REPEATS:
        raise RecipeError(f"Repeats must be a whole number from 1 to {MOST_REPEATS}")
    return form_recipe(), repeats


def _start():
    """Create the runs, one for each seed, and let them be trained; watch the first.

    The form is read here and not when the page was built: what was typed last comes with the press.
    """
    try:
        asked = recipe, repeats = _asked()
    except RecipeError as error:  # which stands beside the button too, once the page is there
        st.toast(plain(f"Not started. {error}."))
        return
    before, at = st.session_state.get(STARTED, (None, 0.0))
    if asked == before and time.monotonic() - at < ONE_PRESS_SECONDS:
        return
    try:
        for i in range(repeats):
            run = queue.submit(dataclasses.replace(recipe, seed=recipe.seed + i))
            if i == 0:
                give_link(recipe, run=run.name)
                st.toast(f"{plain(run.name)} waits for a trainer.")  # on a phone its curve is far below
            st.session_state[STARTED] = asked, time.monotonic()
    except (store.RunError, RecipeError) as error:
        st.session_state["complaint"] = f"It could not be started. {error}"


def _expectation(recipe, repeats, known):
    """What Start will do, in a line, with the time where it is known from a run here."""
    steps = f"{recipe.steps:,} {'iteration' if recipe.steps == 1 else 'iterations'} of {recipe.batch:,}"
    if repeats > 1:
        steps = f"{repeats} runs of {steps}"
    if estimate := pace.expected_seconds(recipe, known):
        seconds, like = estimate
        return f"{steps}: about {pace.about(seconds * repeats)} here, at the pace of {plain(like.name)}."
    return f"{steps}. How long that takes here is known after a first run of this network."
