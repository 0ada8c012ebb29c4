"""The server's memory after each page, and each section of a page, was visited once in a row by one visitor.

    python -m benchmarks.memory

The peak is the kernel's own (VmHWM). Needs `pip install --group dev`.
"""

import tempfile
from pathlib import Path

from tests.harness.pages import PAGES
from tests.harness.server import REPOSITORY, chromium, mebibytes, serving

WITH_SECTIONS = ("inside", "mistakes", "convolution", "relu")
MOST_MILLISECONDS = 120_000
SETTLED = "document.querySelector('[data-test-script-state=notRunning]')"


def main() -> None:
    """Print a line for each page: mebibytes resident after it, and the peak so far."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(REPOSITORY / "app.py", Path(folder) / "log") as server,
        chromium() as browser,
    ):
        page = browser.new_page()
        for path in PAGES:
            page.goto(f"{server.url}/{path}")
            _settle(page)
            sections = page.get_by_test_id("stButtonGroup").first.get_by_role("radio")
            for i in range(sections.count() if path in WITH_SECTIONS else 0):
                sections.nth(i).click()
                _settle(page)
            now, peak = (mebibytes(server.pid, kind) for kind in ("VmRSS", "VmHWM"))
            print(f"{path or 'draw':16} {now:5.0f} MiB, peak {peak:.0f}")


def _settle(page):
    page.wait_for_timeout(300)
    page.wait_for_function(SETTLED, timeout=MOST_MILLISECONDS)
    page.wait_for_timeout(300)


if __name__ == "__main__":
    main()
