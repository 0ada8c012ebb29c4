"""What a link or a file says is shown as text and validated: hostile words in every parameter of every page."""

import ast
import json
import re
import shutil
from urllib.parse import quote, unquote_plus, urlencode

import pytest

from core.jobs import queue
from core.recipe import Recipe
from core.runs import control, store
from pages.shared.recipe_form import FIELDS
from pages.theory.counting.calculator import AS_IN_THE_REPORT
from tests.browser.test_pages_browser import settle
from tests.harness.pages import PAGES
from tests.harness.server import REPOSITORY, open_page, serving
from tests.harness.visits import visit

SOURCES = {path: ast.parse(path.read_text()) for path in (REPOSITORY / "pages").rglob("*.py")}
PICTURE = "![x](http://127.0.0.1:9/leak.png)"
HOSTILE = f"zz\n\n{PICTURE} www.evil.example <img src='http://127.0.0.1:9/leak.png'>"
MAKES_SOMETHING = """
a[href*='//127.0.0.1:9'], a[href*='//www.evil'], a[href^=mailto], img[src*='127.0.0.1:9'], [data-testid=stException]
"""
WORDS = (  # what Markdown, or Streamlit in finished text, would make something else of
    *(PICTURE, f"zz\n\n{PICTURE}", f"\u2028{PICTURE}\x85b", "[x](javascript:alert)", "<b>x</b> &amp; &#65; &x41;"),
    *("http://evil.example/x", "HTTPS://evil.example", "www.evil.example", "WWW.evil.example", "a@evil.example"),
    *("mailto:a@evil.example", "xmpp:a@evil.example", ":smile: x:+1:y", ":material/home:", ":streamlit:", ":red[x]"),
    *("a -> b <- c -- d >= e <= f", "<--- ---> ---", "$x^2$", "~~x~~", "`x`", "``` x", "**x** *x*", "__x__ _x_ a__b__"),
    *("- a", "+ a", "= a", "1. a", "12) a", "# a", "> a", "    code", "a\n---\nb", "|a|b|\n|-|-|\n|1|2|", "[^1]: x"),
    *("\\(x\\) C:\\x", "\"x\" 'x'", "sum_posterior", "batch is 4000: 1 to 1,024", "12:30:15", "\ud800\u202ex\x00y"),
)


def calls(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def parameters():
    """The name of every parameter that some page takes from its link."""
    names = {"run", "runs", "f", "g", "true", "answered", "blend_from", "blend_to", *FIELDS, *AS_IN_THE_REPORT}
    for tree in SOURCES.values():
        for call in calls(tree):
            if any(keyword.arg == "bind" for keyword in call.keywords):
                said = [keyword.value for keyword in call.keywords if keyword.arg == "key"] + call.args
                names |= {each.value for each in said if isinstance(each, ast.Constant) and _is_key(each.value)}
            if getattr(call.func, "id", "") == "choose_section":
                names |= {each.value for each in call.args[1:2]}
    return sorted(names)


def _is_key(value):
    return isinstance(value, str) and re.fullmatch("[a-z_]+", value)


def shown_as(words):
    """A pattern for words in the page, which may hold spaces of no width."""
    return re.compile("\u200b?".join(map(re.escape, words)))


def test_the_parameters_are_known():
    known = {"section", "mistakes", "half", "mode", "signal", "activation", "runs", "unmet", "true", "count_images"}
    assert known <= set(parameters()) and len(parameters()) > 70
    assert {"", "train", "compare", "inside", "mistakes", "counting"} <= set(PAGES)


def test_hostile_words_in_every_parameter_and_in_a_runs_files_are_text_on_every_page(tmp_path, browser, monkeypatch):
    root = tmp_path / "runs"
    monkeypatch.setattr(store, "ROOT", root)
    monkeypatch.setattr(queue, "advance", lambda: None)
    shown = root / "www.evil.example *x* _y_ a@evil.example"
    shutil.copytree(REPOSITORY / "checkpoints" / "tiny-seed2", shown)
    for name, field in (("run.json", "data"), ("result.json", "data")):
        content = json.loads((shown / name).read_text())
        (shown / name).write_text(json.dumps({**content, field: HOSTILE}))
    failed = queue.create(Recipe(network="tiny"))
    control.note_failure(failed, HOSTILE)
    asked = []
    with serving(REPOSITORY / "app.py", tmp_path / "log", DIGIT_SUM_LAB_RUNS=str(root)) as server:
        page = open_page(browser)
        page.on("request", lambda request: asked.append(request.url))
        everything = urlencode({name: HOSTILE for name in parameters()})
        links = [f"/{address}?{everything}" for address in PAGES]
        links += [f"/train?run={quote(shown.name)}", f"/train?run={failed.name}", f"/compare?runs={quote(shown.name)}"]
        for link in links:
            page.goto(server.url + link)
            page.get_by_test_id("stHeading").or_(page.locator(".answer")).first.wait_for()
            settle(page)
            if link.startswith(("/?", "/train?", "/compare?", "/inside?", "/mistakes?")):
                page.get_by_text(shown_as(PICTURE if HOSTILE in unquote_plus(link) else "evil")).first.wait_for()
            assert page.locator(MAKES_SOMETHING).count() == 0, link
        assert {url.split("/")[2] for url in asked if url.startswith("http")} == {server.url.split("/")[2]}
        assert "Traceback" not in server.log, server.log
        page.context.close()


WORDS_PAGE = f"""
import sys
sys.path.insert(0, {str(REPOSITORY)!r})
import streamlit as st
from pages.shared.text import plain
from tests.promises.test_links import WORDS
for i, words in enumerate(WORDS):
    for kind, show in {{"message": st.warning, "label": st.button}}.items():
        with st.container(key=f"{{kind}}_{{i}}"):
            show(plain(words))
st.html("<p>all of them</p>")
"""


def test_words_from_outside_are_shown_as_they_are(tmp_path, browser):
    script = tmp_path / "words.py"
    script.write_text(WORDS_PAGE)
    with serving(script, tmp_path / "log") as server:
        page, asked = open_page(browser), []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(server.url)
        page.get_by_text("all of them").wait_for()
        for i, words in enumerate(WORDS):
            expected = " ".join("".join(c if c.isprintable() else " " for c in words).split())
            for kind in ("message", "label"):
                element = page.locator(f".st-key-{kind}_{i} [data-testid=stMarkdownContainer]")
                assert element.inner_text().replace("\u200b", "") == expected
                assert element.locator(":not(p)").count() == 0, element.inner_html()  # nothing but a paragraph
        assert {url.split("/")[2] for url in asked if url.startswith("http")} == {server.url.split("/")[2]}
        page.context.close()


def test_every_row_of_options_is_one_of_which_one_is_always_chosen():
    """Streamlit's own rows let an empty value through; pages/shared/one_of.py does not."""
    rows = {path.name for path, tree in SOURCES.items() for node in ast.walk(tree) if _is_row(node)}
    called = [call for tree in SOURCES.values() for call in calls(tree) if _is_row(call.func)]
    bound = [call for call in called if {"bind", "default", "required"} & {keyword.arg for keyword in call.keywords}]
    assert len(rows) > 10 and not bound  # one without any of these may be empty, as its page knows


def _is_row(node):
    return isinstance(node, ast.Attribute) and node.attr in ("pills", "segmented_control")


EMPTY = {  # a page, and parameters of its link that are empty beside others that are not
    "inside": [{"section": ""}, {"half": "", "section": "The way through"}, {"spot": ""}],
    "mistakes": [{"mistakes": ""}],
    "convolution": [
        {"convolution_section": ""},
        {"mode": ""},
        {"dice": "", "convolution_section": "Two dice"},
    ],
    "relu": [{"relu_section": ""}, {"activation": ""}],
    "backpropagation": [{"signal": ""}],
    "compare": [{"kind": "", "runs": "", "networks": ""}],
    "train": [{name: "" for name in FIELDS}],
}


@pytest.mark.parametrize("page", EMPTY)
def test_an_empty_value_in_a_link_is_the_default(page):
    for link in EMPTY[page]:
        app = visit(page)
        for name, value in link.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        for row in app.button_group:
            assert row.key not in link or row.value, row.key


def test_a_row_that_a_forged_message_empties_has_its_default_again():
    app = visit("relu")
    app.run()
    row = next(row for row in app.button_group if row.key == "activation")
    row.set_value("ELU").run()
    assert not app.exception and row.value
    next(row for row in app.button_group if row.key == "activation").set_value(None).run()
    row = next(row for row in app.button_group if row.key == "activation")
    assert not app.exception and row.value == "ReLU"
