"""What a student does with a run of his own: name it, note, star, take it away, delete it, and bring weights."""

import functools

import streamlit as st

from core.pocket import document
from core.runs import checkpoints, exchange, labels, store, trash
from core.runs.comparison import Entry
from pages.compare.choosing import CHOSEN
from pages.shared.text import plain

DISCARDED, SAID, UPLOAD = "discarded_run", "said_of_runs", "upload_number"  # keys of the session
UPLOADED_NETWORK = "uploaded_network"  # key of the session, where a file fits several networks


def said() -> None:
    """What the last click did, and the way back from a deletion."""
    if message := st.session_state.pop(SAID, None):
        kind, text = message
        (st.error if kind == "error" else st.success)(text)
    if folder := st.session_state.get(DISCARDED):
        with st.container(horizontal=True, vertical_alignment="center", key="undo_delete"):
            st.warning(f"Deleted {plain(folder.name)}. It can be brought back for a day.")
            st.button("Undo", on_click=_restore, args=(folder,))


def card(entry: Entry) -> None:
    """Title, note and star of a run, its weights and its Pocket to download, and the button that deletes it."""
    run, label = entry.run, entry.label
    with st.form(f"label of {run.name}"):
        title = st.text_input("Title", label.title, max_chars=60, key=f"title of {run.name}")
        note = st.text_area("Note", label.note, max_chars=2000, key=f"note of {run.name}", height=90)
        star = st.checkbox("Star", label.star, key=f"star of {run.name}")
        if st.form_submit_button("Save"):
            try:
                labels.write(run, labels.Label(title, note, star))
            except store.RunError as error:
                _say("error", str(error))
            st.rerun()
    weights = run.folder / "weights.safetensors"
    with st.container(horizontal=True):
        st.download_button(
            "Weights as safetensors",
            data=weights.read_bytes,
            file_name=f"{run.name}.safetensors",
            on_click="ignore",
            disabled=not weights.exists(),
            key=f"weights of {run.name}",
        )
        st.download_button(
            "Pocket",
            data=functools.partial(document.of_run, run),
            file_name=f"{run.name}.html",
            on_click="ignore",
            disabled=not weights.exists(),
            help="One HTML file that holds the network and reads drawn digits in any browser, without a server.",
            key=f"pocket of {run.name}",
        )
        shipped = store.is_shipped(run)
        st.button(
            "Delete",
            on_click=_discard,
            args=(run,),
            disabled=shipped,
            help="It came with the app and cannot be deleted." if shipped else "It can be undone for a day.",
            key=f"delete {run.name}",
        )
    if not weights.exists():
        st.caption(plain(checkpoints.why_no_weights(run)))
    st.caption(f"As a Keras model: python -m core export {plain(run.name)}")


def upload() -> None:
    """Weights from another place, checked, as a new run."""
    st.write("Weights in a safetensors file, as this page gives them: of one of the networks here, float16 or float32.")
    file = st.file_uploader(
        "Weights",
        key=f"upload {st.session_state.get(UPLOAD, 0)}",
        label_visibility="collapsed",
    )
    if file is None:
        return
    try:
        fitting = exchange.recipes_of(file.getvalue(), file.name)
    except store.RunError as error:
        st.error(plain(error))
        return
    if len(fitting) > 1:
        st.selectbox(
            "Network",
            fitting,
            format_func=lambda recipe: recipe.network + ("" if recipe.tied else ", untied"),
            key=UPLOADED_NETWORK,
            help="These networks have the same tensors, so the file alone cannot tell.",
        )
    else:
        st.write(f"They are weights of {fitting[0].network}{'' if fitting[0].tied else ', untied'}.")
    st.button("Add as a run", type="primary", on_click=_add, args=(file, fitting))


def deleted() -> None:
    """The runs that were deleted within a day, by anybody, each with the way back."""
    for folder in trash.discarded():
        st.button(
            f"Bring back {plain(folder.name)}",
            on_click=_restore,
            args=(folder,),
            key=f"restore {folder.parent.name} {folder.name}",
        )


def _add(file, fitting):
    recipe = st.session_state[UPLOADED_NETWORK] if len(fitting) > 1 else fitting[0]  # as chosen at the press
    try:
        run = exchange.add_upload(file.getvalue(), recipe, file.name)
    except store.RunError as error:
        _say("error", str(error))
        return
    st.session_state[UPLOAD] = st.session_state.get(UPLOAD, 0) + 1  # a new, empty uploader: the file's memory is free
    st.session_state[CHOSEN] = [*st.session_state.get(CHOSEN, []), run.name]
    _say("done", f"Added as {run.name}. The Draw page can read with it.")


def _discard(run):
    try:
        st.session_state[DISCARDED] = trash.discard(run)
    except store.RunError as error:
        _say("error", str(error))


def _restore(folder):
    if st.session_state.get(DISCARDED) == folder:
        del st.session_state[DISCARDED]
    try:
        run = trash.restore(folder)
    except store.RunError as error:
        _say("error", str(error))
        return
    st.session_state[CHOSEN] = [*st.session_state.get(CHOSEN, []), run.name]
    _say("done", f"{run.name} is back.")


def _say(kind, text):
    st.session_state[SAID] = (kind, plain(text))
