"""A visitor draws two digits, then visits every page in a real browser: light, dark, and on a phone."""

import gzip
import os
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from core.pocket import document
from core.runs import store
from tests.harness import pen
from tests.harness.drawing import answer, canvas, draw_sample
from tests.harness.needs import eventually, missing
from tests.harness.pages import PAGES
from tests.harness.server import REPOSITORY, mebibytes, open_page, serving

WITH_DIGITS = ("inside", "backpropagation")
MOST_MEBIBYTES = 300  # far over what is promised, so that only a leak fails; benchmarks/ tells how much it is
PICTURES = os.environ.get("DIGIT_SUM_LAB_PICTURES")  # a folder for screenshots to look at, if wanted


def go(page, other, phone):
    """Choose a page in the navigation, as a visitor does: the drawing stays in the session."""
    if phone:
        page.get_by_test_id("stExpandSidebarButton").click()
        page.get_by_test_id("stSidebarNavLink").filter(has_text=other.title).first.click()
        page.get_by_test_id("stSidebarCollapseButton").locator("button").click()
    else:
        page.get_by_test_id("stTopNavSection").filter(has_text=other.section).click()
        page.get_by_test_id("stTopNavDropdownLink").filter(has_text=other.title).first.click()
    page.get_by_role("heading", name=other.heading, exact=True).wait_for()


def settle(page):
    """Wait until the script has run to its end."""
    page.wait_for_function("document.querySelector('[data-test-script-state=notRunning]')")


def hindrances(page):
    """What axe finds serious or critical for people who see, point or type otherwise."""
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        missing("axe-core (pip install --group dev)")
    # the list of pages on a phone is Streamlit's own, with its sections between the items of one <ul>
    found = Axe().run(page, context={"exclude": [["[data-testid=stSidebarNavItems]"]]}).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def small_letters(page):
    """The words in charts whose letters are smaller than 14 pixels."""
    return page.evaluate(
        """[...document.querySelectorAll('[data-testid=stVegaLiteChart] svg text')]
        .filter(text => text.textContent && parseFloat(getComputedStyle(text).fontSize) < 14)
        .map(text => text.textContent)"""
    )


def fits(page, width, title):
    """Check that a page is no wider than its window, and that no word on it is cut."""
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= width, title
    cut = page.evaluate(
        """[...document.querySelectorAll('.stMain *')]
        .filter(leaf => !leaf.children.length && leaf.innerText && leaf.scrollWidth > leaf.clientWidth + 1)
        .filter(leaf => !['visible', 'auto', 'scroll'].includes(getComputedStyle(leaf).overflowX))
        .map(leaf => leaf.innerText)"""
    )
    assert not cut, title


def bleached(page):
    """What is told by a background's colour and loses it where the system forces its own colours upon the page."""
    colours = """
        [...document.querySelectorAll('.stMain [style*="background:"], .plane i, .loss-curve div')].map(shape => {
            const { backgroundColor, backgroundImage } = getComputedStyle(shape)
            return [shape.outerHTML.slice(0, 120), backgroundColor, backgroundImage]
        })"""
    before = page.evaluate(colours)
    page.emulate_media(forced_colors="active")
    after = page.evaluate(colours)
    page.emulate_media(forced_colors="none")
    return [shape for shape, kept in zip(before, after, strict=True) if shape != kept]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(REPOSITORY / "app.py", tmp_path_factory.mktemp("server") / "log") as server:
        yield server


def test_a_link_to_a_page_may_be_the_first_that_a_server_is_asked_for(server, browser):
    """Keep it the first test of this file: the server has seen no visitor yet, so nobody has opened its other pages."""
    page = open_page(browser)
    page.goto(f"{server.url}/train?run=sum")
    page.get_by_role("heading", name="Train", exact=True).wait_for()
    settle(page)
    assert page.get_by_text("Page not found").count() == 0 and page.get_by_text("could not find").count() == 0
    assert urlsplit(page.url).path == "/train" and "run=sum" in page.url
    page.context.close()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("light", {"viewport": {"width": 1280, "height": 950}}),
        ("dark", {"viewport": {"width": 1280, "height": 950}, "color_scheme": "dark"}),
        ("phone", {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}),
    ],
)
def test_every_page_is_visited_with_a_drawing_made(name, options, server, browser):
    page, errors, asked = open_page(browser, **options), [], set()
    page.on("request", lambda request: asked.add(urlsplit(request.url)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.url)
    canvas(page, "bottom").wait_for()
    answer(page, "Draw two digits")
    for half in ("top", "bottom"):
        draw_sample(page, half, pen.samples()[0])
    answer(page, r"The sum is \d+")
    assert not hindrances(page)
    if name == "light":
        assert not bleached(page)
    for address, other in PAGES.items():
        if not address:
            continue  # where the drawing was made
        title = other.title
        go(page, other, name == "phone")
        settle(page)
        assert page.get_by_test_id("stException").count() == 0, title
        assert page.get_by_test_id("stAlertContentError").count() == 0, title
        if address in WITH_DIGITS:
            page.get_by_text("top: drawn").first.wait_for()
        wide = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
        assert wide <= options["viewport"]["width"], title
        assert not small_letters(page), title
        if address == "mistakes":  # the whole matrix is on the screen, not cut at its edge
            drawn = page.get_by_test_id("stVegaLiteChart").locator("svg").first.bounding_box()
            assert drawn["x"] >= 0 and drawn["x"] + drawn["width"] <= options["viewport"]["width"]
        assert not hindrances(page), title
        if name == "light":
            assert not bleached(page), title
            if (whole := page.locator("button[aria-label^=Fullscreen]")).count():
                whole.first.evaluate("(button) => button.click()")  # it is shown to a mouse alone
                page.locator("button[aria-label^='Close fullscreen']").wait_for(state="attached")
                assert not small_letters(page), f"{title}, fullscreen"
                page.keyboard.press("Escape")
        if name == "phone":
            page.emulate_media(color_scheme="dark")
            page.wait_for_function("getComputedStyle(document.querySelector('.stApp')).colorScheme == 'dark'")
            assert not hindrances(page), f"{title}, dark"
            page.emulate_media(color_scheme="light")
        if PICTURES:
            page.wait_for_timeout(1500)
            tall = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
            page.set_viewport_size({**options["viewport"], "height": min(tall + 80, 8000)})
            page.wait_for_timeout(1000)
            page.screenshot(path=Path(PICTURES) / f"{name}-{title}.png")
            page.set_viewport_size(options["viewport"])
    assert not errors
    # not one request elsewhere, usage statistics among them
    assert {url.netloc for url in asked if url.scheme.startswith("http")} == {urlsplit(server.url).netloc}
    assert "Traceback" not in server.log and "Error" not in server.log, server.log
    assert mebibytes(server.pid) < MOST_MEBIBYTES
    assert "/pandas/" not in Path(f"/proc/{server.pid}/maps").read_text()  # no page brings it: 40 MiB
    page.context.close()


@pytest.mark.parametrize(("width", "height"), [(360, 640), (640, 400)])
def test_a_small_phone_and_a_laptop_at_twice_the_size_lose_nothing(width, height, server, browser):
    page = open_page(browser, viewport={"width": width, "height": height})
    for address, other in PAGES.items():
        page.goto(f"{server.url}/{address}")
        page.get_by_role("heading", name=other.heading, exact=True).wait_for()
        settle(page)
        eventually(lambda title=other.title: fits(page, width, title))
    page.context.close()


def test_pocket_reads_in_the_visitors_browser_and_the_server_gives_only_the_file(server, browser):
    page, sent = open_page(browser, viewport={"width": 1400, "height": 950}, color_scheme="dark"), []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.goto(f"{server.url}/pocket?run=tiny-seed2")
    pocket = page.frame_locator("iframe[src^='/pocket/tiny-seed2']")
    pocket.locator("#note").filter(has_text="One in each frame").wait_for()
    settle(page)
    asked = len(sent)
    for _ in range(5):
        pocket.get_by_role("button", name="Surprise me").click()
        pocket.locator("#sum b").wait_for()
    assert len(sent) == asked
    assert pocket.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor") == "rgb(16, 21, 28)"
    page.get_by_role("button", name="On your phone").click()
    page.get_by_text("Only this computer can open the app").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Take the file home").click()
    assert download.value.suggested_filename == "tiny-seed2.html"
    assert Path(download.value.path()).read_bytes() == get(f"{server.url}/pocket/tiny-seed2")[1]
    page.context.close()


def test_the_figure_of_chosen_runs_is_saved_as_it_is_drawn(server, browser):
    page = open_page(browser, viewport={"width": 1366, "height": 768})
    page.goto(f"{server.url}/compare?runs=tiny-seed1&runs=shallow-seed1")
    page.locator(".st-key-figure_to_save svg.marks").wait_for()
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Figure as SVG").click()
    assert download.value.suggested_filename == "curves.svg"
    figure = ElementTree.fromstring(Path(download.value.path()).read_bytes())
    words = {node.text for node in figure.iter("{http://www.w3.org/2000/svg}text")}
    assert {"iteration", "test accuracy", "tiny-seed1", "shallow-seed1"} <= words
    lines = [node.get("stroke") for node in figure.iter("{http://www.w3.org/2000/svg}path")]
    assert {"#009e73", "#cc79a7"} <= set(lines) and "rgb(255, 255, 255)" in figure.get("style")
    page.context.close()


def get(url, **headers):
    """Status, body and headers of an answer, whatever its status."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def test_pocket_is_served_compressed_and_only_when_it_changed(server):
    url = f"{server.url}/pocket/tiny-seed2"
    status, plain, _ = get(url)
    assert status == 200 and plain == document.of_run(store.read(store.locate("tiny-seed2")))
    status, zipped, headers = get(url, **{"Accept-Encoding": "gzip"})
    assert status == 200 and headers["Content-Encoding"] == "gzip" and gzip.decompress(zipped) == plain
    assert len(zipped) < 0.5 * len(plain)
    status, body, _ = get(url, **{"Accept-Encoding": "gzip", "If-None-Match": headers["ETag"]})
    assert (status, body) == (304, b"")
    assert "tensorflow" not in Path(f"/proc/{server.pid}/maps").read_text()


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        (".trash", 400, b"cannot be the name of a run"),
        ("a%5Cb", 400, b"cannot be the name of a run"),
        ("x" * 300, 400, b"cannot be the name of a run"),
        ("%E2%80%AEx", 400, b"cannot be the name of a run"),
        ("..%2F..%2Fapp.py", 400, b"Bad Request"),  # Streamlit's own words
        ("nobody", 404, b"There is no run 'nobody' here"),
        ("number-line-seed1", 404, b"shipped without its weights"),
    ],
)
def test_a_pocket_that_is_not_there_is_refused_in_words(name, status, words, server):
    code, body, _ = get(f"{server.url}/pocket/{name}")
    assert code == status and words in body and b"<" not in body


def test_the_sum_of_a_long_addition_is_on_one_screen_of_a_laptop(server, browser):
    page = open_page(browser, viewport={"width": 1366, "height": 625})
    page.goto(f"{server.url}/long_addition")
    for part in (".answer-note", ".long-addition .sum"):
        page.locator(part).wait_for()
    settle(page)
    for part in (".answer b", ".answer-note", ".long-addition .sum"):
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= 625, part
    page.context.close()


def test_a_long_addition_on_a_phone_begins_at_the_ones(server, browser):
    page = open_page(browser, viewport={"width": 360, "height": 740})
    page.goto(f"{server.url}/long_addition?columns=8")
    page.locator(".long-addition .sum").wait_for()
    settle(page)
    box, ones = (page.locator(part).bounding_box() for part in (".long-addition", ".long-addition .sum td:last-child"))
    assert ones["x"] + ones["width"] <= box["x"] + box["width"] + 1
    page.context.close()
