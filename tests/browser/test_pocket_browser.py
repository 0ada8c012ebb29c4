"""Pocket in a real browser, opened from disk with the network off: what it sees, computes, shows and obeys."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from core.images import ink, mnist
from core.model import forward, operations
from core.model.networks import CONVOLUTIONS, DIGITS, NETWORKS, Dense, Network, ReLU, paired, untied
from core.pocket import document, rounding
from core.runs import checkpoints, results, store
from tests.harness import pen
from tests.harness.needs import missing, wait_until
from tests.harness.server import open_page

CANVASES, PAIRS, STROKE_PAIRS = 200, 1_000, 20
HALVES = ("top", "bottom")
ADDED = Network("narrow", "As the README adds one.", (*CONVOLUTIONS, Dense(200), ReLU(), Dense(DIGITS)))
EVERY = {**NETWORKS, "narrow": ADDED, "sum untied": untied(NETWORKS["sum"])}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The folder of a file for each way in which two halves become a sum, and one that opens at once."""
    folder = tmp_path_factory.mktemp("pocket")
    for name in ("sum_posterior", "sum", "tiny-seed2"):
        run = store.read(store.locate(name))
        page = document.document(run, checkpoints.load_weights(run), results.read(run))
        (folder / f"{name}.html").write_bytes(page)
    return folder


@pytest.fixture
def opened(browser, files):
    """Opens a file in a context without a network; at the end nothing was asked for and the console is silent."""
    pages, asked, errors = [], [], []

    def open_file(name="sum_posterior", **options):
        page = open_page(browser, offline=True, **{"viewport": {"width": 1280, "height": 900}} | options)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((files / f"{name}.html").as_uri())
        # not wait_for_function, whose second look is an eval in the page, which its content security policy refuses
        wait_until(lambda: page.evaluate("network !== null && testDigits.length > 0"))
        pages.append(page)
        return page

    yield open_file
    assert {url for url in asked if not url.startswith("data:")} == {page.url for page in pages} and not errors, errors
    for page in pages:
        page.context.close()


@pytest.fixture(scope="module")
def samples():
    """Pen digits by many hands, an equal number of each label, in turn."""
    by_label = [[sample for sample in pen.samples() if sample["label"] == label] for label in range(DIGITS)]
    return [sample for turn in zip(*by_label, strict=False) for sample in turn]


def begin(page, half, strokes):
    """Draw strokes with the mouse, and keep it pressed at the end of the last one."""
    box = page.locator(f".half.{half} svg").bounding_box()
    unit = box["width"] / pen.CANVAS
    for number, stroke in enumerate(strokes):
        if number:
            page.mouse.up()
        page.mouse.move(box["x"] + stroke[0][0] * unit, box["y"] + stroke[0][1] * unit)
        page.mouse.down()
        for x, y in stroke[1:]:
            page.mouse.move(box["x"] + x * unit, box["y"] + y * unit)


def sparse(sample):
    """The strokes of a digit on the canvas with a third of their points, each of which takes the mouse a frame."""
    return [np.concatenate([stroke[:-1:3], stroke[-1:]]) for stroke in pen.placed(sample["strokes"])]


def draw(page, half, sample):
    begin(page, half, sparse(sample))
    page.mouse.up()


def settled(page):
    """Wait for two frames, by which what was changed is read and shown."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def the_sum(page):
    settled(page)
    told = re.fullmatch(r"The sum is (\d+)", page.locator("#sum").inner_text())
    return int(told[1]) if told else None


def story(page, half):
    settled(page)
    return page.locator(f".half.{half} .story").inner_text()


def test_twenty_pairs_are_added_before_the_pen_is_lifted(opened, samples):
    page, right = opened(), 0
    generator = np.random.default_rng(0)
    for pair in generator.permutation(len(samples))[: 2 * STROKE_PAIRS].reshape(-1, 2):
        top, bottom = (samples[index] for index in pair)
        page.get_by_role("button", name="Clear both").click()
        draw(page, "top", top)
        begin(page, "bottom", sparse(bottom))
        while_down = the_sum(page)
        page.mouse.up()
        assert while_down is not None and the_sum(page) == while_down
        right += while_down == top["label"] + bottom["label"]
    assert right >= 0.9 * STROKE_PAIRS
    assert float(re.search(r"[\d.]+(?= ms)", page.locator("#speed").inner_text())[0]) < 100  # 3 on a calm machine


def test_ink_is_what_the_app_sees_within_a_grey_level(opened, samples):
    page = opened("tiny-seed2")
    drawings = [[stroke.tolist() for stroke in pen.placed(sample["strokes"])] for sample in samples[: CANVASES - 4]]
    middle = pen.CANVAS / 2  # symmetrical ones lie half-way between two pixels; a dot; ink cut off by an edge
    drawings += [
        [[[middle, 40], [middle, 240]]],
        [[[40, middle], [240, middle]]],
        [[[middle, middle]]],
        [[[-5, 9], [200, 290]]],
    ]
    seen = page.evaluate(
        """(drawings) => drawings.map((strokes) => {
          const pad = pads.top;
          pad.drawing = { ...BLANK, strokes };
          const digit = pad.digit();
          return [pad.ink.canvas.toDataURL(), Array.from(digit)];
        })""",
        drawings,
    )
    assert len(seen) == CANVASES
    for url, digit in seen:
        with Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) as canvas:
            expected = ink.digit_from_canvas(np.asarray(canvas.convert("RGBA")))
        assert np.abs(np.reshape(digit, (28, 28)) - expected.astype(int)).max() <= 1
    assert (
        page.evaluate("digitFromCanvas({ data: new Uint8ClampedArray(4 * 280 * 280), width: 280, height: 280 })")
        is None
    )


def weights_of(name, network):
    """The weights of the run that is shipped for a network, else random ones."""
    shipped = [
        run
        for run in store.list_runs()
        if run.network == network and store.is_shipped(run) and checkpoints.has_weights(run)
    ]
    if shipped:
        return checkpoints.load_weights(shipped[0])
    generator = np.random.default_rng(0)
    he = {
        shape: np.sqrt(2 / np.prod(shape[:-1])) if len(shape) > 1 else 0.1 for shape in network.weight_shapes.values()
    }
    return {name: generator.normal(0, he[shape], shape).astype("f4") for name, shape in network.weight_shapes.items()}


@pytest.mark.parametrize(
    ("name", "kind", "wasm"),
    [*((name, "float16", True) for name in EVERY), ("sum", "int8", True), ("compact", "float16", False)],
)
def test_every_network_and_an_added_one_computes_what_numpy_computes(name, kind, wasm, opened):
    network, digits, generator = EVERY[name], mnist.embedded().test_images[::25], np.random.default_rng(0)
    tensors, data = rounding.encode(weights_of(name, network), kind)
    pairs = generator.integers(len(digits), size=(PAIRS, 2))
    computed = opened("tiny-seed2").evaluate(
        """([layers, tensors, data, digits, pairs, wasm]) => {
          const module = wasm ? bytesFromBase64(about.product) : null;
          const network = new Network(layers, tensors, bytesFromBase64(data), module);
          if (wasm !== (network.product.addInWasm !== null)) throw new Error("not computed as it should be");
          const read = (half) => digits.map((digit) => network.tower(digit, half));
          const tops = read("top"), bottoms = network.isTied ? tops : read("bottom");
          return pairs.map(([top, bottom]) => Array.from(network.head(tops[top], bottoms[bottom])));
        }""",
        [
            document.layers(network),
            tensors,
            base64.b64encode(data).decode(),
            digits.reshape(len(digits), -1).tolist(),
            pairs.tolist(),
            wasm,
        ],
    )
    weights, network = rounding.rounded(weights_of(name, network), kind), paired(network)
    top = forward.tower(network, weights, digits, "top")
    bottom = top if network.tied else forward.tower(network, weights, digits, "bottom")
    expected = forward.head(network, weights, top[pairs[:, 0]], bottom[pairs[:, 1]])
    computed = np.array(computed)
    followed = expected > np.log(operations.PROBABILITY_FLOOR) + 1  # close to the floor float32 keeps few digits
    assert np.abs(computed - expected)[followed].max() < 1e-3
    assert (computed.argmax(axis=1) == expected.argmax(axis=1)).all()


@pytest.mark.parametrize("name", ["sum_posterior", "sum"])
def test_the_slider_goes_back_to_where_the_guess_changed(name, opened, samples):
    page = opened(name)
    draw(page, "bottom", next(sample for sample in samples if sample["label"] == 3))
    one = [[140, 40 + 10 * step] for step in range(21)]
    seven = [[140 - 8 * step, 40] for step in range(13)]
    begin(page, "top", [one, seven])
    now = the_sum(page)
    page.mouse.up()
    settled(page)
    guesses = page.locator(".half.top .guesses span").evaluate_all("(spans) => spans.map((span) => span.title)")
    one_read, seven_read = ("1", "7") if name == "sum_posterior" else ("4", "10")
    assert now == 10 and guesses[-1] == seven_read and one_read in guesses
    assert story(page, "top").endswith(f"then {seven_read}.")
    changed = len(guesses) - 1 - guesses[::-1].index(one_read)
    page.locator(".half.top .guesses span").nth(changed).click()
    assert the_sum(page) == 4
    assert story(page, "top") == f"It was {one_read} until here, then {guesses[changed + 1]}."
    slider = page.locator(".half.top input")
    assert "until here" in slider.get_attribute("aria-valuetext")
    slider.press("ArrowRight")
    assert re.fullmatch(rf"(Here|It was) {guesses[changed + 1]}\b.*", story(page, "top"))
    slider.press("Home")
    settled(page)
    assert page.locator(".half.top path").get_attribute("d").count("L") == 1
    slider.press("End")
    assert the_sum(page) == 10


def test_buttons_and_keys_do_what_they_say_and_undo_takes_each_back(opened, samples):
    page = opened()
    for half, label in zip(HALVES, (7, 5), strict=True):
        draw(page, half, next(sample for sample in samples if sample["label"] == label))
    assert the_sum(page) == 12
    seen = [page.locator(f"#seen .{half} canvas").evaluate("(canvas) => canvas.toDataURL()") for half in HALVES]
    page.keyboard.press("w")
    assert the_sum(page) == 12
    swapped = [page.locator(f"#seen .{half} canvas").evaluate("(canvas) => canvas.toDataURL()") for half in HALVES]
    assert swapped == seen[::-1]
    page.get_by_role("button", name="Clear left digit").click()
    assert the_sum(page) is None and "Now draw the other digit" in page.locator("#sum").inner_text()
    assert "looks like a 7" in page.locator("#note").inner_text()
    page.keyboard.press("u")
    assert the_sum(page) == 12
    page.keyboard.press("c")
    settled(page)
    assert "Draw two digits" in page.locator("#sum").inner_text()
    for half in ("left", "right"):
        page.get_by_role("button", name=f"Undo {half} digit").click()
    assert the_sum(page) == 12
    for half, label in zip(HALVES, (4, 9), strict=True):
        page.locator(f".half.{half} svg").focus()
        page.keyboard.press(str(label))
    assert the_sum(page) == 13 and "The true sum is 13: 4 + 9." in page.locator("#note").inner_text()
    assert "The sum is 13" in page.get_by_role("status").inner_text()
    right = 0
    for _ in range(10):
        page.get_by_role("button", name="Surprise me").click()
        right += the_sum(page) == int(re.search(r"true sum is (\d+)", page.locator("#note").inner_text())[1])
    assert right >= 9


def test_touch_and_pen_draw_and_a_palm_does_not(opened):
    page = opened("sum_posterior", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    box, devices = page.locator(".half.top svg").bounding_box(), page.context.new_cdp_session(page)

    def touch(kind, *points, radius=10):
        points = [
            {"x": box["x"] + x, "y": box["y"] + y, "radiusX": radius, "radiusY": radius, "id": i}
            for i, (x, y) in enumerate(points)
        ]
        devices.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def by_pen(kind, x, y):
        where = {"x": box["x"] + x, "y": box["y"] + y, "button": "left", "buttons": 1, "clickCount": 1}
        devices.send("Input.dispatchMouseEvent", {"type": kind, "pointerType": "pen", **where})

    def strokes():
        settled(page)
        return page.evaluate("pads.top.drawing.strokes.map((stroke) => stroke.length)")

    touch("touchStart", (50, 30))
    for y in range(40, 150, 10):
        touch("touchMove", (50, y))
    touch("touchEnd")
    assert len(strokes()) == 1 and strokes()[0] > 3 and page.evaluate("scrollY") == 0
    touch("touchStart", (120, 120), radius=60)
    touch("touchEnd")
    assert len(strokes()) == 1  # as large as a palm
    touch("touchStart", (90, 90))  # the palm is down first, then the pen
    assert len(strokes()) == 2
    by_pen("mousePressed", 30, 30)
    by_pen("mouseMoved", 60, 60)
    by_pen("mouseReleased", 60, 60)
    touch("touchEnd")
    assert len(strokes()) == 2 and strokes()[1] > 1
    touch("touchStart", (90, 90))  # the hand that holds the pen
    touch("touchEnd")
    assert len(strokes()) == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1920])
def test_nothing_stands_in_the_way_of_access_and_nothing_overflows(scheme, width, opened):
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        missing("axe-core (pip install --group dev)")
    page = opened("sum", viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.keyboard.press("s")
    page.locator("summary").click()
    settled(page)
    report = Axe().run(page)
    assert report.violations_count == 0, report.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 21, 28)"}[scheme]
