"""How long from `streamlit run` to a page one can use, as a ratio to an empty Streamlit app in the same run.

    python -m benchmarks.first_page [ROUNDS]

Each round starts either server anew and opens it in a fresh Chromium page, in turn. The clock runs from the start of
the process to the first canvas (or, in the empty app, the first words) on the screen. Needs `pip install --group dev`.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.harness.server import REPOSITORY, chromium, mebibytes, serving

EMPTY_APP = 'import streamlit as st\nst.write("nothing here")\n'


def main(rounds: int = 7) -> None:
    """Print the median seconds of both apps, their ratio, and the servers' memory."""
    seconds, memory = {"empty": [], "lab": []}, {"empty": [], "lab": []}
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY_APP)
        apps = {"empty": (empty, "text=nothing here"), "lab": (REPOSITORY / "app.py", ".answer")}
        for number in range(rounds + 1):
            for name, (script, landmark) in apps.items():
                began = time.monotonic()
                with serving(script, Path(folder) / "log") as server, browser.new_context() as context:
                    page = context.new_page()
                    page.goto(server.url)
                    page.locator(landmark).wait_for()
                    if name == "lab":
                        page.locator("canvas.upper-canvas").nth(1).wait_for()
                    if number:  # the first round fills the disk's caches
                        seconds[name].append(time.monotonic() - began)
                        memory[name].append(mebibytes(server.pid))
    for name in apps:
        print(f"{name:6} {statistics.median(seconds[name]):.2f} s   {statistics.median(memory[name]):.0f} MiB")
    print(f"ratio  {statistics.median(seconds['lab']) / statistics.median(seconds['empty']):.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
