"""What a browser sends can be forged: through a real websocket, the draw page answers it, or says nothing is drawn."""

import base64
import contextlib
import io
import json
import socket
import struct
import zlib

import pytest
from PIL import Image
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import StringArray
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from tests.harness.needs import PATIENCE_SECONDS
from tests.harness.pages import PAGES
from tests.harness.server import REPOSITORY, mebibytes, serving

MOST_MESSAGE_BYTES = 16_000_000  # maxMessageSize in .streamlit/config.toml
MOST_UNREAD_MEBIBYTES = 100
FIRST_START = "#00000100"  # the background of a canvas' first start, which every report carries


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(REPOSITORY / "app.py", tmp_path_factory.mktemp("server") / "log") as server:
        yield server


class Visit:
    """A session of a page, as a browser opens one; of the draw page, if no other is named."""

    def __init__(self, connection, page_name=""):
        self.socket, self._page_name, self._page_hash = connection, page_name, ""
        self.elements = self.look()

    @property
    def canvas(self):
        return next(e.bidi_component.id for e in self.elements if e.WhichOneof("type") == "bidi_component")

    def look(self, **widget):
        """The elements of the page, run again with what a widget, by its `id`, is said to hold."""
        message = BackMsg()
        message.rerun_script.query_string = ""
        message.rerun_script.page_script_hash = self._page_hash
        message.rerun_script.page_name = "" if self._page_hash else self._page_name
        if widget:
            message.rerun_script.widget_states.widgets.add(**widget)
        self.socket.send(message.SerializeToString())
        elements = []
        while True:
            answer = ForwardMsg.FromString(self.socket.recv(timeout=PATIENCE_SECONDS))
            if answer.WhichOneof("type") == "script_finished":
                return elements
            if answer.WhichOneof("type") == "navigation":
                self._page_hash = answer.navigation.page_script_hash
            if answer.WhichOneof("type") == "delta" and answer.delta.WhichOneof("type") == "new_element":
                elements.append(answer.delta.new_element)

    def tell(self, **value):
        """What the page says, in HTML, when the top canvas tells a value. It shows no exception."""
        elements = self.look(id=self.canvas, **value)
        assert not [e for e in elements if e.WhichOneof("type") == "exception"]
        return " ".join(e.html.body for e in elements if e.WhichOneof("type") == "html")


@contextlib.contextmanager
def visiting(server, page_name=""):
    address = f"ws{server.url.removeprefix('http')}/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], max_size=None) as connection:
        yield Visit(connection, page_name)


def url_of(contents):
    return "data:image/png;base64," + base64.b64encode(contents).decode()


def picture(*size):
    buffer = io.BytesIO()
    Image.new("RGBA", size, "white").save(buffer, "PNG")
    return buffer.getvalue()


def png_that_claims(width, height):
    """A PNG whose header promises a size, and that ends there."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def drawing(objects, contents):
    return {"drawing": {"raw": {"objects": objects, "background": FIRST_START}, "data": url_of(contents)}}


STROKE, CANVAS = [{"type": "Path"}], picture(280, 280)
FORGED = {
    "nothing": None,
    "a number": 7,
    "a list": [1],
    "words for a drawing": {"drawing": "text"},
    "numbers for strokes and pixels": {"drawing": {"raw": 5, "data": 7}},
    "no strokes": {"drawing": {"raw": None}},
    "strokes of lists": drawing([[[]]], CANVAS),
    "strokes of words": drawing("text", CANVAS),
    "100,000 strokes": drawing(STROKE * 100_000, CANVAS),
    "a fit of no picture": {"backgroundFit": {}},
    "a fit of words": {"drawing": 7, "backgroundFit": "text"},
    "another size": drawing(STROKE, picture(281, 280)),
    "one pixel": drawing(STROKE, picture(1, 1)),
    "25 million pixels": drawing(STROKE, picture(5000, 5000)),
    "a size of 2^31": drawing(STROKE, png_that_claims(2**31 - 1, 2**31 - 1)),
    "the right size and no more": drawing(STROKE, png_that_claims(280, 280)),
    "no picture": drawing(STROKE, b"GIF89a"),
    "a long word": {"drawing": "x" * (MOST_MESSAGE_BYTES // 2)},
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_drawing_is_nothing_drawn(server, name):
    with visiting(server) as visit:
        assert "Draw two digits" in visit.tell(json_value=json.dumps(FORGED[name]))
        assert "Draw two digits" in visit.tell(json_value="{}")  # and the session goes on
    assert "Traceback" not in server.log, server.log


HOSTILE = "zz\n\n![x](http://127.0.0.1:9/leak.png)\u202e" + 1000 * "9"
FORGED_CHOICES = {  # what a control of this type is said to hold: none of what it offers
    "selectbox": {"string_value": HOSTILE},
    "multiselect": {"string_array_value": StringArray(data=[HOSTILE] * 100)},
    "button_group": {"string_array_value": StringArray(data=[HOSTILE] * 2)},
    "text_input": {"string_value": HOSTILE},
    "arrow_data_frame": {"string_value": '{"selection": {"rows": [-1, 99999], "columns": ["no"]}}'},
    "arrow_vega_lite_chart": {"string_value": '{"selection": {"cell": [{"truth": 99, "answer": "x"}]}}'},
}


@pytest.mark.parametrize("page_name", PAGES)
def test_a_control_that_is_said_to_hold_what_it_does_not_offer_breaks_no_page(server, page_name):
    with visiting(server, page_name) as visit:
        controls = [
            (getattr(e, e.WhichOneof("type")), FORGED_CHOICES[e.WhichOneof("type")])
            for e in visit.elements
            if e.WhichOneof("type") in FORGED_CHOICES
        ]
        for control, forged in controls:
            if control.id:  # else it is a chart that nobody can press
                elements = visit.look(id=control.id, **forged)
                assert not [e for e in elements if e.WhichOneof("type") == "exception"], control.id
    assert controls
    assert "Traceback" not in server.log, server.log


def test_a_message_over_the_cap_ends_its_connection_alone_and_is_not_kept(server):
    with visiting(server) as visit, visiting(server) as other:
        before = mebibytes(server.pid)
        with pytest.raises(ConnectionClosedError):
            visit.tell(json_value=json.dumps("x" * 2 * MOST_MESSAGE_BYTES))
        assert mebibytes(server.pid) - before < MOST_MESSAGE_BYTES / 2**20
        assert "Draw two digits" in other.tell(json_value="{}")
    assert "Traceback" not in server.log, server.log


STRANGERS = {  # a Host, an Origin that a browser sends with it, and the answer
    "a name led to this machine": ("evil.example:{port}", "http://evil.example:{port}", 421),
    "the same without an Origin": ("evil.example", None, 421),
    "a name that begins like ours": ("localhost.evil.example:{port}", None, 421),
    "an address with more behind it": ("127.0.0.1.evil.example", None, 421),
    "no name": ("", None, 421),
    "another page's": ("127.0.0.1:{port}", "http://evil.example", 403),
    "another server's on this machine": ("localhost:{port}", "http://localhost:1", 403),
    "a page without an address": ("127.0.0.1:{port}", "null", 403),
    "half an address": ("127.0.0.1:{port}", "http://[::", 403),
    "this machine's name": ("localhost:{port}", "http://localhost:{port}", 200),
    "an address of this machine": ("192.168.1.5:{port}", "http://192.168.1.5:{port}", 200),
    "this page's, behind a proxy with TLS": ("10.0.0.1", "https://10.0.0.1", 200),
}


def asked(server, path, host, origin, *upgrade):
    """The beginning of the server's answer to a request by this Host and Origin."""
    port = int(server.url.rsplit(":", 1)[1])
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *([f"Origin: {origin}"] if origin else [])]
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        lines += [*(upgrade or ["Connection: close"]), "", ""]
        connection.sendall("\r\n".join(lines).format(port=port).encode())
        answer = connection.recv(2000)
        while not upgrade and (more := connection.recv(2000)):
            answer += more
        return answer.decode(errors="replace")


@pytest.mark.parametrize("name", STRANGERS)
def test_the_server_answers_its_own_names_and_its_own_pages_alone(server, name):
    host, origin, status = STRANGERS[name]
    answer = asked(server, "/", host, origin)
    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert ("--server.allowedHosts" in answer) == (status == 421)
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
    upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", key]
    answer = asked(server, "/_stcore/stream", host, origin, *upgrade, "Sec-WebSocket-Protocol: streamlit")
    assert answer.startswith(f"HTTP/1.1 {101 if status == 200 else 403} ")
    assert "Traceback" not in server.log, server.log


def test_visitors_who_read_nothing_are_bounded_and_others_are_served(server):
    """Ten ask for twenty reruns each and read none of what is sent: Streamlit drops whom 500 messages wait for."""
    port = int(server.url.rsplit(":", 1)[1])
    with visiting(server), contextlib.ExitStack() as deaf:
        before = mebibytes(server.pid)
        for _ in range(10):
            connection = deaf.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.connect(("127.0.0.1", port))
            connection.sendall(UPGRADE.format(port=port).encode())
            assert connection.recv(12).endswith(b" 101")
            for _ in range(20):
                connection.sendall(masked(BackMsg(rerun_script={"query_string": ""}).SerializeToString()))
        with visiting(server) as newcomer:
            assert "Draw two digits" in newcomer.tell(json_value="{}")
        assert mebibytes(server.pid) - before < MOST_UNREAD_MEBIBYTES


UPGRADE = (
    "GET /_stcore/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Protocol: streamlit\r\n\r\n"
)


def masked(message):
    """A short message as a frame of a web socket, masked with zeros."""
    return b"\x82" + bytes([0x80 | len(message)]) + bytes(4) + message


def test_what_streamlit_itself_cannot_read_breaks_its_senders_session_alone(server):
    """No code of the app has run by then: an exception without details is shown to the sender (SECURITY.md)."""
    with visiting(server) as other:
        for value in ({"json_value": "not JSON"}, {"int_value": 7}):
            with visiting(server) as visit:
                shown = [
                    e.exception for e in visit.look(id=visit.canvas, **value) if e.WhichOneof("type") == "exception"
                ]
                assert len(shown) == 1 and not shown[0].stack_trace and "JSON" not in shown[0].message
                assert "Draw two digits" in other.tell(json_value="{}")
