"""One neuron on points of the plane: train it, push it dead with its bias, and try what revives it."""

import time
from dataclasses import dataclass, field, replace

import numpy as np
import streamlit as st

from core.theory import relu
from core.theory.relu import Activation, Neuron
from pages.shared.one_of import one_of
from pages.theory.relu import neuron_facts, plane
from pages.theory.relu.loss_curve import loss_curve

START = Neuron((0.8, -0.6), 0.2)
BIASES = (-6.0, 3.0)
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
LONG, FRAMES, FRAME_SECONDS = 500, 20, 0.03  # steps of a training that one can watch, in under a second
MOST_STEPS = 20_000  # whose losses are kept


@dataclass
class Course:
    """What a visitor's neuron has been through: itself, its points, its loss before each step and now."""

    seed: int = 0
    neuron: Neuron = START
    losses: list[float] = field(default_factory=list)
    # the steps trained last, with which activation, and by how much they moved w and b at most
    last: tuple[int, Activation, float] | None = None


@st.fragment
def show() -> None:
    course = st.session_state.setdefault("course", Course())
    points = relu.two_classes(course.seed)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = one_of(
            st.segmented_control,
            "Activation",
            relu.ACTIVATIONS,
            "activation",
            default="ReLU",
            bind="query-params",
            persist_state="session",
        )
        slope = 0.0
        if name == "leaky ReLU":
            slope = st.slider("Slope below zero", 0.01, 0.3, 0.1, 0.01, key="slope", persist_state="session", width=240)
        rate = st.select_slider("Learning rate", RATES, 0.3, key="neuron_rate", persist_state="session", width=240)
        pushed = st.container(width=300)  # its slider comes after the training, which moves it
    activation = Activation(name, slope)
    asked = st.session_state.pop("neuron_steps", 0)
    with st.container(horizontal=True):
        for steps in (1, 20, LONG):
            label = "1 step" if steps == 1 else f"{steps} steps"
            st.button(label, on_click=_ask, args=(steps,), type="primary" if steps == LONG else "secondary")
        st.button("Push it dead", on_click=_push, help="A bias so low that w·x + b is negative at every point.")
        st.button("Start again", on_click=_restart, args=(0,))
        st.button("Other points", on_click=_restart, args=(1,))

    left, right = st.columns([2, 3], gap="large")
    with left:
        picture = st.empty()
    with right:
        numbers = st.empty()
    if asked:
        _train(course, activation, points, rate, asked, picture, numbers)
    _draw(course, activation, points, picture, numbers)
    with pushed:
        st.session_state.bias = min(max(round(course.neuron.b, 2), BIASES[0]), BIASES[1])
        st.slider("Bias b, to push by hand", *BIASES, step=0.05, key="bias", on_change=_set_bias)


def _ask(steps):
    st.session_state.neuron_steps = steps


def _push():
    course = st.session_state.course
    course.neuron, course.last = relu.push_dead(course.neuron, relu.two_classes(course.seed)), None


def _restart(seeds_on):
    st.session_state.course = Course(st.session_state.course.seed + seeds_on)


def _set_bias():
    course = st.session_state.course
    course.neuron, course.last = replace(course.neuron, b=float(st.session_state.bias)), None


def _train(course, activation, points, rate, steps, picture, numbers):
    """Take the steps; many of them so that one can watch."""
    before = np.array([*course.neuron.w, course.neuron.b])
    for step in range(steps):
        course.losses.append(relu.loss(course.neuron, activation, points))
        course.neuron = relu.descend(course.neuron, activation, points, rate)
        moved = np.abs(np.array([*course.neuron.w, course.neuron.b]) - before).max()
        course.last = (step + 1, activation, float(moved))
        if steps == LONG and (step + 1) % (LONG // FRAMES) == 0:
            _draw(course, activation, points, picture, numbers)
            time.sleep(FRAME_SECONDS)
    del course.losses[:-MOST_STEPS]


def _draw(course, activation, points, picture, numbers):
    picture.html(plane.neuron(course.neuron, activation, points))
    last = course.last[::2] if course.last is not None and course.last[1] == activation else None
    curve = loss_curve(course.losses) if course.losses else "<p>Train it to see its loss.</p>"
    numbers.html(neuron_facts.facts(course.neuron, activation, points, last) + curve)
