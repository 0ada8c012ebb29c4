"""A visitor in a real browser corrects sums until the network reads their hand, and holds paper before the camera."""

import shutil

import numpy as np
import pytest
from PIL import Image

from core.images import pen
from core.images.ink import drawn_digit
from core.model.answers import of_digits
from core.runs import checkpoints, store
from tests.harness.drawing import answer, arrive, click, draw
from tests.harness.needs import wait_until
from tests.harness.paper import PAPER, sheet
from tests.harness.server import REPOSITORY, chromium, open_page, serving


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder of runs that has the shipped one that is taught."""
    folder = tmp_path_factory.mktemp("runs")
    shutil.copytree(REPOSITORY / "checkpoints" / "sum_posterior", folder / "sum_posterior")
    return folder


@pytest.fixture(scope="module")
def server(runs, tmp_path_factory):
    log = tmp_path_factory.mktemp("server") / "log"
    with serving(REPOSITORY / "app.py", log, DIGIT_SUM_LAB_RUNS=str(runs)) as server:
        yield server
        assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="module")
def browser(paper):
    """A Chromium whose camera looks at the sheet of paper."""
    film = f"--use-file-for-fake-video-capture={paper / 'camera.y4m'}"
    with chromium("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", film) as browser:
        yield browser


def opened(browser, server, **options):
    page = open_page(browser, **options)
    arrive(page, f"{server.url}/?run=sum_posterior")
    return page


@pytest.fixture(scope="module")
def misread():
    """Three pairs (top, bottom) of held-out writers' digits, the top one misread by `sum_posterior`, the other not."""
    run = store.read(store.locate("sum_posterior"))
    digits = pen.held_out()[::2]
    images = np.stack([drawn_digit(pen.draw(digit.strokes)) for digit in digits])
    read = of_digits(run.network, checkpoints.load_weights(run), images).top
    wrong = read.argmax(axis=1) != [digit.label for digit in digits]
    sure = ~wrong & (read.max(axis=1) > 0.99)
    clearly = [digits[i] for i in np.flatnonzero(wrong) if read[i].max() > 0.9]
    assert len(clearly) >= 3
    return list(zip(clearly[:3], [digits[i] for i in np.flatnonzero(sure)], strict=False))


def draw_pair(page, pair):
    click(page, "Clear both")
    answer(page, "Draw two digits")
    for half, digit in zip(("top", "bottom"), pair, strict=True):
        draw(page, half, pen.centred(digit.strokes))
        answer(page, "Now draw the other digit" if half == "top" else r"The sum is \d+")
    return int(answer(page, r"The sum is \d+").split()[-1])


def test_three_corrected_pairs_are_right_then_undone_forgotten_and_kept(browser, server, runs, misread):
    page = opened(browser, server, viewport={"width": 1366, "height": 900})
    corrected = 0
    for count, pair in enumerate(misread, 1):
        total = sum(digit.label for digit in pair)
        if draw_pair(page, pair) == total:  # what it learned before served here, too
            page.get_by_role("button", name="Right", exact=True).click()
        else:
            corrected += 1
            page.get_by_role("button", name="Not right?").click()
            page.locator(".st-key-true_sum button").nth(total).click()
        page.get_by_text(f"Learned from {count} pair").wait_for()
        answer(page, rf"The sum is {total}\b")
        page.keyboard.press("Escape")
        assert page.get_by_role("button", name="Right", exact=True).is_disabled()  # it was told
    assert corrected
    for pair in misread:  # it knows them all, not the last alone
        assert draw_pair(page, pair) == sum(digit.label for digit in pair)
    page.get_by_text(f"It reads {len(misread)} of them now, 0 before").wait_for()
    page.get_by_text("What the last pair taught").click()
    assert page.locator(".signed-bars").count() == 2

    page.get_by_role("button", name="Keep as a run").click()
    page.get_by_label("Title").fill("My *own* hand")
    page.get_by_role("button", name="Keep it").click()
    page.get_by_text("Kept as My *own* hand").wait_for()
    kept = next(run for run in store.list_runs(runs) if run.data_name == store.TAUGHT)
    assert "sum_posterior" in kept.data and "3 pairs" in kept.data

    page.get_by_role("button", name="Undo the last pair").click()
    page.get_by_text("Learned from 2 pairs").wait_for()
    page.get_by_role("button", name="Forget my hand").click()
    page.get_by_text("2 pairs of yours forgotten.").wait_for()
    page.locator(".st-key-unforget button").click()
    page.get_by_text("Learned from 2 pairs").wait_for()
    page.get_by_role("button", name="Forget my hand").click()
    page.get_by_text("Learned from").wait_for(state="hidden")
    assert draw_pair(page, misread[0]) != sum(digit.label for digit in misread[0])

    page.goto(f"{server.url}/mistakes?run={kept.name}")
    wait_until(lambda: page.get_by_label("Network").first.input_value().startswith("My *own* hand"))
    page.context.close()


def test_by_keyboard_the_focus_stays_on_the_sum_that_was_told(browser, server, misread):
    page = opened(browser, server, viewport={"width": 1366, "height": 900})
    draw_pair(page, misread[0])
    focused = "document.activeElement.closest('.st-key-true_sum') && document.activeElement.innerText.trim()"
    for told in ("1", "2"):  # the first time MNIST is looked at again, with a bar; then it is remembered
        page.get_by_role("button", name="Not right?").focus()
        page.keyboard.press("Enter")
        page.locator(".st-key-true_sum").wait_for()
        page.locator(".st-key-true_sum button").first.focus()
        for _ in range(int(told)):
            page.keyboard.press("ArrowRight")
        assert page.evaluate(focused) == told
        page.keyboard.press("Enter")
        page.get_by_text("Learned from 1 pair").wait_for()
        page.wait_for_function("document.querySelector('[data-test-script-state=notRunning]')")
        assert page.evaluate(focused) == told
        page.keyboard.press("Escape")
        page.wait_for_function("document.activeElement.innerText.startsWith('Not right?')")
        page.get_by_role("button", name="Undo the last pair").focus()
        page.keyboard.press("Enter")
        page.get_by_text("Learned from 1 pair").wait_for(state="hidden")
    page.context.close()


def test_one_visitors_hand_is_not_another_visitors(browser, server, misread):
    pages = [opened(browser, server, viewport={"width": 1366, "height": 900}) for _ in "ab"]
    first, second = misread[0], sum(digit.label for digit in misread[0])
    for page in pages:
        before = draw_pair(page, first)
    pages[0].get_by_role("button", name="Not right?").click()
    pages[0].locator(".st-key-true_sum button").nth(second).click()
    answer(pages[0], rf"The sum is {second}\b")
    assert draw_pair(pages[1], first) == before != second
    assert not pages[1].get_by_text("Learned from").count()
    for page in pages:
        page.context.close()


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    """Chromium's fake camera holds a sheet of paper with a 3 and, right of it, a 5, lit from the left."""
    three_and_five = sheet({3: (110, 160), 5: (370, 160)})
    folder = tmp_path_factory.mktemp("paper")
    three_and_five.save(folder / "sheet.png")
    chroma = np.full((2, 240 * 320), 128, np.uint8).tobytes()
    frame = b"FRAME\n" + three_and_five.tobytes() + chroma
    (folder / "camera.y4m").write_bytes(b"YUV4MPEG2 W640 H480 F5:1 Ip A1:1 C420jpeg\n" + 3 * frame)
    return folder


def test_paper_before_the_camera_is_read(browser, server):
    page = opened(browser, server, viewport={"width": 1366, "height": 900}, permissions=["camera"])
    click(page, "From paper")
    page.get_by_text("Use the camera").click()
    page.wait_for_function("document.querySelector('video')?.readyState === 4")
    page.get_by_role("button", name="Take Photo").click()
    page.get_by_role("button", name="Read them").click()
    answer(page, r"The sum is 8\b")
    page.context.close()


def test_a_picture_that_lies_on_its_side_is_refused_in_words_and_turned(browser, server, paper, tmp_path):
    """Turned by a quarter, the 3 and the 5 stand above each other and are no digits that anybody writes."""
    page = opened(browser, server, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    Image.open(paper / "sheet.png").rotate(90, expand=True).save(tmp_path / "turned.png")
    Image.new("L", (600, 400), PAPER).save(tmp_path / "empty.png")
    click(page, "From paper")
    chooser = page.locator(".st-key-paper_file input[type=file]")
    chooser.set_input_files(tmp_path / "empty.png")
    page.get_by_text("nothing is drawn in it").wait_for()
    chooser.set_input_files(tmp_path / "turned.png")
    page.get_by_role("button", name="Read them").wait_for()
    page.get_by_role("button", name="Turn", exact=True).click()
    sheets = "[...document.querySelectorAll('.picture-frame img')]"
    lies = f"{sheets}.some(sheet => sheet.naturalWidth > sheet.naturalHeight)"
    page.wait_for_function(lies)
    page.get_by_role("button", name="Read them").click()
    answer(page, r"The sum is 8\b")
    page.context.close()
