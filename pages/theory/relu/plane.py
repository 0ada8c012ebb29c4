"""The plane with its two classes of points, and where a neuron answers, as HTML."""

import html

import numpy as np

from core.theory.relu import Activation, Neuron, Points

REACH = 3.2  # the plane is shown from −REACH to REACH both ways
LINE = 0.03  # half the width of the line, in the plane's own units
SQUARE = [(-REACH, -REACH), (REACH, -REACH), (REACH, REACH), (-REACH, REACH)]


def neuron(neuron: Neuron, activation: Activation, points: Points) -> str:
    """Points, the line w·x + b = 0, and the side where w·x + b > 0 shaded; pale points give the neuron no gradient."""
    z = neuron.preactivations(points.x)
    w, b = np.array(neuron.w), neuron.b
    half = LINE * float(np.hypot(*w))
    strip = _clip(_clip(SQUARE, w, b + half), -w, half - b)
    unheard = activation.derivative(z) == 0
    dots = "".join(
        f'<i class="{"" if target else "zero"}{" unheard" if pale else ""}" '
        f'style="left:{_percent(x)};bottom:{_percent(y)}"></i>'
        for (x, y), target, pale in zip(points.x.tolist(), points.targets, unheard, strict=True)
    )
    label = html.escape(f"{len(z)} points in the plane; the neuron is positive at {np.count_nonzero(z > 0)} of them")
    return (
        f'<div class="plane" role="img" aria-label="{label}">{_shape("answers", _clip(SQUARE, w, b))}'
        f'{_shape("line", strip) if half else ""}{dots}</div><p class="plane-key"><i></i> should answer 1 &emsp; '
        f'<i class="zero"></i> should answer 0 &emsp; shaded: w·x + b &gt; 0 &emsp; pale: teaches nothing</p>'
    )


def _clip(corners, w, b):
    """The part of a convex polygon where w·x + b ≥ 0, corner by corner (Sutherland and Hodgman, 1974)."""
    kept = []
    for (x, y), (u, v) in zip(corners, corners[1:] + corners[:1], strict=True):
        here, there = w @ (x, y) + b, w @ (u, v) + b
        if here >= 0:
            kept.append((x, y))
        if here * there < 0:
            part = here / (here - there)
            kept.append((x + part * (u - x), y + part * (v - y)))
    return kept


def _shape(name, corners):
    if not corners:
        return ""
    path = ", ".join(f"{_percent(x)} {_percent(-y)}" for x, y in corners)
    return f'<div class="{name}" style="clip-path:polygon({path})"></div>'


def _percent(coordinate):
    return f"{50 + 50 * coordinate / REACH:.2f}%"
