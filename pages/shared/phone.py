"""A run's Pocket for the visitor's own devices: its address as a QR code, and the file to take home."""

import functools
import html
import ipaddress
from urllib.parse import quote, urlsplit

import segno
import streamlit as st

from core.pocket import document
from core.runs import store


def offer(run: store.Run) -> None:
    """Show the QR code of a run's Pocket, or why a phone could not open it, and the file to download."""
    address = address_of(run.name, st.context.url, st.get_option("server.baseUrlPath"))
    if address is None:
        st.write(
            "Only this computer can open the app under its present address. To let phones in, start it with "
            "`streamlit run app.py --server.address 0.0.0.0` and open it by this computer's own address. "
            "Or send the file: it needs no server."
        )
    else:
        escaped = html.escape(address)
        image = f'<img class="code" alt="QR code of {escaped}" src="{_code(address)}">'
        st.html(f'<a href="{escaped}" target="_blank">{image}</a>')
        st.write(f"Point a phone's camera at it, or open [{address}]({address}).")
    st.download_button(
        "Take the file home",
        data=functools.partial(document.of_run, run),
        file_name=f"{run.name}.html",
        on_click="ignore",
        help="One HTML file. It reads digits in any browser, from disk or from an e-mail, without a network.",
        key=f"pocket file of {run.name}",
    )


@functools.lru_cache(maxsize=64)  # the draw page shows it in every rerun
def _code(address):
    """The QR code of an address as a data URL; black on white, which cameras want on the dark theme too."""
    return segno.make(address, error="m").svg_data_uri(scale=6, border=3, dark="#000", light="#fff")


def path_of(name: str, base: str = "") -> str:
    """Return the path under which this server gives a run's Pocket."""
    return f"{'/' + base.strip('/') if base.strip('/') else ''}/pocket/{quote(name)}"


def address_of(name: str, url: str | None, base: str = "") -> str | None:
    """Return the address of a run's Pocket for another device, given that of the page that the visitor sees.

    None if the page's address is unknown, or leads back to the device that asks.
    """
    parts = urlsplit(url or "")
    host = parts.hostname or "localhost"
    try:
        reachable = not ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        reachable = host != "localhost" and not host.endswith(".localhost")
    return f"{parts.scheme}://{parts.netloc}{path_of(name, base)}" if reachable else None
