"""Fixtures that several test files share."""

import os

import pytest

# several test files run at a time, and threads that wait for each other take the processor from those that work
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

from core import jobs
from core.images import mnist
from tests.needs import missing
from tests.server import chromium

LONGEST = {f"test_{name}.py" for name in ("train_browser", "training", "jobs", "browser", "pages_browser", "sweep")}


def pytest_collection_modifyitems(items):
    """The longest files come first: one that begins last would be waited for alone."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(autouse=True)
def no_warm_trainer(monkeypatch):
    """Pages under test start no process of 500 MB that waits for a Start; tests/test_jobs.py has one that does."""
    monkeypatch.setattr(jobs, "WARM", False)
    monkeypatch.setenv("DIGIT_SUM_LAB_WARM", "0")


@pytest.fixture(scope="session")
def full():
    """The full MNIST."""
    data = mnist.load(download=False)
    if data.name != "full":
        missing(f"the full MNIST: {data.notice}")
    return data


@pytest.fixture(scope="module")
def browser():
    """A real Chromium."""
    with chromium() as browser:
        yield browser
