"""The pages of the app, read out of its navigation: a new page is visited by every test that visits them all."""

import ast
from dataclasses import dataclass

from tests.harness.server import REPOSITORY

# where a page's own heading says more than its title in the navigation
HEADINGS = {
    "": "Digit Sum Lab",
    "compare": "Compare runs",
    "report": "The report",
    "inside": "Inside the network",
}


@dataclass(frozen=True)
class Page:
    """A page's address (empty: the first one), its title in the navigation, that one's section, and its heading."""

    address: str
    title: str
    section: str
    heading: str


def _read():
    tree = ast.parse((REPOSITORY / "pages/navigation.py").read_text())
    sections = next(node for node in ast.walk(tree) if isinstance(node, ast.Dict))
    for section, pages in zip(sections.keys, sections.values, strict=True):
        for call in pages.elts:
            options = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
            address = options.get("url_path", "")
            title = options["title"]
            yield Page(address, title, ast.literal_eval(section), HEADINGS.get(address, title))


PAGES = {page.address: page for page in _read()}
