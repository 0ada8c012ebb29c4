"""Digit Sum Lab: the server and its routes, nothing else. `streamlit run app.py` starts it."""

from core import settings
from pages.server import limits

settings.check()  # at the start, not on the first visitor's page
limits.apply()  # before anything imports NumPy, whose threads it limits

import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from core import terminal  # noqa: E402
from pages.server import pocket_route  # noqa: E402
from pages.server.ending import say_what_goes_on  # noqa: E402
from pages.server.hosts import KnownHosts  # noqa: E402

terminal.log_to_stderr(terminal.WITH_TIME)
app = st.App(
    "pages/navigation.py",
    routes=[pocket_route.ROUTE],
    middleware=[Middleware(KnownHosts)],
    lifespan=say_what_goes_on,
)
