"""Whom the server answers: requests that name it as its visitors do, and come from its own pages.

A page elsewhere can let its own name lead to 127.0.0.1 (DNS rebinding) and then talk to this server as if it were that
page's. The browser still says by which name it came, so a name that nobody gave to this server is refused.
"""

import ipaddress
import logging
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

log = logging.getLogger(__name__)

MOST_SHOWN = 100  # characters of a refused name


class KnownHosts:
    """ASGI middleware that refuses unknown values of `Host`, and an `Origin` that is not the host itself.

    It knows the names in Streamlit's option server.allowedHosts; if that is empty, `localhost` and every IP address,
    for an address cannot be rebound. Origins in server.corsAllowedOrigins are let in too.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with a refusal that says what to do."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        answer = self.app
        if not is_known(host):
            name = (host_name(host) or host)[:MOST_SHOWN]
            answer = PlainTextResponse(
                f"This server does not answer to the name {name!r}. Open it by its IP address or as localhost,\n"
                "or let it be started with that name: streamlit run app.py --server.allowedHosts NAME\n",
                status_code=421,
            )
        elif origin is not None and not is_own(origin, host):
            answer = PlainTextResponse("This server answers its own pages alone.\n", status_code=403)
        if answer is not self.app:
            log.warning("refused: Host %.100r, Origin %.100r", host, origin)
        if scope["type"] == "websocket" and answer is not self.app:
            answer = WebSocketClose()  # uvicorn makes it a 403
        await answer(scope, receive, send)


def is_known(host: str) -> bool:
    """Return whether the server goes by the name in a `Host` header."""
    name = host_name(host)
    if name is None:
        return False
    if allowed := st.get_option("server.allowedHosts"):
        patterns = [pattern.strip().lower().rstrip(".") for pattern in allowed]
        return any(
            pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:])) for pattern in patterns
        )
    return name == "localhost" or is_address(name)


def is_own(origin: str, host: str) -> bool:
    """Return whether an `Origin` is the host that was asked, or one of server.corsAllowedOrigins."""
    if origin in st.get_option("server.corsAllowedOrigins"):
        return True
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:  # such as http://[::
        return False


def host_name(host: str) -> str | None:
    """Return the name in a `Host` header, in lower case and without the port, or None where it is none."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018, raises ValueError for a port that is none
    except ValueError:
        return None
    if not parts.hostname or parts.netloc != host or "@" in host:
        return None
    return parts.hostname.rstrip(".")


def is_address(name: str) -> bool:
    """Return whether a name is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
