"""A loss against the steps as plain HTML: light enough to be drawn anew at every frame of a training."""

import html

import numpy as np

MOST_POINTS = 200
LINE = 0.012  # half the line's width, as a share of the height


def loss_curve(losses: list[float]) -> str:
    """The losses (n,) of n steps, from 0 up to the largest, with that and the last one in numbers; n at least 1."""
    chosen = np.unique(np.linspace(0, len(losses) - 1, MOST_POINTS).astype(int))
    values = np.array(losses)[chosen]
    top = 1.1 * max(values.max(), 1e-9)
    x = np.append(chosen, len(losses)) / len(losses)  # the last value goes on to the edge, so that one step shows too
    y = 1 - np.append(values, values[-1]) / top
    under = [*zip(x, y, strict=True), (1, 1), (0, 1)]
    line = [*zip(x, y - LINE, strict=True), *zip(x[::-1], (y + LINE)[::-1], strict=True)]
    label = f"Loss over {len(losses):,} steps: at most {values.max():.4f}, now {losses[-1]:.4f}"
    return (
        f'<div class="loss-curve" role="img" aria-label="{html.escape(label)}"><div class="under" '
        f'style="clip-path:{_polygon(under)}"></div><div class="over" style="clip-path:{_polygon(line)}"></div>'
        f"<span>{top:.2f}</span></div>"
        f'<p class="plane-key">Loss, from 0 up, over {len(losses):,} {"step" if len(losses) == 1 else "steps"}</p>'
    )


def _polygon(corners):
    return f"polygon({', '.join(f'{100 * x:.2f}% {100 * y:.2f}%' for x, y in corners)})"
