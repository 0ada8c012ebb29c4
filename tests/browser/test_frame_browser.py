"""A photograph with a mark too many is read once a corner of its frame was moved: by mouse, finger or arrow keys."""

import pytest

from tests.harness.drawing import answer, arrive, click
from tests.harness.paper import sheet
from tests.harness.server import REPOSITORY, open_page, serving

LAPTOP = {"viewport": {"width": 1366, "height": 768}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
FRAME = "document.querySelector('.picture-frame i')?.style.inset"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    log = tmp_path_factory.mktemp("server") / "log"
    with serving(REPOSITORY / "app.py", log) as server:
        yield server
        assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="module")
def three_digits(tmp_path_factory):
    """A sheet with a 3 and a 5 beside each other, and above the 5 a 7 that is not meant."""
    path = tmp_path_factory.mktemp("paper") / "three.png"
    sheet({3: (60, 300), 5: (330, 300), 7: (420, 20)}).save(path)
    return path


def refused(browser, server, path, **options):
    """A page with a picture that is refused as a whole."""
    page = open_page(browser, **options)
    arrive(page, f"{server.url}/?run=sum_posterior")
    click(page, "From paper")
    page.locator(".st-key-paper_file input[type=file]").set_input_files(path)
    page.get_by_text("shows 3 digits").wait_for()
    page.wait_for_function(FRAME)
    return page


def corner(page, name):
    return page.get_by_role("slider", name=f"{name} corner")


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def sum_that_is_read(page):
    page.get_by_role("button", name="Read them").click()
    return answer(page, r"The sum is \d").split()[-1]


def test_a_corner_is_dragged_by_mouse_until_the_two_digits_are_framed(browser, server, three_digits):
    page = refused(browser, server, three_digits, **LAPTOP)
    height = page.locator(".picture-frame").bounding_box()["height"]
    x, y = middle(corner(page, "Upper right"))
    page.mouse.move(x + 5, y + 5)  # beside its middle: it does not leap there
    page.mouse.down()
    page.mouse.move(x + 5, y + 5 + height / 4)
    assert page.get_by_text("shows 3 digits").count() == 1  # nothing is read while it is held
    page.mouse.move(x + 5, y + 5 + 0.4 * height, steps=5)
    page.mouse.up()
    page.get_by_text("shows 3 digits").wait_for(state="hidden")
    assert corner(page, "Upper right").get_attribute("aria-valuetext") == "100% from the left, 40% from the top"
    assert sum_that_is_read(page) == "8"
    page.context.close()


def test_a_finger_drags_a_corner_and_scrolls_beside_it(browser, server, three_digits):
    page = refused(browser, server, three_digits, **PHONE)
    touches = page.context.new_cdp_session(page)

    def drag(x, y, down):
        """By a finger, in ten steps, so that the browser has the time to take it for scrolling."""
        touches.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        for i in range(1, 11):
            point = {"x": x, "y": y + down * i / 10}
            touches.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        touches.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    scrolled = "document.querySelector('[data-testid=stDialog]').scrollTop"
    drag(*middle(page.locator(".picture-frame")), -300)
    page.wait_for_function(f"{scrolled} > 0")
    page.wait_for_timeout(500)  # until the page has come to rest
    assert page.evaluate(FRAME) == "0%"
    before, height = page.evaluate(scrolled), page.locator(".picture-frame").bounding_box()["height"]
    drag(*middle(corner(page, "Upper left")), 0.4 * height)  # on the picture this would scroll back
    page.get_by_text("shows 3 digits").wait_for(state="hidden")
    assert page.evaluate(scrolled) == before
    assert sum_that_is_read(page) == "8"
    page.context.close()


def test_arrow_keys_move_a_corner_and_what_is_framed_is_turned_with_the_picture(browser, server, three_digits):
    page = refused(browser, server, three_digits, **LAPTOP)
    page.get_by_role("button", name="Turn", exact=True).focus()
    for name in ("Upper left", "Upper right"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.ariaLabel") == f"{name} corner"
    for _ in range(40):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")  # it is at the picture's edge
    page.get_by_text("shows 3 digits").wait_for(state="hidden")
    assert page.evaluate(FRAME) == "40% 0% 0%"
    assert page.evaluate("document.activeElement.ariaLabel") == "Upper right corner"  # once the picture is read, too
    for turned in ("0% 40% 0% 0%", "0% 0% 40%", "0% 0% 0% 40%", "40% 0% 0%"):
        page.get_by_role("button", name="Turn", exact=True).click()
        page.wait_for_function(f"{FRAME} === '{turned}'")
    assert sum_that_is_read(page) == "8"
    page.context.close()
