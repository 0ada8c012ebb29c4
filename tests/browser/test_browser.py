"""A visitor in a real browser draws real pen strokes on the real canvases and reads the sum."""

import contextlib
import math
import os
import re
import sys
from pathlib import Path

import pytest
from PIL import Image

from core.images import mnist
from core.runs import results, store
from tests.harness import pen
from tests.harness.drawing import answer, arrive, canvas, click, draw, draw_sample
from tests.harness.needs import eventually, wait_until
from tests.harness.server import REPOSITORY, free_port, open_page, serving

APP = REPOSITORY / "app.py"
SHIPPED = ("sum", "pen-sum_linear-seed1", "sum_posterior")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(APP, tmp_path_factory.mktemp("server") / "log") as server:
        yield server
        assert "Traceback" not in server.log and "Error" not in server.log, server.log


@pytest.fixture
def page(browser, server):
    yield from opened(browser, server.url, viewport={"width": 1400, "height": 950})


@pytest.fixture
def phone(browser, server):
    yield from opened(browser, server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)


def opened(browser, url, **options):
    """A page at `url` whose canvases are ready; at the end its console must be without errors."""
    page, errors = open_page(browser, **options), []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    arrive(page, url)
    yield page
    assert not errors
    page.context.close()


def first_of(samples, label):
    return next(sample for sample in samples if sample["label"] == label)


def the_sum(page):
    return int(answer(page, r"The sum is \d+").split()[-1])


def seen(page):
    """The picture of the top digit as the network sees it; None where nothing is drawn."""
    return page.evaluate("document.querySelector('.digits img')?.src ?? null")


def see(page, picture):
    """Wait until the network sees this top digit."""
    page.wait_for_function("picture => document.querySelector('.digits img')?.src === picture", arg=picture)


@contextlib.contextmanager
def seen_changes(page):
    """Wait, after what is done within, until the network sees another top digit."""
    before = seen(page)
    yield
    changed = "before => (document.querySelector('.digits img')?.src ?? null) !== before"
    page.wait_for_function(changed, arg=before)


def note(page, words):
    page.locator(".answer-note").filter(has_text=re.compile(words)).wait_for()


@pytest.fixture(scope="module")
def samples():
    return pen.samples()


@pytest.mark.parametrize("pairs", [6, pytest.param(20, marks=pytest.mark.soak)])
def test_pairs_of_pen_strokes_are_read(page, samples, pairs):
    right = []
    for top, bottom in zip(samples[0 : 2 * pairs : 2], samples[1 : 2 * pairs : 2], strict=True):
        draw_sample(page, "top", top)
        note(page, "A sum needs two")
        draw_sample(page, "bottom", bottom)
        right.append(the_sum(page) == top["label"] + bottom["label"])
        click(page, "Clear both")
        answer(page, "Draw two digits")
    assert sum(right) >= pairs - max(1, pairs // 10), right


def test_one_digit_says_what_is_missing_and_what_was_read(page, samples):
    seven = first_of(samples, 7)
    draw_sample(page, "bottom", seven)
    assert answer(page, "Now draw the other digit")
    note(page, r"This one looks like a 7 \(>?\d+%\)")


def test_undo_clear_and_swap(page, samples):
    two = first_of(samples, 2)
    six = first_of(samples, 6)
    draw_sample(page, "top", two)
    draw_sample(page, "bottom", six)
    assert the_sum(page) == 8
    note(page, r"2 \+ 6")
    click(page, "Swap")
    note(page, r"6 \+ 2")
    click(page, "Clear", "top")
    answer(page, "Now draw the other digit")
    click(page, "Undo", "top")
    note(page, r"6 \+ 2")
    for stroke in ([(20, 20), (260, 260)], [(260, 20), (20, 260)]):
        with seen_changes(page):
            draw(page, "top", [stroke])
    for _ in range(2):  # a stroke at a time
        with seen_changes(page):
            click(page, "Undo", "top")
    note(page, r"6 \+ 2")
    click(page, "Clear both")
    answer(page, "Draw two digits")


def test_press_right_after_a_stroke_takes_it_along(page, samples):
    """The canvas tells of a stroke 0.2 s after the pen was lifted; whoever is quicker loses nothing."""
    two = first_of(samples, 2)
    six = first_of(samples, 6)
    draw_sample(page, "bottom", two)
    note(page, "A sum needs two")
    draw_sample(page, "top", six)
    click(page, "Swap")
    note(page, r"2 \+ 6")
    click(page, "Clear both")
    answer(page, "Draw two digits")
    draw_sample(page, "top", six)
    page.get_by_text("Side by side").click()
    note(page, "This one looks like a 6")
    assert not page.get_by_role("switch", name="Side by side").is_checked()
    draw_sample(page, "bottom", two)
    page.get_by_role("button", name="Insight").click()
    page.get_by_role("menuitem", name="Inside").click()
    page.wait_for_url("**/inside")
    page.get_by_role("button", name="Lab").click()
    page.get_by_role("menuitem", name="Draw").click()
    note(page, r"6 \+ 2")


def test_link_with_the_name_of_a_run_keeps_it_on_reload(page, server):
    result = results.read(store.read(store.locate("pen-sum_linear-seed1")))
    page.goto(f"{server.url}/?run=pen-sum_linear-seed1")
    for _ in range(2):
        page.get_by_text(f"Accuracy {result['accuracy']:.4f}").wait_for()
        page.wait_for_url("**/?run=pen-sum_linear-seed1*")
        page.reload()


def test_draw_with_it_shows_the_run_that_it_stands_at_however_often_it_is_pressed(page):
    def choose(name, run):
        page.get_by_role("combobox", name=name).click()
        page.get_by_role("combobox", name=name).fill(run)
        page.get_by_role("option", name=re.compile(rf"^{run}( ·|$)")).first.click()

    choose("Network", "pen-sum_linear-seed1")
    for run in ("sum", "deep-seed1", "sum_posterior"):  # the last is the first in the list, of which the link is silent
        page.get_by_role("button", name="Lab").click()
        page.get_by_role("menuitem", name="Train").click()
        choose("Watch a run", run)
        page.get_by_role("link", name="Draw with it").click()
        canvas(page, "bottom").wait_for()
        page.wait_for_function(
            "run => document.querySelector('.st-key-run input')?.value.startsWith(`${run} · `)", arg=run
        )


def test_drawing_goes_on_after_undo(page, samples):
    """What the canvas restores is what the network sees: undo a stroke, draw it again, and nothing has changed."""
    four = next(sample for sample in samples if sample["label"] == 4 and len(sample["strokes"]) == 2)
    first, second = pen.placed(four["strokes"])
    with seen_changes(page):
        draw(page, "top", [first])
    half_drawn = seen(page)
    with seen_changes(page):
        draw(page, "top", [second])
    whole = seen(page)
    click(page, "Clear", "top")
    answer(page, "Draw two digits")
    draw(page, "top", [first, second])  # so quickly that the canvas tells both at once
    see(page, whole)
    click(page, "Undo", "top")
    see(page, half_drawn)
    draw(page, "top", [second])
    see(page, whole)


def test_surprise_shows_the_true_sum_and_can_be_drawn_over(page):
    click(page, "Surprise me")
    the_sum(page)
    note(page, r"The true sum is \d+: \d \+ \d")
    said = page.locator(".answer-note").inner_text()
    top, bottom = re.search(r"(\d) \+ (\d)\.$", said).groups()
    click(page, "Swap")
    note(page, rf"{bottom} \+ {top}\.$")
    with seen_changes(page):
        draw(page, "top", [[(5, 5), (60, 5)]])
    page.locator(".answer-note").filter(has_not_text="true sum").wait_for()


def test_network_can_be_chosen_and_says_what_it_is(page, samples):
    draw_sample(page, "top", samples[0])
    draw_sample(page, "bottom", samples[1])
    the_sum(page)
    for run in (store.read(store.locate(name)) for name in SHIPPED):
        page.get_by_role("combobox", name="Network").click()
        page.get_by_role("option", name=re.compile(rf"^{run.name} ·")).click()
        result = results.read(run)
        said = f"{run.network.parameters:,} parameters.*{result['accuracy']:.4f} ± {result['standard_error']:.4f}"
        page.get_by_text(re.compile(said)).wait_for()
        the_sum(page)


def test_toolbar_of_the_canvas_does_no_harm(page):
    for half in ("top", "bottom"):
        box = canvas(page, half).bounding_box()
        draw(page, half, [[(270, 8), (150, 20), (150, 260)]])  # begins where the invisible toolbar lay
        page.mouse.move(box["x"] + 270, box["y"] + 5)
        assert not page.locator(f".st-key-{half}_half .dc-toolbar").is_visible()
    the_sum(page)


QUICKLY = """([half, strokes]) => {
    const canvas = document.querySelector(`.st-key-${half}_half [data-testid=stBidiComponentIsolated]`)
        .shadowRoot.querySelector("canvas.upper-canvas");
    const { left, top, width } = canvas.getBoundingClientRect(), scale = width / 280;
    for (const points of strokes) {
        points.forEach(([x, y], i) => {
            const at = { clientX: left + scale * x, clientY: top + scale * y };
            const place = { ...at, bubbles: true, composed: true, button: 0, buttons: 1 };
            (i ? document : canvas).dispatchEvent(new MouseEvent(i ? "mousemove" : "mousedown", place));
            if (i === points.length - 1) document.dispatchEvent(new MouseEvent("mouseup", { ...place, buttons: 0 }));
        });
    }
}"""
PRESS_AND_DRAW = f"""([name, milliseconds, strokes]) => {{
    [...document.querySelectorAll(".stButton button")].find((button) => button.innerText.trim() === name).click();
    return new Promise((resolve) => setTimeout(() => resolve(({QUICKLY})(["top", strokes])), milliseconds));
}}"""


def test_stroke_right_after_clear_is_kept(page):
    """However soon after the press, also while the canvas starts again: what was drawn is shown, and answered."""
    first, second = [(40, 40), (200, 200)], [(40, 200), (200, 40)]
    with seen_changes(page):
        draw(page, "top", [second])
    alone, pixels = seen(page), canvas_ink(page, "top")
    for milliseconds in (0, 50, 150):
        with seen_changes(page):
            draw(page, "top", [first])
        page.evaluate(PRESS_AND_DRAW, ["Clear", milliseconds, [second]])
        see(page, alone)
        wait_for_ink(page, "top", pixels)


SPIRAL = [(140 + t / 50 * math.cos(t / 40), 140 + t / 50 * math.sin(t / 40)) for t in range(5000)]
CANVASES = {
    "all ink": [[(x, y) for x in range(0, 281, 20) for y in ((0, 280) if x % 40 else (280, 0))]],
    "one point": [[(140, 140)]],
    "off the edge": [[(140, 140), (400, 140), (400, -60), (140, -60)]],
    "5,000 points": [SPIRAL],
    "50 strokes in a second": [[(5 * i, 20), (5 * i + 30, 260)] for i in range(50)],
}


@pytest.mark.parametrize("name", CANVASES)
def test_any_canvas_is_answered(page, samples, name):
    page.evaluate(QUICKLY, ["top", CANVASES[name]])  # without a pause: 50 in an eighth of a second
    note(page, "A sum needs two")  # the canvas told of it
    draw_sample(page, "bottom", samples[0])
    the_sum(page)
    assert canvas_ink(page, "top")
    click(page, "Undo", "top")  # of many strokes, each is one to undo
    answer(page, r"The sum is \d+" if len(CANVASES[name]) > 1 else "Now draw the other digit")


BESIDE = """() => {
    const [top, bottom] = ["top", "bottom"].map((half) =>
        document.querySelector(`.st-key-${half}_half`).getBoundingClientRect());
    return Math.abs(top.y - bottom.y) < 2 && bottom.x > top.x + 200;
}"""


def test_side_by_side_is_the_default_and_can_be_left_with_the_drawings_kept(page, samples):
    page.set_viewport_size({"width": 1280, "height": 800})  # as many a laptop has
    draw_sample(page, "top", samples[0])
    draw_sample(page, "bottom", samples[1])
    before, inks = the_sum(page), [canvas_ink(page, half) for half in ("top", "bottom")]
    assert page.evaluate(BESIDE)
    assert page.get_by_text("Left digit").first.is_visible() and not page.get_by_text("Top digit").first.is_visible()
    page.get_by_text("Side by side").click()
    page.wait_for_function(f"!({BESIDE})()")
    assert page.locator(".half-name").first.inner_text() == "Top digit"
    assert the_sum(page) == before
    for half, ink in zip(("top", "bottom"), inks, strict=True):
        wait_for_ink(page, half, ink)


TOPMOST = "([x, y, selector]) => Boolean(document.elementFromPoint(x, y)?.closest(selector))"
WIDTHS = "nodes => nodes.map((node) => node.getBoundingClientRect().width)"
SIZES = [(1920, 1080), (1366, 625), (1280, 580), (1024, 600), (844, 390), (390, 844), (360, 640)]


def check_layout(page, width, height):
    """Check that frames, answer and buttons are on the screen and that nothing covers them."""
    phone = width <= 640
    assert page.evaluate(BESIDE) != phone
    assert page.get_by_text("Side by side").is_visible() != phone
    assert page.locator(".half-name").first.inner_text() == ("Top digit" if phone else "Left digit")
    for half in ("top", "bottom"):
        box = canvas(page, half).bounding_box()
        assert 200 <= box["width"] <= 280 and abs(box["width"] - box["height"]) < 1
        for x, y in ((2, 2), (box["width"] - 2, 2), (2, box["height"] - 2), (box["width"] / 2, box["height"] - 2)):
            assert page.evaluate(TOPMOST, [box["x"] + x, box["y"] + y, f".st-key-{half}_half"]), (half, x, y)
    for name in ("Clear both", "Swap", "Surprise me"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        assert page.evaluate(TOPMOST, [*middle, ".stButton"]) and box["y"] + box["height"] <= height, name
    columns = page.locator(".bars").first.locator("div").evaluate_all(WIDTHS)
    assert max(columns) - min(columns) < 1  # the one with the label is no wider
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("main => main.scrollWidth") <= width
    for place in (0, 300, 100_000):  # the answer is seen wherever the page is scrolled to
        main.evaluate("(main, place) => main.scrollTo(0, place)", place)
        box = page.locator(".answer").bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= height, place
        middle = [box["x"] + 10, box["y"] + box["height"] / 2]
        assert page.evaluate(TOPMOST, [*middle, ".st-key-answer"]), place
    main.evaluate("main => main.scrollTo(0, 0)")


def test_frames_answer_and_buttons_are_on_one_screen_of_any_size(page, samples):
    """From a projector to a small phone, upright or on its side: nothing to scroll for, nothing covered."""
    click(page, "Surprise me")
    the_sum(page)
    page.mouse.move(0, 0)  # or the button's help covers a frame
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        eventually(lambda width=width, height=height: check_layout(page, width, height))
    for width, height in ((360, 640), (1280, 580)):  # the pen draws where it is, on a frame that is smaller
        page.set_viewport_size({"width": width, "height": height})
        click(page, "Clear both")
        answer(page, "Draw two digits")
        for half, label in (("top", 2), ("bottom", 6)):
            draw_sample(page, half, first_of(samples, label))
        assert the_sum(page) == 8


def test_people_who_hear_or_type_the_page_are_served(page, tmp_path):
    """The answer is one live region, what looks alike has names of its own, and no pointer is needed."""
    region, choosers = page.get_by_role("status").element_handle(), []
    # from here on, as the driver may hear too late of what is asked for at the press
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    for name in ("Left digit: draw here", "Right digit: draw here"):
        page.get_by_role("img", name=name).wait_for()
    for name in ("Undo left", "Undo right", "Clear left", "Clear right"):
        page.get_by_role("button", name=name).wait_for()
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.locator(".bars").count() == 0  # an empty page has no empty bars

    def tab_to(selector):
        page.locator(selector).first.wait_for()
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"no way to {selector} by Tab")

    tab_to(".st-key-choose button")
    page.keyboard.press("Enter")
    tab_to(".st-key-top_class button")
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    answer(page, "Now draw the other digit")
    picture = tmp_path / "three.png"
    data = mnist.embedded()
    dark_on_light = 255 - data.test_images[list(data.test_labels).index(3)]
    Image.fromarray(dark_on_light).resize((140, 140)).save(picture)
    tab_to(".st-key-bottom_picture button")
    page.keyboard.press("Enter")
    wait_until(lambda: page.wait_for_timeout(50) or choosers, seconds=60)
    choosers[0].set_files(picture)
    assert the_sum(page) == 10
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    answer(page, "Draw two digits")
    page.keyboard.press("u")
    answer(page, "Now draw the other digit")
    page.keyboard.press("u")
    assert the_sum(page) == 10
    undo = page.get_by_role("button", name="Undo left")
    is_on_clear = "document.activeElement?.closest('.st-key-top_clear') !== null"
    for _ in range(9):  # by keyboard, until there is nothing more to take back: the focus goes on beside it
        undo.press("Enter")
        if page.evaluate(is_on_clear):
            break
        page.wait_for_timeout(500)
    wait_until(lambda: page.evaluate(is_on_clear))
    page.wait_for_timeout(1000)  # until the canvas has told that it started again
    page.keyboard.press("s")
    note(page, "The true sum is")
    assert region.evaluate("region => region.isConnected && region.innerText.includes('true sum')")
    page.emulate_media(forced_colors="active")
    background = "node => getComputedStyle(node).backgroundColor"
    assert page.locator(".bars i").first.evaluate(background) != page.locator("body").evaluate(background)


COUNT_RUNS = """() => {
    const app = document.querySelector("[data-testid=stApp]");
    window.runs = 0;
    new MutationObserver(() => { window.runs += app.dataset.testScriptState === "notRunning"; })
        .observe(app, { attributeFilter: ["data-test-script-state"] });
}"""


def test_drawn_while_the_server_is_away_is_read_when_it_is_back(browser, samples, tmp_path):
    """The network fails for a moment, then the server is started again: what is on the canvases is read each time."""
    port, two, six = free_port(), first_of(samples, 2), first_of(samples, 6)
    with contextlib.ExitStack() as stack:
        stack.enter_context(serving(APP, tmp_path / "log", port))
        page = open_page(browser, viewport={"width": 1400, "height": 950})
        page.add_init_script(
            "const Real = WebSocket, sockets = window.sockets = [];"
            "window.WebSocket = class extends Real { constructor(...all) { super(...all); sockets.push(this) } }"
        )
        arrive(page, f"http://127.0.0.1:{port}")
        draw_sample(page, "top", two)
        note(page, "A sum needs two")
        page.context.set_offline(True)
        page.evaluate("sockets.forEach((socket) => socket.close(4000))")
        page.locator("[data-testid=stApp]:not([data-test-connection-state=CONNECTED])").wait_for()
        draw_sample(page, "bottom", six)
        page.wait_for_timeout(500)  # longer than the canvas waits before it tells, in vain
        assert page.locator(".answer").inner_text() == "Now draw the other digit"
        page.context.set_offline(False)
        assert the_sum(page) == 8
        page.evaluate(COUNT_RUNS)
    with serving(APP, tmp_path / "log", port):
        page.wait_for_function("window.runs > 0")  # the page was asked for again, and nobody but it asked
        note(page, r"2 \+ 6")
        click(page, "Swap")
        note(page, r"6 \+ 2")
        click(page, "Clear both")
        answer(page, "Draw two digits")
        page.context.close()


def test_phone_draws_by_touch_and_keeps_the_sum_in_sight(phone, samples):
    for half, sample in zip(("top", "bottom"), samples[:2], strict=True):
        canvas(phone, half).scroll_into_view_if_needed()
        box = canvas(phone, half).bounding_box()
        client = phone.context.new_cdp_session(phone)
        for stroke in pen.placed(sample["strokes"]):
            scale = box["width"] / pen.CANVAS
            points = [{"x": box["x"] + scale * x, "y": box["y"] + scale * y} for x, y in stroke]
            client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[:1]})
            for point in points[1:]:
                client.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
            client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert canvas(phone, half).bounding_box() == box, "drawing must not scroll the page"
    the_sum(phone)
    wide, tall = phone.evaluate("[document.documentElement.scrollWidth, innerHeight]")
    assert wide <= 390
    seen = phone.locator(".answer").bounding_box()
    assert seen["y"] >= 0 and seen["y"] + seen["height"] <= tall


def test_drawings_survive_a_visit_to_another_page(browser, samples, tmp_path):
    script = tmp_path / "two_pages.py"
    draw_page = APP.parent / "pages" / "draw" / "page.py"
    script.write_text(
        f"import pathlib, sys; sys.path.insert(0, {str(APP.parent)!r})\n"
        "import streamlit as st\n"
        f"st.html(pathlib.Path({str(APP.parent / 'pages/shared/style.css')!r}))\n"
        f"draw = st.Page({str(draw_page)!r}, title='Draw', default=True)\n"
        "st.navigation([draw, st.Page(lambda: st.write('elsewhere'), title='Other', url_path='other')]).run()\n"
    )
    with serving(script, tmp_path / "log") as server:
        for page in opened(browser, server.url, viewport={"width": 1400, "height": 950}):
            draw_sample(page, "top", samples[0])
            draw_sample(page, "bottom", samples[1])
            before, pixels = the_sum(page), canvas_ink(page, "top")
            page.get_by_role("link", name="Other").click()
            page.get_by_text("elsewhere").wait_for()
            page.get_by_role("link", name="Draw").click()
            assert the_sum(page) == before
            wait_for_ink(page, "top", pixels)
            click(page, "Undo", "top")
            answer(page, "Now draw the other digit")


CANVAS_INK = """(half) => {
    const host = document.querySelector(`.st-key-${half}_half [data-testid=stBidiComponentIsolated]`);
    const canvas = host?.shadowRoot?.querySelector("canvas.dc-canvas");
    if (!canvas) return 0;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, i) => i % 4 === 3 && value > 0).length;
}"""


def canvas_ink(page, half):
    """How many pixels of the canvas have ink."""
    count = page.evaluate(f"({CANVAS_INK})('{half}')")
    assert count > 0
    return count


def wait_for_ink(page, half, pixels):
    """Wait until the canvas shows about so many pixels of ink."""
    page.wait_for_function(
        "([ink, half, pixels]) => Math.abs(eval(ink)(half) - pixels) < 0.01 * pixels", arg=[CANVAS_INK, half, pixels]
    )


def test_server_is_lean_and_listens_on_this_machine_alone(browser, samples, tmp_path):
    """On a server of its own, as other pages' tables may bring what the draw page does without."""
    if sys.platform != "linux":
        pytest.skip("reads /proc, which only Linux has")
    with serving(APP, tmp_path / "log") as server:
        for page in opened(browser, server.url, viewport={"width": 1400, "height": 950}):
            draw_sample(page, "top", samples[0])
            draw_sample(page, "bottom", samples[1])
            the_sum(page)
        loaded = Path(f"/proc/{server.pid}/maps").read_text()
        assert "/numpy/" in loaded and "/tensorflow/" not in loaded
        assert "/pandas/" not in loaded and "/pyarrow/" not in loaded  # pages/shared/charts.py
        port = int(server.url.rsplit(":", 1)[1])
        opened_files = {os.readlink(path) for path in Path(f"/proc/{server.pid}/fd").iterdir()}
        tables = [Path(f"/proc/net/{name}").read_text().splitlines() for name in ("tcp", "tcp6")]
        sockets = [line.split() for table in tables for line in table]
        listening = [fields[1] for fields in sockets if fields[3] == "0A" and f"socket:[{fields[9]}]" in opened_files]
        assert listening == [f"0100007F:{port:04X}"]  # 127.0.0.1, as Linux writes it
