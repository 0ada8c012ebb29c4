"""The page that looks inside, without a browser: opened at a section, on two test digits that are always the same."""

from streamlit.testing.v1 import AppTest

from tests.needs import PATIENCE_SECONDS
from tests.visits import rerun


def page(section, run=None, places=(0, 1), **query):
    """The page at a section of a run, on two of the embedded test digits; `query` is the rest of the link."""
    app = AppTest.from_file("../pages/navigation.py", default_timeout=PATIENCE_SECONDS)
    app.run()  # the draw page, whose canvas only a browser has; then the app knows its other pages
    app.switch_page("inside/page.py")
    app.session_state["subject"] = {"places": list(places), "instead": True}
    for name, value in {"section": section, **query}.items():
        app.query_params[name] = value
    app = rerun(app)
    if run is not None:
        app.selectbox(key="run").set_value(run)
        app = rerun(app)
    return app


def choice(app, key):
    """A widget of pills or a segmented control, by the beginning of its key."""
    return next(widget for widget in app.button_group if (widget.key or "").startswith(key))
