"""Choose a network and a recipe, start, and watch the curves grow."""

import dataclasses

import streamlit as st

from core import jobs, runs
from pages.shared import parts
from pages.shared.diagram import diagram
from pages.shared.recipe_form import fill, recipe_form
from pages.shared.run_view import run_view
from pages.shared.written import plain

MOST_REPEATS = 10


def start(recipe, repeats):
    """Create the runs, one for each seed, and let them be trained; watch the first."""
    try:
        for i in range(repeats):
            run = jobs.submit(dataclasses.replace(recipe, seed=recipe.seed + i))
            if i == 0:
                st.query_params["run"] = run.name
    except (runs.RunError, jobs.QueueFull, ValueError) as error:
        st.session_state["complaint"] = f"It could not be started. {error}"


def watch():
    """Let the page show the run that was chosen."""
    if st.session_state["watched"]:
        st.query_params["run"] = st.session_state["watched"]


parts.style()
parts.say_at_exit()
jobs.warm()
st.title("Train", anchor=False)
if complaint := st.session_state.pop("complaint", None):
    st.error(plain(complaint))

left, right = st.columns([2, 3], gap="large")
with left:
    recipe = recipe_form()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        repeats = st.number_input("Repeats", 1, MOST_REPEATS, help="Runs that differ in their seed alone.", width=120)
        if recipe:
            st.button("Start", type="primary", on_click=start, args=(recipe, repeats))
        else:
            st.button("Start", type="primary", disabled=True)
    if recipe:
        st.subheader(recipe.architecture.name, anchor=False)
        st.write(recipe.architecture.summary)
        diagram(recipe.architecture)

with right:
    known = {run.name: run for run in runs.list_runs()}
    asked = st.query_params.get("run")
    if asked and asked not in known:
        name = plain(asked[:60])
        st.warning(f"There is no run '{name}' here. It may have been deleted, or be on another machine.")
    if not known:
        st.info("No runs yet. Choose a network, press Start, and its curve grows here.")
        st.stop()
    st.session_state["watched"] = asked if asked in known else None
    st.selectbox(
        "Watch a run",
        list(known),
        key="watched",
        on_change=watch,
        placeholder="Press Start, or choose a run",
        format_func=lambda name: runs.read_label(known[name]).title or name,
    )
    if st.session_state["watched"]:
        run = known[st.session_state["watched"]]
        run_view(run)
        st.button("Use its recipe", on_click=fill, args=(run.recipe,), help="Fills the controls as this run had them.")
        with st.expander("Its recipe"):
            st.json(run.recipe.as_dict())
    else:
        st.info("Choose a network, press Start, and its curve grows here.")
