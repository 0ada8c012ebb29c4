"""Which network a page looks at: the list of those that are there, the visitor's choice, and what the chosen one is."""

from typing import NoReturn

import streamlit as st

from core.model.forward import Weights
from core.runs import checkpoints, comparison, control, store
from pages.shared import cached
from pages.shared.text import measured, plain, trained_on

OBEYED_LINK = "obeyed_link"  # key of the session: what the link said of the run when it was last obeyed


def choose_run(
    available: list[tuple[store.Run, dict | None]], help: str | None = None
) -> tuple[store.Run, dict | None]:
    """Let the visitor choose among runs; the choice is in the link too, so that a teacher can send it."""
    by_name = {run.name: (run, result) for run, result in available}
    first, linked, titles = next(iter(by_name)), st.query_params.get("run"), cached.titles()

    def label(name):
        return _run_label(*by_name[name], titles.get(name, name))

    if linked is not None:
        # the link has the whole label; its name alone will do, or one whose accuracy was another when it was sent
        asked = comparison.asked(linked, by_name)
        if asked is None:
            st.warning(f"{plain(_why_not_offered(linked))} Showing {plain(first)} instead.")
        elif linked not in (label(asked), st.session_state.get(OBEYED_LINK)):
            # a link that was just opened beats what the session remembers; it is obeyed once, then the list decides
            st.session_state["run"] = asked
            # the whole label, as Streamlit takes out of the link what is no label
            st.session_state[OBEYED_LINK] = st.query_params["run"] = label(asked)
            st.rerun()
        else:
            st.session_state[OBEYED_LINK] = linked
    name = st.selectbox(
        "Network",
        list(by_name),
        format_func=label,
        key="run",
        bind="query-params",
        persist_state="session",
        help=help,
    )
    return by_name[name]


def _why_not_offered(linked):
    """Say why a run that a link asks for is not in the page's list."""
    known = {run.name: run for run in store.list_runs()}
    name = comparison.asked(linked, known)
    if name is None:
        return f"There is no checkpoint '{linked.split(' · ')[0][:60]}' here."
    if not checkpoints.has_weights(known[name]):
        return f"'{name}' is here, but without its weights."
    return f"'{name}' is here, but cannot be used on this page."


def _run_label(run, result, title):
    measured = f"accuracy {result['accuracy']:.4f}" if result else control.status(run)
    parameters = run.network.parameters
    count = f"{parameters / 1e6:.1f} M" if parameters >= 1e5 else f"{parameters:,}"
    read = "sums" if run.network.reads_pairs else "single digits"
    return f"{title} · {read} · {count} parameters · {measured}"


def loadable_or_stop() -> list[tuple[store.Run, dict | None]]:
    """Return `cached.loadable_runs`; a page where there are none shows what to do and ends there."""
    available = cached.loadable_runs()
    if not available:
        st.info("No checkpoint yet. Train a network on the Train page, then come back.")
        st.stop()
    return available


def weights_or_stop(run: store.Run) -> Weights:
    """Load as `cached.load_weights`; a page whose weights cannot be loaded shows why and ends there."""
    try:
        return cached.load_weights(run)
    except store.RunError as error:
        stop_unloadable(error)


def stop_unloadable(error: store.RunError) -> NoReturn:
    """End a page here, as the chosen run's weights cannot be loaded, and say why."""
    st.error(f"This checkpoint cannot be loaded. {plain(error)} Choose another network.")
    st.stop()


def run_description(run: store.Run, result: dict | None) -> str:
    """Describe what a run is, was trained on, and reached, as Markdown."""
    if run.data_name == store.UPLOADED:
        return f"{run.network.parameters:,} parameters. What it was trained on is {plain(run.data)}."
    reached = measured(run, result) if result else "Not finished: its accuracy is not measured yet."
    images = plain(trained_on(run)) or "nothing yet"
    return f"{run.network.parameters:,} parameters. Trained on {images}. {plain(reached)}"
