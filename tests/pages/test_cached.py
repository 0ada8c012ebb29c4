"""What pages keep for all visitors: computed once, and again when anything that it depends on is another."""

import ast
import os
import shutil

import numpy as np
import pytest
import streamlit as st

from core.runs import checkpoints, store
from pages.shared.cached import cached, loadable_runs
from tests.harness.server import REPOSITORY

PAGES = REPOSITORY / "pages"


@pytest.fixture(autouse=True)
def empty():
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def test_a_value_is_computed_again_when_the_weights_or_a_digit_are_others(tmp_path):
    folder = shutil.copytree(PAGES.parent / "checkpoints" / "tiny-seed2", tmp_path / "tiny")
    asked = []

    @cached()
    def ink(run: store.Run, digit: np.ndarray) -> int:
        asked.append(run.name)
        return int(digit.sum())

    blank, dot = np.zeros((28, 28), np.uint8), np.eye(28, dtype=np.uint8)
    assert [ink(store.read(folder), digit) for digit in (blank, dot, dot.copy())] == [0, 28, 28] and len(asked) == 2
    os.utime(folder / checkpoints.WEIGHTS, ns=(1, 1))
    assert ink(store.read(folder), dot) == 28 and len(asked) == 3
    assert ink(store.read(shutil.copytree(folder, tmp_path / "other")), dot) == 28 and asked[-1] == "other"


def test_a_run_is_offered_as_soon_as_it_is_there_and_no_longer_than_that(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    assert loadable_runs() == []
    folder = shutil.copytree(PAGES.parent / "checkpoints" / "tiny-seed2", tmp_path / "tiny")
    assert [run.name for run, _ in loadable_runs()] == ["tiny"]
    shutil.rmtree(folder)
    assert loadable_runs() == []


def test_no_part_of_a_key_is_left_out_or_written_by_hand():
    """Streamlit leaves arguments with an underscore out of the key."""
    found = {}
    for path in PAGES.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            for decorator in getattr(function, "decorator_list", ()):
                if "cache" in (text := ast.unparse(decorator)):
                    found[f"{path.stem}.{function.name}"] = text, [a.arg for a in function.args.args]
    assert len(found) > 12
    for name, (decorator, parameters) in found.items():
        # a lock, and what is done once for a server, are no values of anything
        assert decorator.startswith("cached(") or decorator.startswith("functools.") or not parameters, name
        assert not any(parameter.startswith("_") for parameter in parameters), name
