"""Digit Sum Lab: the server and its routes, nothing else. `streamlit run app.py` starts it."""

from pages.shared import limits  # noqa: F401, I001, before anything imports NumPy, whose threads it limits

import streamlit as st
from starlette.middleware import Middleware

from pages.shared import pocket_route
from pages.shared.hosts import KnownHosts

app = st.App("pages/navigation.py", routes=[pocket_route.ROUTE], middleware=[Middleware(KnownHosts)])
