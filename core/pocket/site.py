"""A public demo without a server: a folder of static files, Pocket for each shipped network and an index of them."""

import base64
import html
from pathlib import Path
from urllib.parse import quote

from core.model.networks import NETWORKS
from core.pocket import document
from core.runs import checkpoints, results, store
from core.runs.store import Run

PICTURE = document.FOLDER / "picture.png"


def write(folder: Path) -> list[Path]:
    """Write the site into a new folder and return its pages, the index first. Raises OSError, also if it is there."""
    folder.mkdir(parents=True)
    chosen = shipped()
    pages = [folder / f"{run.name}.html" for run in chosen]
    for run, path in zip(chosen, pages, strict=True):
        path.write_bytes(document.of_run(run))
    index = folder / "index.html"
    index.write_bytes(_index(chosen, pages))
    (folder / ".nojekyll").touch()  # GitHub Pages would otherwise take the folder for sources of a blog
    return [index, *pages]


def shipped() -> list[Run]:
    """Return the most accurate shipped run of each network that has its weights, in the order of the networks."""
    best: dict[str, tuple[float, str]] = {}
    for run in store.list_runs():
        if store.is_shipped(run) and checkpoints.has_weights(run) and (result := results.read(run)):
            best[run.recipe.network] = max(best.get(run.recipe.network, (0, "")), (result["accuracy"], run.name))
    return [store.read(store.locate(best[name][1])) for name in NETWORKS if name in best]


def _index(chosen, pages):
    """The index: what it is, a picture, which leads to the first network, and a line for each."""
    rows = "".join(
        f'<li><a href="{quote(path.name)}">{html.escape(run.recipe.network)}</a> <span>{_facts(run, path)}</span>'
        f"<p>{html.escape(run.network.summary)}</p></li>"
        for run, path in zip(chosen, pages, strict=True)
    )
    picture = f"data:image/png;base64,{base64.b64encode(PICTURE.read_bytes()).decode()}"
    return document.assembled("index.html", {"first": quote(pages[0].name), "networks": rows, "picture": picture})


def _facts(run, path):
    size = path.stat().st_size
    told = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
    return f"{run.network.parameters:,} parameters · accuracy {results.read(run)['accuracy']:.4f} · {told}"
