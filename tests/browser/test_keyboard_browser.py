"""By keyboard alone: Tab reaches every control of a page, in the order in which it is read, and shows where it is."""

import time

import pytest

from tests.harness.needs import wait_until
from tests.harness.pages import PAGES
from tests.harness.server import REPOSITORY, open_page, serving

# with a run where a page would be empty without one
LINKS = {
    "train": "train?run=sum",
    "compare": "compare?runs=sum&runs=sum_posterior",
    "pocket": "pocket?run=tiny-seed2",
}
MOST_PRESSES = 400
SHOWN_SECONDS = 30  # for a border that takes its colour by and by, on the busiest machine
# Elements are numbered once, before the walk. Of a group of radio buttons Tab reaches one, and arrows the others; a
# table is one stop, whose cells are reached by arrows.
CONTROLS = """
    window.controls = [...document.querySelectorAll('.stMain :is(button, input, textarea, a[href], summary)')].filter(
        control => control.checkVisibility({ visibilityProperty: true }) && !control.disabled
            && control.role !== 'radio' && control.tabIndex >= 0 && !control.closest('[data-testid=stDataFrame]'))
    window.looks = control => {
        const chain = []
        for (let element = control; element && chain.length < 5; element = element.parentElement) {
            const { outline, boxShadow, borderColor, backgroundColor } = getComputedStyle(element)
            chain.push([outline, boxShadow, borderColor, backgroundColor].join())
        }
        return chain.join()
    }
    window.before = window.controls.map(window.looks)
    window.controls.map(control => control.ariaLabel || control.innerText || control.value || control.outerHTML)"""
FOCUSED = """() => {
    const number = window.controls.indexOf(document.activeElement)
    if (number < 0) return { number, last: document.activeElement === document.body }
    const { x, y, right, bottom } = document.activeElement.getBoundingClientRect()
    const scrolled = document.querySelector('[data-testid=stMain]').scrollTop
    const shown = window.looks(document.activeElement) !== window.before[number]
    return { number, x, right, top: y + scrolled, bottom: bottom + scrolled, shown }
}"""


def settled_controls(page):
    """The names of a page's controls, once there are some and two looks in turn see the same ones."""
    looks = [page.evaluate(CONTROLS)]

    def settled():
        page.wait_for_timeout(500)
        looks.append(page.evaluate(CONTROLS))
        return looks[-1] and looks[-1] == looks[-2]

    wait_until(settled)
    return looks[-1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(REPOSITORY / "app.py", tmp_path_factory.mktemp("server") / "log") as server:
        yield server


@pytest.mark.parametrize("address", PAGES)
def test_tab_reaches_every_control_in_reading_order_and_shows_it(address, server, browser):
    page = open_page(browser, viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
    page.goto(f"{server.url}/{LINKS.get(address, address)}")
    page.get_by_role("heading", name=PAGES[address].heading, exact=True).wait_for()
    page.wait_for_function("document.querySelector('[data-test-script-state=notRunning]')")
    names = settled_controls(page)
    stops = []
    for _ in range(MOST_PRESSES):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop.get("last"):
            break
        if stop["number"] >= 0:
            until = time.monotonic() + SHOWN_SECONDS
            while not stop["shown"] and time.monotonic() < until:
                page.wait_for_timeout(20)
                stop = page.evaluate(FOCUSED)
            stops.append(stop)
    reached = {stop["number"] for stop in stops}
    assert [name for number, name in enumerate(names) if number not in reached] == []
    assert [names[stop["number"]] for stop in stops if not stop["shown"]] == []
    # the next one is below or to the right, as in a column after a column
    back = [
        (names[one["number"]], names[other["number"]])
        for one, other in zip(stops, stops[1:], strict=False)
        if other["bottom"] <= one["top"] and other["right"] <= one["x"]
    ]
    assert not back
    page.context.close()
