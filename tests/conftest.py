"""Fixtures that several test files share."""

import functools
import logging
import os
from collections import Counter

import pytest

# several test files run at a time, and threads that wait for each other take the processor from those that work
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
# trainers that are waited for must not stand back behind the tests of other files
os.environ.setdefault("DIGIT_SUM_LAB_NICENESS", "1")

import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner

from core import settings
from core.images import mnist
from core.jobs import queue
from tests.harness.needs import missing
from tests.harness.server import chromium

settings.prepare_tensorflow()  # before any test imports it
# each AppTest looks through all installed packages for components, which takes a third of the tests of pages
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)
# Streamlit clears Keras, where it is loaded, after each rerun, in 1.4 s; no server has it, but tests of trainings have
script_runner._clean_problem_modules = lambda: None

LONGEST = {f"test_{name}.py" for name in ("train_browser", "training", "jobs", "browser", "pages_browser", "sweep")}
# what takes a browser, a page, a training or several processes
SLOW_NAMES = ("workers", "cluster", "command_line", "checkpoints", "pocket", "teach", "likeness")
SLOW = {f"test_{name}.py" for name in SLOW_NAMES}
SLOW_FOLDERS = {"browser", "pages", "promises"}


def pytest_collection_modifyitems(items):
    """The longest files come first: one that begins last would be waited for alone. Mark what is slow."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
    for item in items:
        if item.path.name in LONGEST | SLOW or item.path.parent.name in SLOW_FOLDERS:
            item.add_marker("slow")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    """Say in one line what was skipped for want of what, instead of a line for each test."""
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.getreports("skipped"))
    if reasons:
        counted = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
        terminalreporter.write_line(f"Skipped by reason: {counted}.")


@pytest.fixture(autouse=True)
def no_warm_trainer(monkeypatch):
    """Pages under test start no process of 500 MB that waits for a Start; tests/core/test_jobs.py has one that does."""
    monkeypatch.setattr(queue, "WARM", False)
    monkeypatch.setenv("DIGIT_SUM_LAB_WARM", "0")


@pytest.fixture(scope="session", autouse=True)
def machines_mnist(tmp_path_factory):
    """Where this machine may have MNIST. No test finds it there, or downloads it, unless it asks for one of these
    fixtures: so a test that needs it and does not say so fails on every machine, not on a new one alone.
    """
    path = mnist.cache_path()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        environment.setenv("https_proxy", "http://127.0.0.1:9")  # which leads nowhere, but to this machine itself
        environment.setenv("no_proxy", "127.0.0.1,localhost")
        yield path


@pytest.fixture(scope="session")
def full(machines_mnist):
    """The full MNIST."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KERAS_HOME", str(machines_mnist.parent.parent))
        data = mnist.load(download=False)
    if data.name != "full":
        missing("the full MNIST")
    return data


@pytest.fixture
def full_in_cache(full, machines_mnist, monkeypatch):
    """The full MNIST where the app and its trainers look for it."""
    monkeypatch.setenv("KERAS_HOME", str(machines_mnist.parent.parent))
    st.cache_resource.clear()  # which holds the test set that an earlier test saw
    yield full
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def browser():
    """A real Chromium."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def logged(caplog, monkeypatch):
    """What core logs, caught once, whether or not a command has given it a handler already."""
    log = logging.getLogger("core")
    monkeypatch.setattr(log, "handlers", [caplog.handler])
    monkeypatch.setattr(log, "propagate", False)
    caplog.set_level("INFO", logger="core")
    return caplog
