"""One run, live: how far it is, its curves, and what can be done with it."""

import streamlit as st

from core.jobs import queue
from core.runs import checkpoints, comparison, control, labels, pace, results, store, value_faults
from core.runs.control import Status
from pages.shared import run_curves
from pages.shared.text import measured, plain, trained_on

LOOK_SECONDS = 1.0  # between two looks at a run that is being trained
FACTORS = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]


def run_view(run: store.Run) -> None:
    """Show a run, and look again every LOOK_SECONDS while it is being trained or waits."""
    active = control.status(run) in control.ACTIVE
    repeats = comparison.repeats_of(run, store.list_runs())
    if note := labels.read(run).note:
        st.text(note)

    @st.fragment(run_every=LOOK_SECONDS if active else None)
    def live():
        status = control.status(run)
        if (status in control.ACTIVE) != active:
            st.rerun()  # the whole page, so that looking stops or begins
        if status == Status.QUEUED:
            queue.advance()  # in case a trainer was killed before it could start the next
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container():
                _state(run, status)
            _buttons(run, status)
        _data(run, status)
        run_curves.show(run, repeats, status)
        _rate(run)
        if faults := value_faults.in_files_of(run):
            st.caption(plain(f"Of its files this is left out: {'; '.join(faults)}."))

    live()
    with st.expander("Its recipe"):
        st.json(run.recipe.as_dict())


def label_form(run: store.Run) -> None:
    """Show the button behind which a run gets its title, note and star."""
    label = labels.read(run)
    with st.popover("Title, note, star"):
        title = st.text_input("Title", label.title, max_chars=60, key=f"title_{run.name}")
        note = st.text_area("Note", label.note, max_chars=2000, key=f"note_{run.name}")
        starred = st.toggle("Star", label.star, key=f"star_{run.name}")
    entered = labels.Label(title, note, starred)
    if entered != label:
        try:
            labels.write(run, entered)
        except store.RunError as error:
            st.error(plain(f"The words could not be kept. {error}"))
        else:
            if labels.read(run) != label:  # else nothing was left of what cannot be shown
                st.rerun()


def _state(run, status):
    """Where the run stands, in a sentence and a bar."""
    progress = control.read_progress(run)
    step, steps = progress.get("step", 0), run.recipe.steps
    if warning := control.warning(run):
        st.warning(plain(warning))
    if status == Status.QUEUED:
        st.info(_waiting(run))
    elif status == Status.TRAINING:
        _progress(progress, step, steps)
    elif status == Status.FINISHED:
        result = results.read(run)
        if result is None:
            st.warning("It has finished, but its result cannot be read.")
            return
        st.success(plain(measured(run, result)))
    elif status == Status.UPLOADED:
        st.info("These weights were uploaded: they can be drawn with, and compared, but not trained further.")
    elif status == Status.FAILED:
        st.error(plain(f"It failed. {control.failure(run)}"))
        st.text(control.log_tail(run))
    elif status == Status.INTERRUPTED:
        st.warning(f"Its trainer ended without a word at about iteration {step:,} of {steps:,}. Was it killed?")
        if tail := control.log_tail(run):
            st.text(tail)
    else:
        st.info(f"Stopped at iteration {step:,} of {steps:,}. Resume goes on as if it had never stopped.")


def _data(run, status):
    """On which images a run trains or was trained, and how many wait after it."""
    images = trained_on(run) if status != Status.UPLOADED else ""
    caption = f"{'Trains' if status in control.ACTIVE else 'Trained'} on {images}." if images else ""
    if status == Status.TRAINING and (waiting := len(queue.queue())):
        caption += f" After it: {waiting} more {'run' if waiting == 1 else 'runs'} in the queue."
    if caption:
        st.caption(plain(caption))


def _progress(progress, step, steps):
    phase = progress.get("phase", "starting")
    if phase == "training":
        caption = f"Iteration {step:,} of {steps:,}"
        if {"seconds_left", "images_per_second"} <= set(progress):  # the first iteration says nothing of the pace
            caption += f" · {pace.duration(progress['seconds_left'])} left · {progress['images_per_second']:,} images/s"
        st.progress(step / steps, caption)
    elif phase == "measuring":
        st.progress(float(progress.get("done", 0)), "Measuring its accuracy on all test images…")
    elif phase == "drawing pen strokes":
        st.progress(float(progress.get("done", 0)), "Drawing real pen strokes in many widths and slants…")
    else:
        st.progress(0.0, f"{plain(phase.capitalize())}… this takes some seconds.")


def _waiting(run):
    """Who is ahead of a run that waits: those being trained, with what is left of them, and those waiting longer."""
    waiting = [other.name for other in queue.queue()]
    before = waiting[: waiting.index(run.name)] if run.name in waiting else []
    ahead = []
    for other in store.list_runs():
        progress = control.read_progress(other)  # asked first, as to ask for the lock of every run takes long
        if progress.get("phase") != "stopped" and control.status(other) == Status.TRAINING:
            left = progress.get("seconds_left")
            ahead.append(plain(other.name) + (f" ({pace.duration(left)} left)" if left is not None else ""))
    ahead += [f"{plain(name)} (waits too)" for name in before[:3]]
    more = f" and {len(before) - 3} more" if len(before) > 3 else ""
    sentence = f"Waits for a trainer: place {len(before) + 1} in the queue."
    return f"{sentence} Ahead of it: {', '.join(ahead)}{more}." if ahead else f"{sentence} It starts by itself."


def _buttons(run, status):
    if status in control.ACTIVE:
        asked = control.requests(run).stop
        st.button("Stopping…" if asked else "Stop", on_click=_try, args=(queue.stop, run), disabled=asked)
    if status in (Status.STOPPED, Status.FAILED, Status.INTERRUPTED):
        st.button("Resume", on_click=_try, args=(queue.start, run), type="primary")
    if checkpoints.has_weights(run):
        st.page_link("draw/page.py", label="Draw with it", query_params={"run": run.name}, width="content")


def _rate(run):
    if control.read_progress(run).get("phase") == "training":
        factor = control.requests(run).rate_factor or 1.0
        st.select_slider(
            "Learning rate ×",
            sorted({*FACTORS, factor}),
            value=factor,
            key=f"factor_{run.name}",
            on_change=_turn,
            args=(run,),
            help="Turns the learning rate while it trains; the curve marks where.",
            width=320,
        )


def _try(action, run):
    try:
        action(run)
    except store.RunError as error:
        st.session_state["complaint"] = str(error)


def _turn(run):
    _try(lambda run: control.request(run, rate_factor=st.session_state[f"factor_{run.name}"]), run)
