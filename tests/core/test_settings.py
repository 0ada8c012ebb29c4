"""Environment variables: what is read, what makes no sense, and that no import changes anything."""

import subprocess
import sys

import pytest

from core import settings

COMMAND = [sys.executable, "-m", "core", "runs"]


def end(command, **environment):
    return subprocess.run(
        command, cwd=settings.REPOSITORY, env={"PATH": "", **environment}, capture_output=True, text=True
    )


def test_an_unset_or_empty_variable_means_the_default(monkeypatch):
    for name in ("DIGIT_SUM_LAB_TRAINERS", "DIGIT_SUM_LAB_MOST_RUNS", "DIGIT_SUM_LAB_MOST_GIGABYTES"):
        monkeypatch.setenv(name, "")
    assert (settings.trainers(), settings.most_runs(), settings.most_gigabytes()) == (1, 500, 20.0)
    monkeypatch.setenv("DIGIT_SUM_LAB_MOST_GIGABYTES", "0.5")
    assert settings.most_gigabytes() == 0.5


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DIGIT_SUM_LAB_TRAINERS", "two"),
        ("DIGIT_SUM_LAB_NICENESS", "-5"),
        ("DIGIT_SUM_LAB_TRAINERS", "0"),
        ("DIGIT_SUM_LAB_MOST_RUNS", "1.5"),
        ("DIGIT_SUM_LAB_MOST_GIGABYTES", "nan"),
    ],
)
def test_a_number_that_makes_no_sense_is_named_on_stderr(name, text, tmp_path):
    ended = end(COMMAND, DIGIT_SUM_LAB_RUNS=str(tmp_path), **{name: text})
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"error: {name} is '{text}'; allowed: a ")
    assert ended.stderr.count("\n") == 1


def test_importing_core_changes_no_environment_variable():
    code = (
        "import os; before = dict(os.environ)\n"
        "import core.jobs.queue, core.jobs.sweep, core.runs.exchange, core.insight.readings, core.pocket.site\n"
        "import core.__main__, pages.server.limits\n"
        "assert dict(os.environ) == before, set(os.environ) ^ set(before)"
    )
    assert end([sys.executable, "-c", code]).stderr == ""
