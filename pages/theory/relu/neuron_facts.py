"""What is to be said of a neuron: whether it lives, and its gradient computed in two ways."""

import numpy as np

from core.theory import relu
from core.theory.relu import Activation, Neuron, Points
from pages.shared import tables
from pages.shared.text import small


def facts(neuron: Neuron, activation: Activation, points: Points, last: tuple[int, float] | None) -> str:
    """HTML of them. `last` is how many steps were trained last, and by how much they moved w and b at most."""
    z = neuron.preactivations(points.x)
    by_rule = relu.gradient(neuron, activation, points)
    by_difference = relu.numerical_gradient(neuron, activation, points)
    error = max(abs(a - b) for a, b in zip(by_rule, by_difference, strict=True))
    heads = ("gradient of the loss", "w₁", "w₂", "b")
    rows = [("by the chain rule", *map(small, by_rule)), ("by differences", *map(small, by_difference))]
    trained = ""
    if last is not None:
        steps, moved = last
        trained = f" The last {steps} {'step' if steps == 1 else 'steps'} moved w and b by at most {small(moved)}."
    return (
        f'<p class="identity state">{_state(activation, z)}</p><p>w·x + b lies between {small(z.min())} and '
        f"{small(z.max())}.{trained} Loss {relu.loss(neuron, activation, points):.4f}.</p>"
        f"{tables.facts(heads, rows, kind='number-table')}<p>max |difference| = <b>{small(error)}</b></p>"
    )


def _state(activation, z):
    answered, heard = np.count_nonzero(z > 0), activation.derivative(z) != 0
    if answered:
        taught = "every point teaches it" if heard.all() else "only these teach it"
        return f"<b>Alive.</b> Positive at {answered} of {len(z)} points; {taught}."
    if heard.any():
        return f"<b>Silent, not dead.</b> Negative at every point, yet {activation.name} lets a gradient through."
    return "<b>Dead.</b> Negative at every point: the gradient is exactly 0, and training changes nothing."
