"""How long from Start to the first point of the curve, with a trainer that waits and without, in turn.

    python -m benchmarks.first_point [ROUNDS]

Each round serves the app anew with an empty folder of runs, opens the train page in Chromium, waits (until a trainer
has loaded TensorFlow, where one may) and presses Start. The clock stops when the run's metrics.jsonl has its first
line. What TensorFlow's import alone takes is measured in the same round. Needs `pip install --group dev`.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.harness.server import REPOSITORY, chromium, serving

LOOK_SECONDS = 0.02
WARM_SECONDS = 30  # to wait for the trainer at most


def main(rounds: int = 3) -> None:
    """Print the median seconds of each way."""
    seconds = {"TensorFlow's import": [], "cold": [], "warm": []}
    for _ in range(rounds):
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", "import tensorflow"], capture_output=True, check=True)
        seconds["TensorFlow's import"].append(time.monotonic() - began)
        for way, allowed in (("cold", "0"), ("warm", "1")):
            seconds[way].append(_from_start_to_first_point(allowed))
    for way, each in seconds.items():
        print(f"{way:20} {statistics.median(each):5.2f} s")


def _from_start_to_first_point(warm):
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        root = Path(folder) / "runs"
        environment = {"DIGIT_SUM_LAB_RUNS": str(root), "DIGIT_SUM_LAB_WARM": warm}
        with serving(REPOSITORY / "app.py", Path(folder) / "log", **environment) as server:
            page = browser.new_page()
            page.goto(f"{server.url}/train")
            start = page.get_by_role("button", name="Start", exact=True)
            start.wait_for()
            page.wait_for_timeout(1000 * WARM_SECONDS if warm == "1" else 1000)
            began = time.monotonic()
            start.click()
            while not any(path.stat().st_size for path in root.glob("*/metrics.jsonl")):
                time.sleep(LOOK_SECONDS)
            taken = time.monotonic() - began
            for run in root.glob("*/run.json"):
                command = [sys.executable, "-m", "core", "stop", str(run.parent)]
                subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
            return taken


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
