"""Who may import whom: pages import core, never the other way round; TensorFlow is the trainer's alone; no circles."""

import ast
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.harness.server import REPOSITORY


def imports(path):
    """The modules that a file imports anywhere in it, also inside functions; of `from a import b` both a and a.b."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: an import from a dot"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


IMPORTS = {
    str(path.relative_to(REPOSITORY)): imports(path)
    for folder in ("core", "pages")
    for path in sorted((REPOSITORY / folder).rglob("*.py"))
}


def importing(package, within="", outside="-"):
    """The files in a folder that import a package or a part of it, but for those in another folder."""
    return [
        path
        for path, modules in IMPORTS.items()
        if path.startswith(within) and not path.startswith(outside)
        if any(module == package or module.startswith(f"{package}.") for module in modules)
    ]


def test_core_knows_neither_the_pages_nor_streamlit():
    for package in ("streamlit", "pages"):
        assert importing(package, within="core/") == []
    for package in ("tests", "benchmarks"):
        assert importing(package) == []


@pytest.mark.parametrize("package", ["tensorflow", "keras", "core.training"])
def test_tensorflow_is_the_trainers_alone(package):
    assert importing(package, within="pages/") == []
    if package != "core.training":
        assert importing(package, outside="core/training/") == []


def test_no_module_imports_itself_by_way_of_others():
    names = {path.removesuffix(".py").replace("/", ".").removesuffix(".__init__"): path for path in IMPORTS}
    # a package of which a module is imported by name is itself no way to anything
    packages = {name for name in names if any(other.startswith(f"{name}.") for other in names)}
    graph = {name: IMPORTS[path] & set(names) - packages - {name} for name, path in names.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1]))


def test_one_file_alone_uses_what_streamlit_keeps_to_itself():
    assert importing("streamlit.components") + importing("streamlit.runtime") + importing("streamlit.web") == [
        "pages/shared/streamlit_internals.py"
    ]
