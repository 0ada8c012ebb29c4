"""The draw page without a browser: what it says where there is no checkpoint, a damaged one, or a strange canvas."""

import base64
import io
import re
import shutil
import subprocess
import sys
import time
import types

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.images import mnist
from core.runs import checkpoints as run_checkpoints
from core.runs import results, store
from pages.draw import frame
from tests.harness.needs import PATIENCE_SECONDS
from tests.harness.server import REPOSITORY
from tests.harness.visits import visit

BLANK = np.zeros((280, 280, 4), np.uint8)
MOST_SECONDS = 2  # of a processor, for an answer: ten times what is promised, so that only a fault fails


@pytest.fixture
def checkpoints(tmp_path, monkeypatch):
    shutil.copytree(REPOSITORY / "checkpoints" / "sum_posterior", tmp_path / "sum_posterior")
    monkeypatch.setattr(store, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def told(monkeypatch):
    """What each half's component tells from the next rerun on: its drawing, as a real one puts it into the session.

    The component's package can only be imported where a server has found its files, so a stand-in takes its place;
    test_browser.py has the real one.
    """
    answers = {"top": None, "bottom": None}
    package = types.ModuleType("streamlit_drawable_canvas")
    package.st_canvas = None
    monkeypatch.setitem(sys.modules, "streamlit_drawable_canvas", package)
    from pages.draw import canvas

    def stand_in(key, background_color, **options):
        drawing = answers[key.removesuffix("_canvas")]
        if isinstance(drawing, dict) and isinstance(drawing.get("raw"), dict):
            drawing = {**drawing, "raw": {"background": background_color, **drawing["raw"]}}
        st.session_state[key] = {"drawing": drawing}

    monkeypatch.setattr(canvas, "st_canvas", stand_in)
    return answers


def page():
    app = AppTest.from_file("../../pages/navigation.py", default_timeout=PATIENCE_SECONDS).run().run()
    assert not app.exception
    return app


def texts(app):
    return " ".join(element.value for kind in (app.info, app.error, app.warning) for element in kind) + html(app)


def html(app):
    """All that the page shows with st.html."""
    return " ".join(element.proto.body for element in app.get("html"))


def networks(app):
    """What can be chosen among, shortened to name and accuracy."""
    return [re.sub(" · .* · ", " ", label) for label in app.selectbox(key="run").options]


def test_a_checkpoint_is_offered_as_soon_as_it_is_saved_and_measured_and_no_longer(checkpoints, told):
    new = checkpoints / "new"
    (checkpoints / "gone").symlink_to(checkpoints / "nowhere")  # what else lies there does not matter
    shutil.copytree(
        checkpoints / "sum_posterior", new, ignore=shutil.ignore_patterns(run_checkpoints.WEIGHTS, "result.json")
    )
    app = page()
    assert [name.split()[0] for name in networks(app)] == ["sum_posterior"]
    shutil.copy(checkpoints / "sum_posterior" / run_checkpoints.WEIGHTS, new / run_checkpoints.WEIGHTS)
    assert networks(app.run())[1:] == ["new stopped"]
    measured = {"accuracy": 0.9999, "standard_error": 0.0, "data": "", "steps": 1}
    for run, pen_accuracy in ((store.read(checkpoints / "sum_posterior"), 0.98), (store.read(new), 0.97)):
        results.write(run, measured | {"pen_accuracy": pen_accuracy})
    assert networks(app.run())[1] == "new accuracy 0.9999"  # the one that reads hands best comes first
    results.write(store.read(new), measured | {"accuracy": 0.9, "pen_accuracy": 0.99})
    assert networks(app.run())[0] == "new accuracy 0.9000"
    shutil.rmtree(new)
    assert [name.split()[0] for name in networks(app.run())] == ["sum_posterior"]


def told_drawing(objects, rgba):
    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, "PNG")
    url = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    return {"raw": {"objects": objects}, "data": url}


def digit(place):
    """A canvas with a digit of the embedded test set, and its label."""
    data, rgba = mnist.embedded(), BLANK.copy()
    rgba[..., 3] = np.asarray(Image.fromarray(data.test_images[place]).resize((280, 280)))
    return told_drawing([{"type": "Path", "place": place}], rgba), int(data.test_labels[place])


@pytest.fixture
def two_digits(told):
    (told["top"], top), (told["bottom"], bottom) = digit(0), digit(1)
    return f"The sum is <b>{top + bottom}</b>"


def test_no_checkpoint_says_what_to_do(tmp_path, told, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    assert "Train one with `python -m core train" in texts(page())


def test_damaged_checkpoint_is_said_and_another_can_be_chosen(checkpoints, told):
    weights = checkpoints / "sum_posterior" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    said = texts(page())
    assert "This checkpoint cannot be loaded" in said and "Choose another network" in said


def test_two_digits_are_added(checkpoints, two_digits):
    assert two_digits in html(page())


def test_clear_is_undone_by_undo(checkpoints, two_digits):
    app = page()
    app.button(key="top_clear").click().run()
    assert "Now draw the other digit" in html(app)
    app.button(key="top_undo").click().run()
    assert two_digits in html(app)


def test_undo_waits_for_something_to_undo(checkpoints, told):
    app = page()
    assert app.button(key="top_undo").disabled
    told["top"], _ = digit(0)
    app.run().run()
    assert not app.button(key="top_undo").disabled


def test_a_stroke_that_comes_with_the_click_is_the_one_undone(checkpoints, told, two_digits):
    app = page()
    (more, _), background = digit(2), app.session_state["top_background"]
    late = {**more, "raw": {"objects": [{"type": "Path"}, {"type": "Path"}], "background": background}}
    app.session_state["top_canvas"] = {"drawing": late}
    app.button(key="top_undo").click().run()
    assert two_digits in html(app)
    # the same report once more, from before the canvas started again, is late and changes nothing
    told["top"] = late
    app.run().run()
    assert two_digits in html(app)


def test_swapping_blank_canvases_and_clearing_them_twice_does_no_harm(checkpoints, told):
    app = page()
    for label in ("Swap", "Clear both", "Clear both", "Swap"):
        next(button for button in app.button if button.label == label).click().run()
        assert not app.exception and "Draw two digits" in html(app)


@pytest.mark.parametrize(
    "strange",
    [
        None,
        "text",
        {"raw": "text", "data": "text"},
        {"raw": {"objects": "text"}, "data": told_drawing([], BLANK)["data"]},
        {"raw": {"objects": [1, 2]}, "data": told_drawing([], BLANK)["data"]},
        {"raw": {"objects": [{}] * 100_000}, "data": told_drawing([], BLANK)["data"]},
        {"raw": {"objects": [{}]}, "data": None},
        {"raw": {"objects": [{}]}, "data": "data:image/png;base64,AAAA"},
        {"raw": {"objects": [{}]}, "data": 7},
        told_drawing([{}], np.full((3, 3, 4), 255, np.uint8)),
        told_drawing([{}], BLANK),
        told_drawing([{}], np.full((280, 280, 4), 255, np.uint8)),
        told_drawing([{"type": "Image"}], BLANK),
    ],
)
def test_strange_canvas_is_nothing_drawn(checkpoints, told, strange):
    told["top"] = strange
    app = page()
    assert "Draw two digits" in html(app)
    next(button for button in app.button if button.label == "Swap").click().run()
    assert not app.exception


def ink(*places):
    """Canvas pixels with opaque ink at places."""
    rgba = BLANK.copy()
    for place in places:
        rgba[place] = 255
    return rgba


EVERYWHERE, CORNER = (slice(None), slice(None)), (slice(0, 9), slice(-9, None))
CANVASES = {
    "all ink": (1, ink(EVERYWHERE)),
    "one pixel": (1, ink((140, 140))),
    "off the edge": (1, ink(CORNER)),
    "5,000 points": (1, ink((slice(20, 260), slice(130, 150)))),
    "50 strokes at once": (50, ink((slice(20, 260), slice(130, 150)), (slice(30, 50), slice(90, 190)))),
    "noise": (3, np.random.default_rng(0).integers(0, 256, (280, 280, 4), np.uint8)),
}


@pytest.mark.parametrize("name", CANVASES)
def test_any_canvas_is_answered_at_once(checkpoints, told, name):
    strokes, rgba = CANVASES[name]
    path = [["L", x / 20, 140] for x in range(5000 // strokes)]
    told["bottom"], _ = digit(1)
    app = page()
    told["top"] = told_drawing([{"type": "Path", "path": path}] * strokes, rgba)
    app.run()  # the browser tells of the strokes
    began = time.process_time()
    app.run()
    assert time.process_time() - began < MOST_SECONDS and not app.exception
    assert re.search(r"The sum is <b>\d+</b>|Now draw the other digit", html(app))


def test_a_test_digit_of_any_class_can_be_chosen_for_each_half(checkpoints, told):
    app = page()
    for digit_above, digit_below in ((0, 9), (7, 7), (7, 1)):  # the same class once more is another choice
        app.segmented_control(key="top_class").set_value(digit_above).run()
        app.segmented_control(key="bottom_class").set_value(digit_below).run()
        assert not app.exception
        assert f"The true sum is {digit_above + digit_below}: {digit_above} + {digit_below}." in html(app)


def test_undo_by_key_goes_back_change_by_change_in_whichever_half_it_was(checkpoints, two_digits):
    app = page()
    for button in ("clear_both", "top_clear"):
        app.button(key=button).click().run()
    assert "Draw two digits" in html(app)
    for _ in range(2):  # the key presses the button that the page names
        last = re.search('last-changed" data-half="(.*?)"', html(app))[1]
        app.button(key=f"{last}_undo").click().run()
    assert two_digits in html(app)


def test_unknown_run_in_the_link_is_said(checkpoints, told):
    app = AppTest.from_file("../../pages/navigation.py", default_timeout=PATIENCE_SECONDS)
    app.query_params["run"] = "nowhere"
    app.run()
    assert not app.exception
    assert "There is no checkpoint 'nowhere' here. Showing sum_posterior instead." in texts(app)


def test_a_run_can_be_named_in_the_link_by_its_name_or_by_the_label_of_another_day(checkpoints, told):
    shutil.copytree(checkpoints / "sum_posterior", checkpoints / "other")
    for asked in ("other", "other · 3.3 M parameters · accuracy 0.1234"):
        app = AppTest.from_file("../../pages/navigation.py", default_timeout=PATIENCE_SECONDS)
        app.query_params["run"] = asked
        app.run().run()
        assert not app.exception and not app.warning
        assert app.selectbox(key="run").value == "other"


@pytest.mark.parametrize("address", ["", "inside", "mistakes"])
def test_the_link_just_opened_beats_the_choice_that_the_session_remembers(checkpoints, told, address):
    shutil.copytree(checkpoints / "sum_posterior", checkpoints / "other")
    for remembered, asked in (("sum_posterior", "other"), ("other", "sum_posterior")):  # the first in the list too
        app = visit(address)
        app.session_state["run"] = remembered
        app.query_params["run"] = asked
        app.run().run()
        assert not app.exception and app.selectbox(key="run").value == asked


def test_what_the_pages_need_of_core_brings_no_tensorflow():
    modules = ["evaluation", "images.ink", "images.mnist", "model.forward", "model.networks", "recipe", "runs"]
    code = f"import sys, {', '.join(f'core.{name}' for name in modules)}; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY).returncode == 0


def test_a_drawing_that_is_no_digit_is_doubted_and_a_test_digit_never(checkpoints, told):
    # two digits in one frame, each squeezed to half of it
    data, rgba = mnist.embedded(), BLANK.copy()
    both = [np.asarray(Image.fromarray(data.test_images[place]).resize((140, 280))) for place in (3, 4)]
    rgba[..., 3] = np.concatenate(both, axis=1)
    told["top"] = told_drawing([{"type": "Path"}], rgba)
    assert "It does not look like one digit." in html(page())
    told["bottom"], _ = digit(0)
    assert "The first drawing does not look like one digit." in html(page())
    told["top"], _ = digit(1)
    assert "does not look like" not in html(page())


@pytest.mark.parametrize(
    "told",
    [
        None,
        "text",
        {},
        {"crop": None},
        {"crop": "0011"},
        {"crop": [0, 0, 1]},
        {"crop": [0, 0, 1, "1"]},
        {"crop": [0, 0, 1, [1]]},
        {"crop": [0, 0, 1, float("nan")]},
        {"crop": [0.5, 0, 0.5, 1]},
        {"crop": [0, -1, 1, 1]},
        {"crop": [0, 0, 10**400, 1]},
    ],
)
def test_a_forged_frame_is_the_whole_picture(told, monkeypatch):
    monkeypatch.setattr(st, "session_state", {"frame": told})
    assert frame.moved_to("frame") == (0, 0, 1, 1)


def test_a_frame_is_where_it_was_moved_to(monkeypatch):
    monkeypatch.setattr(st, "session_state", {"frame": {"crop": [0, 0.25, 1, 0.5]}})
    assert frame.moved_to("frame") == (0, 0.25, 1, 0.5)
    assert frame.moved_to("another") == (0, 0, 1, 1)
