"""Choose a network and a recipe, start, and watch the curves grow."""

import streamlit as st

from core.jobs import queue
from core.runs import comparison, labels, store
from pages.shared.recipe_form import choose_network, fill, recipe_fields
from pages.shared.run_view import label_form, run_view
from pages.shared.text import plain
from pages.train import starting
from pages.train.diagram import diagram

WATCH_LIST = "watch_list"  # key of the session: the number of the list of runs that stands on the page


def watch(number):
    """Let the page show the run that was chosen in the list of this number, if that list is still there.

    A browser that has not heard of a Start yet says the run before again, in a list that is gone: nobody chose it, and
    it would be one more step for Back.
    """
    chosen = st.session_state[f"watched {number}"]
    if chosen and number == st.session_state[WATCH_LIST]:
        st.query_params["run"] = chosen


queue.warm()
known = {run.name: run for run in store.list_runs()}
left, right = st.columns([2, 3], gap="large")
with left:
    st.title("Train", anchor=False)
    if complaint := st.session_state.pop("complaint", None):
        st.error(plain(complaint))
    choose_network()
    begin = st.container()
    recipe_fields()
    with begin:
        recipe = starting.controls(list(known.values()))
        if st.query_params.get("run") in known:
            st.html('<a class="to-its-curve" href="#its-curve">To its curve</a>')

with right:
    st.html('<i id="its-curve"></i>')
    asked = st.query_params.get("run")
    if asked and asked not in known:
        name = plain(asked[:60])
        st.warning(f"There is no run '{name}' here. It may have been deleted, or be on another machine.")
    if known:
        watched = known.get(asked or "")
        number = st.session_state.get(WATCH_LIST, 0)
        if st.session_state.get(f"watched {number}") != (watched and watched.name):
            number += 1  # a Start, a link or Back came; a choice from the list leaves it there, and the focus in it
        st.session_state[WATCH_LIST] = number
        st.session_state[f"watched {number}"] = watched and watched.name
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox(
                "Watch a run",
                list(known),
                key=f"watched {number}",
                on_change=watch,
                args=(number,),
                placeholder="Press Start, or choose a run",
                format_func=lambda name: "★ " * labels.read(known[name]).star + comparison.shown(known[name]),
            )
            if watched:
                label_form(watched)
                st.button(
                    "Use its recipe", on_click=fill, args=(watched.recipe,), help="Fills the form as this run had it."
                )
        if watched:
            run_view(watched)
    if not known or not watched:
        st.info("Choose a network, press Start, and its curve grows here.")
    if recipe:
        st.header(recipe.architecture.name, anchor=False)
        st.write(recipe.architecture.summary)
        diagram(recipe.architecture)
