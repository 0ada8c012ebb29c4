"""Pocket: what a frame takes, on this core and throttled; bytes and time to the first answer, beside two peers.

    python -m benchmarks.pocket frames            a frame of every shipped network
    python -m benchmarks.pocket peers [ROUNDS]    bytes, first answer and a read of sum_posterior, against two peers
    python -m benchmarks.pocket visitors [COUNT]  what the server does while COUNT visitors draw with Pocket

A frame is all that Pocket does when the pen moved: ink, network, sum, bars, pictures, film. Chromium's CPU throttling
by 4 and 6 stands for phones. The peers, TensorFlow.js and onnxruntime-web (benchmarks/pocket_peers.py), read the same
digits in turn with Pocket in the same run; they draw nothing, so only the network's time is compared. All three are
opened from one local server of files. They want npm and `pip install --group bench`, all `pip install --group dev`.
"""

import contextlib
import functools
import gzip
import http.server
import json
import statistics
import sys
import tempfile
import threading
from pathlib import Path

from benchmarks import pocket_peers
from core.images import mnist
from core.pocket import document, site
from core.runs import checkpoints, store
from tests.harness import pen
from tests.harness.server import REPOSITORY, chromium, open_page, serving

THROTTLED = (1, 4, 6)
READS = 30  # of a page in a round
SECONDS = 15  # for which visitors draw
# draws digits point by point, and gives the milliseconds of each frame when the next one is asked for
DRAW = """function* (drawings) {
  for (const [index, strokes] of drawings.entries()) {
    const pad = pads[HALVES[index % 2]];
    pad.show(BLANK);
    for (const points of strokes) {
      const stroke = [];
      pad.change({ ...pad.drawing, strokes: [...pad.drawing.strokes, stroke] });
      pad.pointer = {};
      for (const point of points) {
        stroke.push(point);
        pad.isUnread = true;
        const began = performance.now();
        frame();
        yield performance.now() - began;
      }
    }
    pad.pointer = null;
  }
}"""
DRAW_AT_ONCE = f"(drawings) => [...({DRAW})(drawings)]"
READ = """async (digits) => {
  const times = [];
  for (const digit of digits) {
    const began = performance.now();
    await %s;
    times.push(performance.now() - began);
  }
  return times;
}"""
POCKET_READ, PEER_READ = "network.tower(digit, 'top')", "read(digit)"
# as the pages of the peers do: when the first digit is read, counted from the navigation's start
POCKET_ANSWERED = """addEventListener("load", () => {
  network.tower(%s, "top");
  window.answered = performance.now();
});"""


def frames() -> None:
    """Print what a frame of each shipped network takes, on this core and throttled."""
    drawings = _drawings(6)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser, _files(folder) as url:
        print("| network | file, bytes | a frame, ms | throttled 4 times | 6 times |\n|---|---|---|---|---|")
        for run in site.shipped():
            path = Path(folder) / f"{run.name}.html"
            path.write_bytes(document.of_run(run))
            told = [_frames(browser, f"{url}/{path.name}", rate, drawings) for rate in THROTTLED]
            print(f"| `{run.recipe.network}` | {path.stat().st_size:,} | {' | '.join(told)} |", flush=True)


def peers(rounds: int = 5) -> None:
    """Print what Pocket and its peers ship, when they answer first, and what a read takes them."""
    digits = mnist.embedded().test_images[:READS].reshape(READS, -1).tolist()
    run = store.read(store.locate("sum_posterior"))
    with tempfile.TemporaryDirectory() as folder, chromium() as browser, _files(folder) as url:
        folder = Path(folder)
        (folder / "sum_posterior.html").write_bytes(document.of_run(run))
        weights = checkpoints.load_weights(run)
        modules = pocket_peers.install(folder / "npm")
        pocket_peers.tensorflow(modules, folder / "TensorFlow.js", weights, digits[0])
        pocket_peers.onnxruntime(modules, folder / "onnxruntime-web", weights, digits[0])
        pages = {name: f"{url}/{name}/index.html" for name in ("TensorFlow.js", "onnxruntime-web")}
        pages = {"Pocket": f"{url}/sum_posterior.html"} | pages
        _agree(browser, pages, digits[0])
        _compare(browser, pages, folder, digits, rounds)


def _compare(browser, pages, folder, digits, rounds):
    """Open and read in turn, round after round, and print the table and the ratios to Pocket."""
    first = {name: {rate: [] for rate in THROTTLED} for name in pages}
    reads = {name: {rate: [] for rate in THROTTLED} for name in pages}
    read = {name: READ % (POCKET_READ if name == "Pocket" else PEER_READ) for name in pages}
    for _ in range(rounds):
        for rate in THROTTLED:
            opened = {}
            for name, address in pages.items():
                opened[name] = page = open_page(browser)
                if name == "Pocket":
                    page.add_init_script(POCKET_ANSWERED % json.dumps(digits[0]))
                _throttle(page, rate)
                page.goto(address)
                page.wait_for_function("window.answered")
                first[name][rate].append(page.evaluate("window.answered"))
            for name, page in opened.items():
                page.evaluate(read[name], digits)  # compiled by then
            for name, page in opened.items():
                reads[name][rate].append(statistics.median(page.evaluate(read[name], digits)))
                page.context.close()
    print("| on `sum_posterior` | code, bytes | compressed | weights, bytes | first answer, ms | a read, ms |")
    print("|---|---|---|---|---|---|")
    for name in pages:
        code, compressed, weights = _bytes(folder, name)
        answered, taken = (
            " / ".join(f"{statistics.median(times[rate]):{form}}" for rate in THROTTLED)
            for times, form in ((first[name], ".0f"), (reads[name], ".1f"))
        )
        print(f"| {name} | {code:,} | {compressed:,} | {weights:,} | {answered} | {taken} |")
    for name in list(pages)[1:]:
        ratios = {
            what: statistics.median(b / a for a, b in zip(times["Pocket"][1], times[name][1], strict=True))
            for what, times in (("first answer", first), ("read", reads))
        }
        told = f"{ratios['first answer']:.2f} times as long to its first answer, {ratios['read']:.2f} times to a read"
        print(f"{name} takes {told}.")


def _agree(browser, pages, digit):
    """Raises AssertionError unless all pages read the same probabilities."""
    read = {}
    for name, address in pages.items():
        page = open_page(browser)
        page.goto(address)
        page.wait_for_function("window.answered" if name != "Pocket" else "network !== null")
        call = POCKET_READ if name == "Pocket" else PEER_READ
        read[name] = page.evaluate(f"async (digit) => Array.from(await {call})", digit)
        page.context.close()
    for name, probabilities in read.items():
        assert max(abs(a - b) for a, b in zip(probabilities, read["Pocket"], strict=True)) < 1e-3, name


def _bytes(folder, name):
    """What a visitor of a page is sent: code, the same compressed, weights."""
    if name == "Pocket":
        page = (folder / "sum_posterior.html").read_bytes()
        code, _, weights = page.partition(b'id="weights">')
        return len(code), len(gzip.compress(code)), len(weights)
    files = {path.name: path.read_bytes() for path in (folder / name).iterdir()}
    weights = len(files.pop("weights.bin", b"") or files.pop("model.onnx"))
    return sum(map(len, files.values())), sum(len(gzip.compress(data)) for data in files.values()), weights


def _frames(browser, address, rate, drawings):
    """Median and 95th percentile of a page's frames, in words."""
    page = open_page(browser)
    page.goto(address)
    page.wait_for_function("network !== null")
    page.evaluate(DRAW_AT_ONCE, drawings)  # compiled by then
    _throttle(page, rate)
    times = sorted(page.evaluate(DRAW_AT_ONCE, drawings))
    page.context.close()
    return f"{statistics.median(times):.1f}, p95 {times[int(0.95 * len(times))]:.1f}"


def _throttle(page, rate):
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})


def _drawings(count):
    """Pen digits, each a list of strokes on the canvas."""
    chosen = [next(sample for sample in pen.samples() if sample["label"] == label) for label in range(count)]
    return [[stroke.tolist() for stroke in pen.placed(sample["strokes"])] for sample in chosen]


@contextlib.contextmanager
def _files(folder):
    """Serve a folder on this machine; gives its address."""
    handler = functools.partial(_Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Say nothing of each request."""


def visitors(count: int = 200) -> None:
    """Print what the server and the visitors' frames take while `count` of them draw with `tiny` in one browser."""
    drawings, asked = _drawings(2), []
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        serving(REPOSITORY / "app.py", Path(folder) / "log") as server,
    ):
        page = open_page(browser)
        page.add_init_script(_visit(drawings))
        page.goto(f"{server.url}/pocket/nobody")
        add = "document.body.append(Object.assign(document.createElement('iframe'), { src: '/pocket/tiny-seed2' }))"
        page.evaluate(f"(count) => {{ for (let i = 0; i < count; i++) {add}; }}", count)
        page.wait_for_function("(count) => ready === count", arg=count, polling=1000)
        page.on("request", lambda request: asked.append(request.url))
        before = _processor_seconds(server.pid)
        page.wait_for_timeout(1000 * SECONDS)
        idle, before = _processor_seconds(server.pid) - before, _processor_seconds(server.pid)
        page.evaluate("dispatchEvent(new Event('begin'))")
        page.wait_for_timeout(1000 * SECONDS)
        used = _processor_seconds(server.pid) - before
        times = page.evaluate("times")
    times.sort()
    median, p95 = statistics.median(times), times[int(0.95 * len(times))]
    print(f"{count} visitors drew for {SECONDS} s: {len(times):,} frames, median {median:.1f} ms, p95 {p95:.1f} ms")
    print(f"The server meanwhile: {len(asked)} requests, {used:.2f} s of a processor; {idle:.2f} s when nobody drew")


def _visit(drawings):
    """A script for each visitor's frame: it draws when the page around it says so, until the time is over.

    A point is drawn in each frame of a screen, and the milliseconds that it took are told to that page.
    """
    return f"""if (window === top) window.times = [], window.ready = 0;
    else addEventListener("load", () => {{
      const drawings = {json.dumps(drawings)}, draw = {DRAW};
      top.ready++;
      top.addEventListener("begin", () => {{
        const until = performance.now() + {1000 * SECONDS};
        let points = draw(drawings);
        const again = () => {{
          const {{ value, done }} = points.next();
          if (done) points = draw(drawings);
          else top.times.push(value);
          if (performance.now() < until) setTimeout(again, 16);
        }};
        again();
      }});
    }});"""


def _processor_seconds(pid):
    """The processor time that a process has taken, as Linux counts it in hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


if __name__ == "__main__":
    {"frames": frames, "peers": peers, "visitors": visitors}[sys.argv[1]](*map(int, sys.argv[2:3]))
