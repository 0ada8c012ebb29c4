"""Put a run's network, the page and its scripts together as one HTML file that needs nothing else."""

import base64
import hashlib
import html
import io
import json
import re
from pathlib import Path

import numpy as np
from PIL import Image

from core.images import mnist
from core.model.forward import Weights
from core.model.networks import DIGITS, Network, Split, paired
from core.pocket import rounding
from core.pocket.assembler import assemble
from core.runs import labels, results
from core.runs.checkpoints import load_weights
from core.runs.store import Run

FOLDER = Path(__file__).parent
EACH = 2  # test digits of each label that come along, for Surprise me


def document(run: Run, weights: Weights, measured: dict | None, note: str = "", kind: str = "float16") -> bytes:
    """Build the HTML file of a run's network with these weights, rounded to `kind` of `rounding.KINDS`.

    `measured` is the accuracy it shows, as a run's result has it (accuracy, standard_error, data), or None; `note` is
    shown beside it. Raises ValueError if the network, as reading pairs, does not begin with Split.
    """
    tensors, data = rounding.encode(weights, kind)
    encoded = base64.b64encode(data).decode()
    about = {
        "label": label(run, measured),
        "file": f"{run.name}.html",
        "summary": run.network.summary,
        "accuracy": f"{describe_accuracy(measured)} {note}".rstrip(),
        "arithmetic": run.network.parameter_lines,
        "recipe": recipe_lines(run),
        "layers": layers(run.network),
        "tensors": tensors,
        "product": base64.b64encode(assemble((FOLDER / "rows.wat").read_text(encoding="utf-8"))).decode(),
        "characters": len(encoded),
        "digits": _test_digits(),
    }
    values = {
        "title": html.escape(f"{run.name}: draw two digits"),
        "network": json.dumps(about, ensure_ascii=False).replace("<", "\\u003c"),
        "weights": encoded,
    }
    return assembled("page.html", values)


def of_run(run: Run) -> bytes:
    """Build the HTML file of a run as its folder has it: the weights on disk and the accuracy measured at its end.

    Raises RunError if its weights cannot be loaded, and ValueError as `document` does.
    """
    weights = load_weights(run)
    exact = rounding.is_exact(weights, "float16")
    return document(run, weights, results.read(run), "" if exact else "That was before rounding to float16.")


def layers(network: Network) -> list[dict]:
    """Return the layers after Split, as `network.js` reads them: each its kind and the names of its weights.

    A network that reads one digit reads two and adds their distributions. Layers that change nothing at prediction, as
    Dropout, are left out. Raises ValueError if it does not begin with Split: only then can a half be read alone.
    """
    split, *steps = paired(network).steps
    if split.layer != Split():
        raise ValueError(f"{network.name} does not begin with Split, so its halves cannot be read one by one")
    needed = [step for step in steps if step.layer.changes_values]
    return [{"kind": type(step.layer).__name__, "weights": list(step.weights)} for step in needed]


def label(run: Run, measured: dict | None) -> str:
    """Return a run's title or name, the size of its network and its accuracy."""
    parameters = run.network.parameters
    count = f"{parameters / 1e6:.1f} M" if parameters >= 1e5 else f"{parameters:,}"
    return f"{labels.read(run).title or run.name} · {count} parameters" + (
        f" · accuracy {measured['accuracy']:.4f}" if measured else ""
    )


def describe_accuracy(measured: dict | None) -> str:
    """Describe a measured accuracy in a sentence."""
    if measured is None:
        return "Its accuracy is not measured yet."
    return f"Accuracy {measured['accuracy']:.4f} ± {measured['standard_error']:.4f} on {measured['data']}."


def recipe_lines(run: Run) -> dict[str, str]:
    """Describe what the run was trained on and each field of its recipe."""
    if not run.is_by_recipe:
        return {"trained on": run.data}
    values = {name.replace("_", " "): value for name, value in run.recipe.as_dict().items()}
    values["examples"] = "all" if run.recipe.examples is None else run.recipe.examples
    told = {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in values.items()}
    return {"trained on": run.data or "unknown"} | {name: value for name, value in told.items() if value}


def assembled(name: str, values: dict[str, str]) -> bytes:
    """Fill a page of this folder: its style and scripts inside it, and each {{mark}} replaced by its value.

    The mark {{policy}} becomes the content security policy that allows what is inside, WebAssembly, and no request.
    """
    hashes = {"script": ["'wasm-unsafe-eval'"], "style": []}

    def inside(kind):
        def replace(match):
            text = f"\n{(FOLDER / match[1]).read_text(encoding='utf-8')}"
            hashes[kind].append(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'")
            return f"<{kind}>{text}</{kind}>"

        return replace

    page = (FOLDER / name).read_text(encoding="utf-8")
    page = re.sub(r'<link rel="stylesheet" href="([\w.]+)">', inside("style"), page)
    page = re.sub(r'<script src="([\w.]+)"></script>', inside("script"), page)
    allowed = [f"{kind}-src {' '.join(values)}" for kind, values in hashes.items() if values]
    policy = "; ".join(["default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'", *allowed])
    # JSON, which a formatter of HTML reads too, has its mark as a string
    marked = page.replace('"{{network}}"', "{{network}}")
    return re.sub(r"\{\{ ?(\w+) ?\}\}", lambda match: (values | {"policy": policy})[match[1]], marked).encode()


def _test_digits():
    """A few digits of the embedded test set, one under the other, as a PNG in a data URL; and their labels."""
    data = mnist.embedded()
    chosen = np.concatenate([np.flatnonzero(data.test_labels == digit)[:EACH] for digit in range(DIGITS)])
    picture = io.BytesIO()
    Image.fromarray(np.concatenate(data.test_images[chosen])).save(picture, "PNG", optimize=True)
    url = f"data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()}"
    return {"picture": url, "labels": data.test_labels[chosen].tolist()}
