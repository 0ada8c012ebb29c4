"""A network as a diagram: its layers from the image to the answer, their shapes, and the parameter arithmetic."""

import html

import streamlit as st

from core.model.networks import Network
from core.model.operations import SUMS


def diagram(network: Network) -> None:
    """Draw a network's layers, one box each, with what comes out of it and how its parameters are counted."""
    shape = "×".join(map(str, network.input_shape))
    boxes = [f"<li class='end'><b>image</b><span>{shape}</span></li>"]
    for step in network.steps:
        halves = " <em>each half</em>" if step.halves == 2 else ""
        shape = "×".join(f"{size:,}" for size in step.shape_out)
        arithmetic = f"<code>{html.escape(step.arithmetic)}</code>" if step.arithmetic else ""
        kind = "learns" if step.weights else "fixed"
        boxes.append(
            f"<li class='{kind}'><b>{html.escape(step.label)}</b><span>{shape}{halves}</span>{arithmetic}</li>"
        )
    answers = "sums 0 … 18" if network.classes == SUMS else "digits 0 … 9"
    boxes.append(f"<li class='end'><b>{answers}</b><span>{network.classes} logits</span></li>")
    st.html(f"<ol class='network' aria-label='Layers of {network.name}'>{''.join(boxes)}</ol>")
    cost = f"{network.multiply_adds / 1e6:.1f} million multiply-adds a {'pair' if network.reads_pairs else 'digit'}"
    st.markdown(f"**{network.parameters:,} parameters**, {cost}.")
