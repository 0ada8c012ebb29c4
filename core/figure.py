"""A Vega-Lite figure as an SVG or PNG file, to put into a report.

Drawn in a process of its own, because the drawing brings a JavaScript engine along: 100 MB that no page should keep.
"""

import json
import subprocess
import sys
from pathlib import Path

WIDTH_PIXELS, HEIGHT_PIXELS = 800, 420
PNG_SCALE = 2  # pixels of the file for each pixel of the figure
TIMEOUT_SECONDS = 60
REPOSITORY = Path(__file__).parent.parent


def render(specification: dict, rows: list[dict], kind: str) -> bytes:
    """The figure of `rows` as "svg" or "png". Raises RuntimeError, saying why, if it cannot be drawn."""
    figure = specification | {"data": {"values": rows}, "width": WIDTH_PIXELS, "height": HEIGHT_PIXELS}
    figure |= {"background": "#ffffff"}
    command, given = [sys.executable, "-m", "core.figure", kind], json.dumps(figure).encode()
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, cwd=REPOSITORY, timeout=TIMEOUT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        reason = (getattr(error, "stderr", None) or str(error).encode()).decode(errors="replace").strip()
        raise RuntimeError(f"The figure could not be drawn: {reason[-300:]}") from error
    return done.stdout


def main(kind: str) -> None:
    """Read a figure from stdin, write the file to stdout."""
    import vl_convert

    figure = json.load(sys.stdin)
    if kind == "svg":
        sys.stdout.buffer.write(vl_convert.vegalite_to_svg(figure).encode())
    else:
        sys.stdout.buffer.write(vl_convert.vegalite_to_png(figure, scale=PNG_SCALE))


if __name__ == "__main__":
    main(sys.argv[1])
