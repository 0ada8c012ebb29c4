"""The page that looks inside, without a browser: opened at a section, on two test digits that are always the same."""

from tests.harness.visits import rerun, visit


def page(section, run="sum_posterior", places=(0, 1), **query):
    """The page at a section of a run, on two of the embedded test digits; `query` is the rest of the link."""
    app = visit("inside")
    app.session_state["subject"] = {"places": list(places), "instead": True}
    for name, value in {"section": section, **query}.items():
        app.query_params[name] = value
    app = rerun(app)
    app.selectbox(key="run").set_value(run)
    return rerun(app)


def choice(app, key):
    """A widget of pills or a segmented control, by the beginning of its key."""
    return next(widget for widget in app.button_group if (widget.key or "").startswith(key))
