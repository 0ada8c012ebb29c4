"""The recipes offered for every network: the report's own protocol, a fast one to a better accuracy, and the quickest
that we know to the accuracy that the report printed (benchmarks/time_to_accuracy.py).
"""

from typing import Any

from core.recipe import Recipe

# how the sum networks are augmented: moves alone, as bending and thickening cost accuracy on pen strokes
MOVES: dict[str, Any] = {"shift_pixels": 2.0, "turn_degrees": 12.0, "scale": 0.1, "shear": 0.1}


def as_in_the_report(network: str) -> Recipe:
    """The protocol of 2017 (TensorFlow's tutorial): 20,000 batches of 50, Adam at 1e-4, σ 0.1, nothing averaged."""
    return Recipe(
        network=network,
        batch=50,
        steps=20_000,
        learning_rate=1e-4,
        schedule="constant",
        pairing="fresh",
        initialization="report",
        keep_prob=0.5 if network == "dropout" else 1.0,
        average_decay=0.0,
        precision="float32",
    )


def fast(network: str) -> Recipe:
    """One-cycle Adam on averaged weights: seconds to some minutes on two cores."""
    recipe = Recipe(network=network)  # to ask the network itself
    if not recipe.architecture.reads_pairs:
        steps, rate = {"tiny": (4000, 1e-2), "minimal": (6000, 3e-2)}.get(network, (1500, 2e-3))
        return Recipe(network=network, steps=steps, learning_rate=rate, keep_prob=0.5 if network == "dropout" else 1.0)
    if recipe.architecture.names_digits:
        return Recipe(network=network, steps=1500, learning_rate=1e-3, keep_prob=0.5, **MOVES)
    return Recipe(network=network, steps=4000, learning_rate=3e-3, average_decay=0.999, outlier_rate=0.1, **MOVES)


def quickest(network: str) -> Recipe:
    """As few steps as we know to reach the report's accuracy, which sum_linear never does.

    A high rate, small batches where they serve, and an average over the last steps.
    """
    quick: dict[str, tuple[int, int, float, float, dict[str, Any]]] = {
        "sum_posterior": (64, 160, 5e-3, 0.9, {}),
        "sum": (128, 3000, 3e-3, 0.999, {"outlier_rate": 0.1, **MOVES}),
        "sum_linear": (64, 1500, 3e-3, 0.99, {"outlier_rate": 0.1}),
        "linear": (128, 1000, 2e-3, 0.998, {}),
        "shallow": (64, 300, 5e-3, 0.95, {}),
        "tiny": (64, 1500, 1e-2, 0.98, {}),
        "minimal": (64, 2500, 3e-2, 0.98, {}),
        "compact": (64, 150, 3e-3, 0.95, {}),
    }
    batch, steps, rate, decay, more = quick.get(network, (64, 1000, 2e-3, 0.98, {}))
    return Recipe(network=network, batch=batch, steps=steps, learning_rate=rate, average_decay=decay, **more)


PRESETS = {"As in the report": as_in_the_report, "Fast": fast, "Quickest": quickest}
