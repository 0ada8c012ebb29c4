"""The mistakes page without a browser, then in one: what it says is what can be counted, and a click takes it along."""

import re
import shutil
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import evaluation
from core.images import mnist
from core.insight import calibration, mcnemar, mistakes, readings
from core.model import answers
from core.runs import checkpoints, results, store
from tests.harness.needs import PATIENCE_SECONDS
from tests.harness.server import REPOSITORY, chromium, open_page, serving
from tests.pages.test_draw_page import html, told  # noqa: F401

DATA = mnist.embedded()
SECTIONS = ("What it takes for what", "Accuracy", "Is it as sure as it is right?", "Two networks")


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """An empty folder of runs."""
    monkeypatch.setattr(store, "ROOT", tmp_path)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield tmp_path
    st.cache_resource.clear()
    st.cache_data.clear()


def ship(*names):
    """Copies of shipped runs that know their answers to the embedded images, so that each test is quick."""
    folders = [shutil.copytree(REPOSITORY / "checkpoints" / name, store.ROOT / name) for name in names]
    for name, folder in zip(names, folders, strict=True):
        checkpoints.save_answers(store.read(folder), answers_of(name).tensors(), "embedded")
    return folders


@cache
def answers_of(name):
    """The answers of a shipped run to the embedded test images."""
    run = store.read(REPOSITORY / "checkpoints" / name)
    return answers.of_digits(run.network, checkpoints.load_weights(run), DATA.test_images)


def page(run=None, section=SECTIONS[0], **query):
    app = AppTest.from_file("../../pages/mistakes/page.py", default_timeout=PATIENCE_SECONDS)
    app.query_params["mistakes"] = section
    for name, value in ({"run": run} if run else {}).items() | query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def said(app):
    kinds = (app.markdown, app.caption, app.subheader, app.info, app.error, app.warning)
    return " ".join(element.value for kind in kinds for element in kind) + html(app)


def gallery(app):
    """The captions in the gallery, in order."""
    labels = [button.label for button in app.button if re.fullmatch(r"(mistake|differ)_\d+", button.key or "")]
    return [label.split(") ", 1)[1] for label in labels]


def test_without_a_checkpoint_it_says_what_to_do():
    assert "Train a network on the Train page" in said(page())


def test_a_damaged_checkpoint_is_said():
    (folder,) = ship("tiny-seed2")
    (folder / "weights.safetensors").write_bytes(b"damaged")
    assert "This checkpoint cannot be loaded" in said(page())


def test_offline_it_judges_by_the_embedded_images_and_says_so():
    (folder,) = ship("tiny-seed2")
    kept = REPOSITORY / "checkpoints" / "tiny-seed2" / "answers.safetensors"
    shutil.copy(kept, folder)  # those to the full test set, which this machine has not
    measured = evaluation.judge(answers_of("tiny-seed2"), DATA)
    app = page()
    assert f"<b>{measured.accuracy:.4f}</b> ± {measured.standard_error:.4f}" in said(app)
    assert (folder / kept.name).read_bytes() == kept.read_bytes()
    assert "the 1,000 embedded test digits" in said(app) and "the full MNIST is not at" in said(app)


@pytest.mark.parametrize("name", ["sum", "sum_posterior", "deep-seed1"])
def test_with_the_full_set_the_headline_is_the_measured_accuracy(name, full_in_cache):
    shutil.copytree(REPOSITORY / "checkpoints" / name, store.ROOT / name)
    result = results.read(store.read(store.ROOT / name))
    assert f"<b>{result['accuracy']:.4f}</b> ± {result['standard_error']:.4f}" in said(page())


def test_a_cell_shows_its_mistakes_the_most_confident_first():
    ship("reduced-seed1")
    found = readings.of_digits(answers_of("reduced-seed1"), DATA.test_labels)
    counts = mistakes.confusion(found)
    app = page()
    wrong = int((~found.right).sum())
    assert f"<b>{wrong}</b> of 1,000 digits" in said(app) and len(gallery(app)) == 24
    app.button(key="mistake_more").click().run()
    assert len(gallery(app)) == 48
    ((true, answered, count),) = mistakes.most_confused(counts, 1)
    assert f"Most often: {true} read as {answered} ({count})" in said(app)
    app.selectbox(key="true").select(true).run()
    app.selectbox(key="answered").select(answered).run()
    shown = gallery(app)
    assert len(shown) == min(24, count)
    assert all(caption.startswith(f"{true}, read as **{answered}**") for caption in shown)
    sure = [float(re.search(r"([\d.]+)% sure", caption)[1]) for caption in shown]
    assert sure == sorted(sure, reverse=True)
    app.selectbox(key="answered").select(true).run()
    assert f"{true} read as {true} is right" in said(app) and not gallery(app)


def test_a_cell_in_the_link_that_another_network_has_not_is_left_out():
    ship("sum_posterior", "tiny-seed2")
    app = page(true="15", answered="8")
    assert app.selectbox(key="true").value == 15
    app.selectbox(key="run").select("tiny-seed2").run()
    assert not app.exception and app.selectbox(key="true").value is None and app.selectbox(key="answered").value == 8


def test_accuracy_by_digit_pair_is_that_of_all_pairings():
    ship("sum_posterior", "tiny-seed2")
    for name in ("sum_posterior", "tiny-seed2"):
        tally = readings.tally(answers_of(name), DATA.test_labels)
        app = page(name, "Accuracy")
        assert f"7 + 5: {tally.rights[7, 5]} of {tally.pairs[7, 5]} right" in html(app)
        worst = np.nanargmin(tally.shares)
        assert f"Weakest: **{worst // 10} + {worst % 10}**" in said(app)
    assert f"with accuracy **{tally.accuracy:.4f}**" in said(app)


def test_calibration_is_told_with_its_error_and_judged_on_the_other_half():
    ship("reduced-seed1")
    found = readings.of_digits(answers_of("reduced-seed1"), DATA.test_labels)
    measured = calibration.calibration(found.confidence, found.right)
    fit, judge = calibration.halves(found)
    temperature = calibration.fit_temperature(fit)
    app = page(section=SECTIONS[2])
    assert f"Calibration error {measured.error:.2%} ± {measured.standard_error:.2%}" in said(app)
    assert f"{found.confidence.mean():.2%} sure and {found.accuracy:.2%} right" in said(app)
    assert "surer than it is right" in said(app)  # it met 250 images
    after = calibration.log_losses(calibration.tempered(judge, temperature)).mean()
    row = f"<td>{calibration.log_losses(judge).mean():.4f}</td><td>{after:.4f}</td>"
    assert f"Temperature {temperature:.2f}" in said(app) and row in html(app)
    app.toggle(key="tempered").set_value(True).run()
    assert f"of {len(judge.truth)}. The lines" in said(app)


def test_one_network_alone_is_not_compared():
    ship("tiny-seed2")
    assert "only network with a checkpoint" in said(page(section="Two networks"))


def test_two_networks_of_digits_are_compared_on_the_same_digits():
    ship("tiny-seed2", "reduced-seed1")
    both = [readings.of_digits(answers_of(name), DATA.test_labels) for name in ("tiny-seed2", "reduced-seed1")]
    result = mcnemar.paired(*(each.right for each in both))
    app = page("tiny-seed2", "Two networks", versus="reduced-seed1")
    for count in (result.only_first, result.only_second):
        assert f"<td><b>{count}</b></td>" in html(app)
    assert "A is better by" in said(app) and "more than chance would do" in said(app) and result.p_value < 0.05
    for kind, count in (
        ("Only A is right", result.only_first),
        ("Only B is right", result.only_second),
        ("Both are wrong", result.both_wrong),
    ):
        app.segmented_control(key="differ").set_value(kind).run()
        assert f"{count} digits, those first" in said(app) and len(gallery(app)) == min(24, count)


def test_a_network_of_digits_reads_pairs_beside_one_of_sums():
    ship("sum_posterior", "tiny-seed2")
    both = [readings.of_disjoint_pairs(answers_of(name), DATA.test_labels) for name in ("sum_posterior", "tiny-seed2")]
    for first, second in ((0, 1), (1, 0)):
        result = mcnemar.paired(both[first].right, both[second].right)
        app = page(("sum_posterior", "tiny-seed2")[first], "Two networks")
        assert "the same 500 pairs" in said(app) and "tiny-seed2 reads one digit at a time" in said(app)
        assert f"<td><b>{result.only_first}</b></td>" in html(app)


def test_weights_that_cannot_be_compared_are_said():
    _, damaged = ship("sum_posterior", "tiny-seed2")
    (damaged / "weights.safetensors").write_bytes(b"damaged")
    assert "tiny-seed2 cannot be loaded" in said(page("sum_posterior", "Two networks"))


def test_a_pair_goes_to_the_draw_page_with_its_network(told):  # noqa: F811
    ship("sum_posterior", "sum")
    app = AppTest.from_file("../../pages/navigation.py", default_timeout=PATIENCE_SECONDS).run()
    app.switch_page("mistakes/page.py").run()
    app.selectbox(key="run").select("sum").run()
    top, bottom = re.match(r"(\d) \+ (\d) = ", gallery(app)[0]).groups()
    app.button(key="mistake_0").click().run()
    assert not app.exception and app.selectbox(key="run").value == "sum"
    assert f"The true sum is {int(top) + int(bottom)}: {top} + {bottom}." in html(app)
    app.switch_page("draw/page.py")  # where the app is already, but not the test
    for half in ("top", "bottom"):
        app.button(key=f"{half}_undo").click().run()
    assert "Draw two digits" in html(app)


def test_in_a_browser_a_cell_is_clicked_and_then_a_digit_which_undo_takes_back(root):
    ship("sum_posterior", "reduced-seed1")
    found = readings.of_digits(answers_of("reduced-seed1"), DATA.test_labels)
    ((true, answered, count),) = mistakes.most_confused(mistakes.confusion(found), 1)
    log = root / "log"
    with serving(REPOSITORY / "app.py", log, DIGIT_SUM_LAB_RUNS=str(root)) as server, chromium() as browser:
        page = open_page(browser, viewport={"width": 1400, "height": 950})
        page.goto(f"{server.url}/mistakes?run=reduced-seed1")
        cell = page.locator("[data-testid=stVegaLiteChart] .mark-rect path").nth(10 * true + answered)
        cell.scroll_into_view_if_needed()
        box = cell.bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.get_by_text(f"{count} mistakes of a true {true} answered as {answered}").wait_for()
        page.get_by_role("radio", name="bottom").click()
        page.locator(".st-key-mistake_gallery button").first.press("Enter")
        page.locator(".answer").filter(has_text="Now draw the other digit").wait_for()
        assert page.get_by_role("combobox", name="Network").input_value().startswith("reduced-seed1")
        page.wait_for_function("document.activeElement.matches('h1')")  # the keyboard goes on where the page begins
        page.locator(".st-key-bottom_half").get_by_role("button", name="Undo").click()
        page.locator(".answer").filter(has_text="Draw two digits").wait_for()
        loaded = Path(f"/proc/{server.pid}/maps").read_text() if sys.platform == "linux" else ""
        assert "/pyarrow/" not in loaded and "/tensorflow/" not in loaded  # pages/shared/charts.py
    assert "Traceback" not in log.read_text(), log.read_text()
