"""The lock pins every package by its SHA-256, so that pip takes no other file, and nothing is needed beside it."""

import re
import tomllib

from packaging.requirements import Requirement

from tests.server import REPOSITORY

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
