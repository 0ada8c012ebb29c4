"""One run, live: how far it is, its curves, what they show, and what can be done with it."""

import html

import streamlit as st

from core import jobs, runs
from core.curves import curve, hints, mean_of, rate_changes
from pages.shared import curves
from pages.shared.written import plain

LOOK_SECONDS = 1.0  # between two looks at a run that is being trained
ACTIVE = ("training", "queued")
FACTORS = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]


def run_view(run: runs.Run) -> None:
    """Show a run, and look again every LOOK_SECONDS while it is being trained or waits."""
    active = runs.status(run) in ACTIVE
    repeats = _repeats(run)
    _label(run)

    @st.fragment(run_every=LOOK_SECONDS if active else None)
    def live():
        status = runs.status(run)
        if (status in ACTIVE) != active:
            st.rerun()  # the whole page, so that looking stops or begins
        if status == "queued":
            jobs.advance()  # in case a trainer was killed before it could start the next
        _state(run, status)
        _buttons(run, status)
        _curves(run, repeats, status)

    live()


def _label(run):
    label = runs.read_label(run)
    star = "★ " if label.star else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f"<h3>{star}{html.escape(label.title or run.name)}</h3>")  # Markdown would obey a title
        with st.popover("Title, note, star"):
            title = st.text_input("Title", label.title, max_chars=60, key=f"title_{run.name}")
            note = st.text_area("Note", label.note, max_chars=2000, key=f"note_{run.name}")
            starred = st.toggle("Star", label.star, key=f"star_{run.name}")
    said = runs.Label(title, note, starred)
    if said != label:
        try:
            runs.write_label(run, said)
        except runs.RunError as error:
            st.error(f"The words could not be kept. {plain(error)}")
        else:
            if runs.read_label(run) != label:  # else nothing was left of what cannot be shown
                st.rerun()
    if label.title:
        st.caption(f"Run {plain(run.name)}")
    if label.note:
        st.text(label.note)


def _state(run, status):
    """Where the run stands, in a sentence and a bar."""
    progress = runs.read_progress(run)
    step, steps = progress.get("step", 0), run.recipe.steps
    if words := runs.warning(run):
        st.warning(plain(words))
    if status == "queued":
        ahead = [waiting.name for waiting in jobs.queue()]
        place = ahead.index(run.name) + 1 if run.name in ahead else 1
        st.info(f"Waits for a trainer: place {place} in the queue. It starts by itself.")
    elif status == "training":
        if waiting := len(jobs.queue()):
            st.caption(f"After it: {waiting} more {'run' if waiting == 1 else 'runs'} in the queue.")
        phase = progress.get("phase", "starting")
        if phase == "training":
            pace = f"{_duration(progress['seconds_left'])} left · {progress['images_per_second']:,} images/s"
            st.progress(step / steps, f"Iteration {step:,} of {steps:,} · {pace}")
        elif phase == "drawing pen strokes":
            st.progress(float(progress.get("done", 0)), "Drawing real pen strokes in many widths and slants…")
        elif phase == "measuring":
            st.progress(1.0, "Measuring its accuracy on all test images…")
        else:
            st.progress(0.0, f"{plain(phase.capitalize())}… this takes some seconds.")
    elif status == "finished":
        result = runs.read_result(run)
        if result is None:
            st.warning("It has finished, but its result cannot be read.")
            return
        took = f" in {_duration(result['seconds'])} of training" if "seconds" in result else ""
        st.success(
            f"Accuracy {result['accuracy']:.4f} ± {result['standard_error']:.4f} on {plain(result['data'])}{took}."
        )
    elif status == "uploaded":
        st.info("These weights were uploaded: they can be drawn with, and compared, but not trained further.")
    elif status == "failed":
        st.error(f"It failed. {plain(runs.failure(run))}")
        st.text(runs.log_tail(run))
    elif status == "interrupted":
        st.warning(f"Its trainer ended without a word at about iteration {step:,} of {steps:,}. Was it killed?")
        if said := runs.log_tail(run):
            st.text(said)
    else:
        st.info(f"Stopped at iteration {step:,} of {steps:,}. Resume goes on as if it had never stopped.")


def _buttons(run, status):
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if status in ACTIVE:
            asked = runs.wishes(run).stop
            st.button("Stopping…" if asked else "Stop", on_click=_try, args=(jobs.stop, run), disabled=asked)
        if status in ("stopped", "failed", "interrupted"):
            st.button("Resume", on_click=_try, args=(jobs.start, run), type="primary")
        if runs.read_progress(run).get("phase") == "training":
            st.select_slider(
                "Learning rate ×",
                FACTORS,
                value=runs.wishes(run).rate_factor or 1.0,
                key=f"factor_{run.name}",
                on_change=_turn,
                args=(run,),
                help="Turns the learning rate while it trains; the curve marks where.",
                width=320,
            )
        if runs.has_weights(run):
            st.page_link("lab/draw.py", label="Draw with it", query_params={"run": run.name})


def _try(action, run):
    try:
        action(run)
    except (runs.RunError, jobs.QueueFull) as error:
        st.session_state["complaint"] = str(error)


def _turn(run):
    _try(lambda run: runs.wish(run, rate_factor=st.session_state[f"factor_{run.name}"]), run)


def _curves(run, repeats, status):
    points = runs.read_metrics(run)
    if not points:
        if status in ACTIVE:
            st.caption("The curve begins with the first iteration.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        together = bool(repeats) and st.toggle(
            f"Mean of {len(repeats) + 1} seeds", key="mean", help="The band is one standard deviation each way."
        )
        with st.popover("Axes"):
            smoothing = st.slider("Smoothing", 0.0, 0.95, 0.0, 0.05, key="smoothing")
            log_steps = st.toggle("Logarithmic iterations", key="log_steps")
            log_loss = st.toggle("Logarithmic loss", True, key="log_loss")
            low, high = st.slider("Accuracy from, to", 0.0, 1.0, (0.0, 1.0), 0.01, key="accuracy_range")
    marks = [(step, f"learning rate × {factor:g}") for step, factor in rate_changes(points)]
    for column, name in zip(st.columns(2), ("accuracy", "loss"), strict=True):
        drawn = [
            _curve(run, points, repeats if together else [], f"{kind}_{name}", smoothing) for kind in ("test", "train")
        ]
        with column:
            curves.chart(
                drawn,
                key=f"{name}_{run.name}",
                title=name,
                last_step=run.recipe.steps,
                low=low if name == "accuracy" else None,
                high=max(high, low + 0.01) if name == "accuracy" else None,
                log_steps=log_steps,
                log_values=log_loss and name == "loss",
                marks=marks,
                alt=f"{name} of {run.name}: " + ", ".join(f"{c.label} {c.values[-1]:.4f}" for c in drawn),
            )
    last = points[-1]
    st.caption(
        f"At iteration {last['step']:,}: test accuracy {last['test_accuracy']:.4f}, train accuracy "
        f"{last['train_accuracy']:.4f}. Test is on 2,000 test images at most (500 at iteration 1), "
        "train on the current batch, as in the report."
    )
    for hint in hints(run.recipe, points):
        st.info(hint)


def _curve(run, points, repeats, quantity, smoothing):
    label = quantity.split("_")[0]
    own = curve(label, points, quantity, smoothing)
    others = [curve(label, runs.read_metrics(other), quantity, smoothing) for other in repeats]
    return mean_of(label, [own, *(other for other in others if len(other.steps))]) if others else own


def _repeats(run):
    """Other runs of the same recipe but for the seed."""
    unlike = ("seed",)
    wanted = {name: value for name, value in run.recipe.as_dict().items() if name not in unlike}
    return [
        other
        for other in runs.list_runs()
        if other.name != run.name
        and other.recipe.seed != run.recipe.seed
        and {name: value for name, value in other.recipe.as_dict().items() if name not in unlike} == wanted
    ]


def _duration(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
