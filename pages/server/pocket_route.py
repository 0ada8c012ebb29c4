"""/pocket/RUN: a run's Pocket, one HTML file that a visitor's browser keeps and reads digits with by itself."""

import functools
import gzip
import hashlib
import threading

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.pocket import document
from core.runs import checkpoints, store

MOST_KEPT = 2  # compressed files in memory, 7 MB each for the largest networks
LONGEST_NAME = 255  # bytes of a folder's name

_building = threading.Lock()  # visitors who come together wait for one file instead of building one each


def pocket(request: Request) -> Response:
    """Return the run's file, compressed; "not modified" to a browser that has it; else why there is none."""
    name = request.path_params["run"]
    if not _may_be_a_name(name):
        return PlainTextResponse("That cannot be the name of a run. An address is /pocket/ and a run's name.\n", 400)
    run = next((run for run in store.list_runs() if run.name == name), None)
    if run is None:
        return PlainTextResponse(f"There is no run {name!r} here. The app's Pocket page lists those there are.\n", 404)
    try:
        with _building:
            page, digest = _compressed(run.folder, _version(run))
    except (store.RunError, ValueError) as error:
        return PlainTextResponse(f"There is no Pocket of {run.name}. {error}\n", 404)
    zips = "gzip" in request.headers.get("accept-encoding", "")
    tag = f'"{digest}{"" if zips else "-plain"}"'
    headers = {"etag": tag, "cache-control": "no-cache", "vary": "accept-encoding", "x-content-type-options": "nosniff"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if zips:
        headers["content-encoding"] = "gzip"
    return Response(page if zips else gzip.decompress(page), headers=headers, media_type="text/html; charset=utf-8")


ROUTE = Route("/pocket/{run}", pocket)


def _may_be_a_name(name):
    return name.isprintable() and len(name.encode()) <= LONGEST_NAME and not name.startswith(".") and "\\" not in name


def _version(run):
    """What the file depends on: when the run's own files were last written."""
    names = (checkpoints.WEIGHTS, "result.json", "label.json")
    return tuple(path.stat().st_mtime_ns if (path := run.folder / name).exists() else 0 for name in names)


@functools.lru_cache(maxsize=MOST_KEPT)
def _compressed(folder, version):
    """The file and its digest, which is the same on every replica. Level 1 is quick, and 2% larger than level 9."""
    page = gzip.compress(document.of_run(store.read(folder)), compresslevel=1, mtime=0)
    return page, hashlib.sha256(page).hexdigest()[:32]
