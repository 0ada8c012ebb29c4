"""Recipe: everything that decides a run, frozen, and refused where it is made if a value makes no sense."""

import math
import re
from dataclasses import asdict, dataclass, field, fields, replace

import numpy as np

from core import rules
from core.model.networks import NETWORKS, Network, untied
from core.model.operations import DIGITS
from core.model.questions import QUESTIONS
from core.rules import RecipeError

EVERY = 59_000  # training images of the full MNIST; the other 1,000 are kept to judge without a download
MOST_STEPS = 1_000_000
MOST_ALL_PAIRS = 1024  # digits of a batch whose N² pairs fit in memory


def _number(default, low, high, meaning):
    return field(default=default, metadata={"rule": rules.Number(meaning, low, high, or_all=default is None)})


def _choice(default, options, meaning):
    return field(default=default, metadata={"rule": rules.Choice(meaning, options)})


def _flag(default, meaning):
    return field(default=default, metadata={"rule": rules.Flag(meaning)})


def _text(default, pattern, allowed, meaning):
    return field(default=default, metadata={"rule": rules.Text(meaning, pattern, allowed)})


@dataclass(frozen=True)
class Recipe:
    """What to train and how. Raises RecipeError naming the field, its value and what is allowed.

    Every field carries its range and its meaning in a sentence; the command line and the pages read both from here.
    """

    network: str = _choice("sum_posterior", tuple(NETWORKS), "Which network to train.")
    examples: int | None = _number(None, 10, EVERY, "Training images, balanced over the digits; all: the whole set.")
    pen_share: float = _number(0.0, 0.0, 1.0, "Share of a batch that is real pen strokes, drawn as the canvas draws.")

    # how the steps go
    batch: int = _number(128, 1, 4096, "Inputs of a step: digits, or pairs where pairing is not all.")
    steps: int = _number(1000, 1, MOST_STEPS, "Steps of training, the report's iterations.")
    learning_rate: float = _number(1e-3, 1e-7, 1.0, "Adam's learning rate; the peak where the schedule is one-cycle.")
    schedule: str = _choice("one-cycle", ("one-cycle", "constant"), "How the rate moves: up and down once, or not.")
    pairing: str = _choice(
        "all",
        ("all", "fresh", "fixed"),
        "Sum networks: all N² pairs of a batch, new pairs each epoch, or always the same.",
    )
    tied: bool = _flag(True, "Sum networks: both halves share their weights, or each has its own.")
    labels: str = _choice(
        "sums",
        (*QUESTIONS, "digits"),
        "sum_posterior: learn from sums alone, from another question's answers, or be told each digit.",
    )
    unmet: str = _text("", r"|\d\+\d(,\d\+\d)*", "digit pairs such as 3+8,4+7", "Sum networks: pairs never trained on.")
    initialization: str = _choice("he", ("he", "report"), "He's, or the report's: normal of σ 0.1, biases 0.1.")

    # what fights over-fitting
    keep_prob: float = _number(1.0, 0.05, 1.0, "Chance that a dropout layer keeps a value; 1: no dropout.")
    average_decay: float = _number(0.998, 0.0, 0.99999, "Weight averaging: how much of the mean a step keeps; 0: none.")
    weight_decay: float = _number(0.0, 0.0, 1.0, "What a step takes off the kernels, times its rate; 0: nothing.")
    outlier_rate: float = _number(0.0, 0.0, 0.5, "Share of labels the loss takes for noise: no pair then weighs much.")

    # augmentation: every training image is moved at random by up to this much, anew each time it is seen
    shift_pixels: float = _number(0.0, 0.0, 8.0, "Shift, pixels.")
    turn_degrees: float = _number(0.0, 0.0, 45.0, "Turn, degrees.")
    scale: float = _number(0.0, 0.0, 0.5, "Scale of each side, as a fraction.")
    shear: float = _number(0.0, 0.0, 0.8, "Slant, as a fraction of the height.")
    elastic_pixels: float = _number(0.0, 0.0, 4.0, "Elastic bending, standard deviation in pixels.")
    stroke_width: float = _number(0.0, 0.0, 1.0, "Thicker or thinner strokes: 1 is a pixel on each side.")
    flags: float = _number(0.0, 0.0, 1.0, "Chance of a short stroke at the top left, as many hands begin a 1.")
    resampling: str = _choice("cubic", ("cubic", "bilinear"), "Moved images stay sharp, or are blurred a little.")

    # how it is computed
    seed: int = _number(0, 0, 2**32 - 1, "Decides the initial weights, the order of images, dropout, augmentation.")
    precision: str = _choice(
        "auto", ("auto", "float32", "bfloat16"), "Arithmetic of the convolutions; auto: the faster, tried at start."
    )
    deterministic: bool = _flag(False, "Bit-identical on every repeat, and slower.")

    def __post_init__(self):
        for name, rule in RULES.items():
            rules.check(name, rule, getattr(self, name))
        network = NETWORKS[self.network]
        if self.pairing == "all" and network.reads_pairs and self.batch > MOST_ALL_PAIRS:
            allowed = f"a whole number from 1 to {MOST_ALL_PAIRS:,}"
            raise RecipeError(f"batch is {self.batch}; allowed with all pairs of a sum network: {allowed}")
        if not self.tied and not network.reads_pairs:
            raise RecipeError(f"tied is False; allowed for {self.network}, which has no halves: True")
        if self.unmet and not network.reads_pairs:
            raise RecipeError(f"unmet is {self.unmet!r}; allowed for {self.network}, which reads one digit: none")
        if self.labels != "sums" and not network.names_digits:
            raise RecipeError(
                f"labels is {self.labels!r}; allowed for {self.network}, which names no digits of a pair: sums"
            )
        if not self.met.any():
            raise RecipeError("unmet names every pair of digits; leave some to train on")

    @property
    def architecture(self) -> Network:
        """The network it trains, its halves untied if so asked."""
        network = NETWORKS[self.network]
        return network if self.tied else untied(network)

    @property
    def deals_pairs(self) -> bool:
        """Whether a step's digits come two by two, each in one pair, and not all with all."""
        return NETWORKS[self.network].reads_pairs and self.pairing != "all"

    @property
    def step_digits(self) -> int:
        """How many images a step works on."""
        return self.batch * (2 if self.deals_pairs else 1)

    @property
    def step_pen_digits(self) -> int:
        """How many of a step's images are pen strokes: whole pairs of them where pairs are dealt."""
        return round(self.pen_share * self.batch) * (2 if self.deals_pairs else 1)

    @property
    def met(self) -> np.ndarray:
        """(10, 10) of 0 and 1: which top digit is trained on together with which bottom digit."""
        met = np.ones((DIGITS, DIGITS), np.float32)
        for top, bottom in re.findall(r"(\d)\+(\d)", self.unmet):
            met[int(top), int(bottom)] = met[int(bottom), int(top)] = 0
        return met

    @property
    def augments(self) -> bool:
        moves = (self.shift_pixels, self.turn_degrees, self.scale, self.shear, self.elastic_pixels)
        return any((*moves, self.stroke_width, self.flags))

    def rate_at(self, step: int) -> float:
        """Return a step's (0-based) learning rate. One-cycle: up for a fifth of the steps, then down by a cosine.

        Source of the shape: Smith and Topin, "Super-convergence", 2018.
        """
        if self.schedule == "constant":
            return self.learning_rate
        done, rise = (step + 1) / self.steps, 0.2
        if done < rise:
            return self.learning_rate * done / rise
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * (done - rise) / (1 - rise)))

    def as_dict(self) -> dict:
        return asdict(self)


def recipe_from_dict(values: dict) -> Recipe:
    """Restore the recipe that `as_dict` wrote. Raises RecipeError for an unknown field or a value out of range."""
    known = {f.name for f in fields(Recipe)}
    if unknown := sorted(set(values) - known):
        raise RecipeError(f"recipe: unknown field {unknown[0]!r}; known are {', '.join(sorted(known))}")
    recipe = Recipe(**values)
    # a run that moved its images before there was a choice blurred them
    return replace(recipe, resampling="bilinear") if recipe.augments and "resampling" not in values else recipe


def read_field(name: str, text: str) -> object:
    """Read a field's value from text, as it is typed into the form or stands in a link.

    Raises RecipeError naming the field, its text and what is allowed.
    """
    return rules.read(name, RULES[name], text)


RULES: dict[str, rules.Rule] = {f.name: f.metadata["rule"] for f in fields(Recipe)}
