"""The real app in a process of its own, and a real Chromium to visit it."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.harness.needs import PATIENCE_SECONDS, missing

REPOSITORY = Path(__file__).parent.parent.parent
# no sandbox, for CI runs as root; no traffic of the browser's own, for there is no network
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Server:
    """A running `streamlit run`: its address, process id and what it wrote."""

    def __init__(self, process, port, log):
        self.url, self.pid, self._log = f"http://127.0.0.1:{port}", process.pid, log

    @property
    def log(self) -> str:
        return self._log.read_text()


@contextlib.contextmanager
def serving(script: Path, log: Path, port: int | None = None, **environment: str):
    """Serve a script from the repository's folder, ready to answer; stopped at the end."""
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--server.headless", "true", "--server.port", str(port)],
            cwd=REPOSITORY,
            env=os.environ | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        server, until = Server(process, port, log), time.monotonic() + PATIENCE_SECONDS
        while not _answers(server.url):
            assert process.poll() is None and time.monotonic() < until, server.log
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)


def mebibytes(pid: int, kind: str = "VmRSS") -> float:
    """The memory of a process as Linux counts it: resident, or "VmHWM", its peak."""
    return int(Path(f"/proc/{pid}/status").read_text().split(f"{kind}:")[1].split()[0]) / 1024


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _answers(url):
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


@contextlib.contextmanager
def chromium(*flags):
    """A headless Chromium under Playwright, with `flags` more, for `open_page`.

    Without one the test ends, as `missing` says.
    """
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        missing("Playwright (pip install --group dev)")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_FLAGS, *flags])
        except Error as error:
            missing(f"Chromium ({str(error).splitlines()[0]})")
        yield browser
        browser.close()


def open_page(browser, **options):
    """A page of a visitor who has been nowhere before, and is patient."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    return context.new_page()
