"""A visitor of the draw page without a browser: Streamlit's own messages over its web socket, so that hundreds fit.

What goes to the server is what a browser sends (seen in Chromium's frames): the canvas component's value after a
stroke, or a button that was pressed, each with the values of all canvases; and the server's messages are read until
the script has finished. A drawing is sent at once, so the canvas' own wait of 200 ms is not in any time.
"""

import asyncio
import base64
import contextlib
import io
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import websockets
from PIL import Image
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core.images import ink
from core.model import forward
from core.runs import checkpoints, store
from tests.harness import pen

RERUN_SECONDS = 300  # only so that a dead server fails
LARGEST_MESSAGE_BYTES = 2**24


class Failed(AssertionError):
    """A rerun that ended in anything but a page."""


class CutOff(Failed):
    """The server is gone, or does not let anybody in."""


@dataclass(frozen=True)
class Drawing:
    """What a canvas tells: its strokes as objects, its pixels as a data URL, and beside them the digit they make."""

    objects: list[dict]
    url: str
    digit: np.ndarray | None


def drawing(strokes: list) -> Drawing:
    """What a canvas tells of the strokes of a sample of tests/harness/pen.py."""
    return _told([_path(points) for points in pen.placed(strokes)], pen.draw(strokes))


def _path(points):
    """A stroke as the component describes it."""
    (x, y), *others = points.round(3).tolist()
    path = [["M", x, y], *(["Q", x, y, *point] for point in others)]
    return {"type": "Path", "version": "7.4.0", "fill": None, "stroke": "#2e86de", "strokeWidth": pen.PEN, "path": path}


def _told(objects, rgba):
    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, "PNG")
    url = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    return Drawing(objects, url, ink.digit_from_canvas(rgba))


BLANK = _told([], np.zeros((pen.CANVAS, pen.CANVAS, 4), np.uint8))


@dataclass(frozen=True)
class Pair:
    """Two samples of tests/harness/pen.py, what the canvases tell of them, and the sum that the network reads."""

    samples: tuple[dict, dict]
    drawings: tuple[Drawing, Drawing]
    sum: int


def pairs(run: store.Run, count: int) -> list[Pair]:
    """Pairs of real pen strokes, with the sums that a run's network reads from them."""
    samples, weights = pen.samples(), checkpoints.load_weights(run)
    found = []
    for two in zip(samples[: 2 * count : 2], samples[1 : 2 * count : 2], strict=True):
        top, bottom = drawings = tuple(drawing(sample["strokes"]) for sample in two)
        found.append(Pair(two, drawings, forward.predict(run.network, weights, top.digit, bottom.digit).sum))
    return found


class Session:
    """One visitor. `seconds` is what each rerun took so far; `words` is all that the page shows with st.html."""

    def __init__(self, socket, page_name, query):
        self._socket, self._page_name, self._query = socket, page_name, query
        self._page_hash, self._cached, self._canvases, self._told, self._buttons = "", set(), {}, {}, {}
        self.words, self.seconds = "", []

    async def draw(self, half: str, drawn: Drawing) -> str:
        """Draw a digit in a half; what the page then answers. Raises Failed."""
        self._tell(half, drawn)
        return await self.rerun()

    async def draw_pair(self, pair: Pair) -> None:
        """Draw a digit in each half. Raises Failed unless the page answers with the pair's sum."""
        await self.draw_half(pair, "top")
        await self.draw_half(pair, "bottom")

    async def draw_half(self, pair: Pair, half: str) -> None:
        """Draw the top or the bottom digit of a pair, in this order. Raises Failed unless the page answers rightly."""
        number, words = (0, "Now draw the other digit") if half == "top" else (1, f"The sum is {pair.sum}")
        if (said := await self.draw(half, pair.drawings[number])) != words:
            raise Failed(f"{said!r} instead of {words!r}")

    async def click(self, label: str) -> str:
        """Press a button; what the page then answers. Raises Failed."""
        before = dict(self._canvases)
        await self.rerun(self._buttons[label])
        if restarted := [half for half, canvas in self._canvases.items() if canvas != before[half]]:
            for half in restarted:  # a canvas that starts again tells what it starts from; here it is always blank
                self._tell(half, BLANK)
            await self.rerun()
        return self.answer

    async def rerun(self, pressed: str | None = None) -> str:
        """Let the script run with what was drawn so far; what the page answers. Raises Failed."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self._query, self._page_hash
        state.page_name = "" if self._page_hash else self._page_name
        state.cached_message_hashes.extend(self._cached)
        state.widget_states.SetInParent()
        for name, value in self._told.items():
            state.widget_states.widgets.add(id=name, json_value=value)
        if pressed:
            state.widget_states.widgets.add(id=pressed, trigger_value=True)
        began = time.monotonic()
        try:
            async with asyncio.timeout(RERUN_SECONDS):
                await self._socket.send(message.SerializeToString())
                await self._read_page()
        except TimeoutError as error:
            raise Failed(f"no page within {RERUN_SECONDS} s") from error
        except websockets.ConnectionClosed as error:
            raise CutOff(str(error)) from error
        self.seconds.append(time.monotonic() - began)
        return self.answer

    @property
    def answer(self) -> str:
        """The largest words on the draw page."""
        found = re.search(r'class="answer"[^>]*>(.*?)</p>', self.words)
        return re.sub(r"<[^>]*>", "", found[1]) if found else ""

    def _tell(self, half, drawn):
        name, background = self._canvases[half]
        raw = {"version": "7.4.0", "objects": drawn.objects, "background": background}
        self._told[name] = json.dumps({"drawing": {"raw": raw, "data": drawn.url}})

    async def _read_page(self):
        while True:
            message = ForwardMsg.FromString(await self._socket.recv())
            kind = message.WhichOneof("type")
            if message.metadata.cacheable:
                self._cached.add(message.hash)
            if kind == "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    return
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    raise Failed(ForwardMsg.ScriptFinishedStatus.Name(message.script_finished))
            if kind == "new_session":
                self.words = ""
            elif kind == "navigation":
                self._page_hash = message.navigation.page_script_hash
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self._see(message.delta.new_element)

    def _see(self, element):
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise Failed(f"{element.exception.type}: {element.exception.message}")
        if kind == "html":
            self.words += element.html.body
        elif kind == "button":
            self._buttons[element.button.label] = element.button.id
        elif kind == "bidi_component" and element.bidi_component.id.endswith("_canvas"):
            half = element.bidi_component.id.rsplit("-", 1)[1].removesuffix("_canvas")
            background = json.loads(element.bidi_component.json)["backgroundColor"]
            self._canvases[half] = element.bidi_component.id, background


@contextlib.asynccontextmanager
async def visiting(url: str, page: str = "", query: str = "", **headers: str) -> AsyncIterator[Session]:
    """A visitor who has opened a page of the server at `url` and sees it. Raises CutOff if nobody is let in."""
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    try:
        socket = await websockets.connect(
            address, subprotocols=["streamlit"], max_size=LARGEST_MESSAGE_BYTES, additional_headers=headers
        )
    except (OSError, websockets.InvalidHandshake) as error:
        raise CutOff(str(error)) from error
    async with socket:
        session = Session(socket, page, query)
        await session.rerun()
        yield session
