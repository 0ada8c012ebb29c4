"""The two recipes offered for every network: the report's own protocol, and the quickest way we know to the same."""

from core.networks import AddDigits
from core.recipe import Recipe

# how the sum networks are augmented: moves alone, as bending and thickening cost accuracy on pen strokes
MOVES = {"shift_pixels": 2.0, "turn_degrees": 12.0, "scale": 0.1, "shear": 0.1}


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
        steps, rate = (4000, 1e-2) if network == "tiny" else (1500, 2e-3)
        return Recipe(network=network, steps=steps, learning_rate=rate, keep_prob=0.5 if network == "dropout" else 1.0)
    if AddDigits() in recipe.architecture.layers:
        return Recipe(network=network, steps=1500, learning_rate=1e-3, keep_prob=0.5, **MOVES)
    return Recipe(network=network, steps=4000, learning_rate=3e-3, average_decay=0.999, outlier_rate=0.1, **MOVES)


PRESETS = {"As in the report": as_in_the_report, "Fast": fast}
