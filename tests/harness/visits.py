"""What page stories without a browser have in common: go to a page, look again, read, press a button."""

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from tests.harness.needs import PATIENCE_SECONDS


def visit(address):
    """The app as a link to one of its pages opens it, such as "inside"; it is shown at the next run.

    AppTest.switch_page knows a page's address only after a run of another page, which takes a second.
    """
    app = AppTest.from_file("../../pages/navigation.py", default_timeout=PATIENCE_SECONDS)
    app._page_hash = calc_hash(address)
    return app


def rerun(app):
    """Let the page be shown again; it must show no exception."""
    app.run()
    assert not app.exception, app.exception
    return app


def html(app):
    """All that the page shows with st.html."""
    return " ".join(element.proto.body for element in app.get("html"))


def said(app):
    """All that the page says in words."""
    return html(app) + " ".join(
        element.value for kind in (app.markdown, app.error, app.info, app.caption) for element in kind
    )


def click(app, label):
    """Press the first button with this label."""
    next(button for button in app.button if button.label == label).click()
    return rerun(app)
