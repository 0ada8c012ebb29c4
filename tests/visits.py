"""What page stories without a browser have in common: look again, read what is shown, press a button."""


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
