"""What a browser sends can be forged: through a real websocket, the draw page answers it, or says nothing is drawn."""

import base64
import contextlib
import io
import json
import struct
import zlib

import pytest
from PIL import Image
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from tests.needs import PATIENCE_SECONDS
from tests.server import REPOSITORY, mebibytes, serving

MOST_MESSAGE_BYTES = 16_000_000  # maxMessageSize in .streamlit/config.toml
FIRST_START = "#00000100"  # the background of a canvas' first start, which every report carries


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(REPOSITORY / "app.py", tmp_path_factory.mktemp("server") / "log") as server:
        yield server


class Visit:
    """A session of the draw page, as a browser opens one."""

    def __init__(self, socket):
        self.socket = socket
        self.canvas = next(e.bidi_component.id for e in self.look() if e.WhichOneof("type") == "bidi_component")

    def look(self, **widget):
        """The elements of the page, run again with what a widget, by its `id`, is said to hold."""
        message = BackMsg()
        message.rerun_script.query_string = ""
        if widget:
            message.rerun_script.widget_states.widgets.add(**widget)
        self.socket.send(message.SerializeToString())
        elements = []
        while True:
            answer = ForwardMsg.FromString(self.socket.recv(timeout=PATIENCE_SECONDS))
            if answer.WhichOneof("type") == "script_finished":
                return elements
            if answer.WhichOneof("type") == "delta" and answer.delta.WhichOneof("type") == "new_element":
                elements.append(answer.delta.new_element)

    def tell(self, **value):
        """What the page says, in HTML, when the top canvas tells a value. It shows no exception."""
        elements = self.look(id=self.canvas, **value)
        assert not [e for e in elements if e.WhichOneof("type") == "exception"]
        return " ".join(e.html.body for e in elements if e.WhichOneof("type") == "html")


@contextlib.contextmanager
def visiting(server):
    address = f"ws{server.url.removeprefix('http')}/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], max_size=None) as socket:
        yield Visit(socket)


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
    assert "Traceback" not in server.log


def test_a_message_over_the_cap_ends_its_connection_alone_and_is_not_kept(server):
    with visiting(server) as visit, visiting(server) as other:
        before = mebibytes(server.pid)
        with pytest.raises(ConnectionClosedError):
            visit.tell(json_value=json.dumps("x" * 2 * MOST_MESSAGE_BYTES))
        assert mebibytes(server.pid) - before < MOST_MESSAGE_BYTES / 2**20
        assert "Draw two digits" in other.tell(json_value="{}")
    assert "Traceback" not in server.log


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
