"""The lock pins every package by its SHA-256, so that pip takes no other file, and nothing is needed beside it."""

import ast
import re
import tomllib
from importlib.metadata import packages_distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.harness.server import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


def requirements(name):
    """The requirements of a file, each with the options that follow it."""
    text = re.sub(r"\s*(^|\s)#.*", "", (REPOSITORY / name).read_text(), flags=re.MULTILINE)
    lines = [re.split(r"\s+--", line.strip()) for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [(Requirement(package), options) for package, *options in lines]


def test_every_package_of_the_lock_is_one_version_with_its_hashes():
    locked = requirements("requirements.txt")
    assert len(locked) > 30
    for package, options in locked:
        assert [pin.operator for pin in package.specifier] == ["=="], package
        assert options and all(re.fullmatch("hash=sha256:[0-9a-f]{64}", option) for option in options), package


def test_what_the_app_asks_for_is_locked():
    locked = {package.name for package, _ in requirements("requirements.txt")}
    assert {Requirement(package).name for package in PROJECT["project"]["dependencies"]} <= locked


def test_the_tools_of_developers_are_one_version_each():
    for group in PROJECT["dependency-groups"].values():
        for package in map(Requirement, group):
            assert [pin.operator for pin in package.specifier] == ["=="], package


def imported_at_once(path):
    """The packages that a file imports when it is itself imported, by the first word of their names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in imports if isinstance(node, ast.ImportFrom) and node.module]
    return {name.split(".")[0] for name in names}


def test_what_tests_import_at_once_is_asked_for_by_the_app():
    """A tool of developers alone is imported where it is used: else a newcomer's tests cannot even be collected."""
    asked = [package for package, _ in requirements("requirements.txt")]
    asked += map(Requirement, PROJECT["project"]["dependencies"])
    names = {canonicalize_name(package.name) for package in asked}
    brought_by = packages_distributions()
    for path in REPOSITORY.glob("tests/**/*.py"):
        for module in imported_at_once(path) & brought_by.keys():
            assert {canonicalize_name(each) for each in brought_by[module]} & names, f"{path} imports {module}"
