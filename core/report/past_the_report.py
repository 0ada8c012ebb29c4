"""Experiments past the report, as data: questions that it did not ask, and the recipes that measure an answer."""

from core.model.questions import QUESTIONS
from core.presets import MOVES
from core.report.experiment import BLURRED, Experiment, Variant, quick, quick_sum

UNMET = "3+8"


def _posterior(**fields):
    """The long training of `sum_posterior`: half of its values dropped, weights averaged, images moved by 2 pixels."""
    common = {"keep_prob": 0.5, "average_decay": 0.999, "outlier_rate": 0.02, "shift_pixels": 2.0}
    return quick("sum_posterior", steps=16_000, learning_rate=1e-3, **common, **fields)


def _plateau(**fields):
    return quick_sum(**{"steps": 500, "average_decay": 0.99, "outlier_rate": 0.0} | fields)


PAST_THE_REPORT = (
    Experiment(
        "posterior",
        "",
        "Name the digits, then convolve: sum_posterior",
        "sum_posterior",
        "",
        (
            Variant(
                _posterior(turn_degrees=12.0, scale=0.15, shear=0.2, flags=0.4),
                (1,),
                shipped_as="sum_posterior",
            ),
        ),
        remark="The same tower with one better last layer, trained on sums alone.",
    ),
    Experiment(
        "pen",
        "",
        "Trained on real pen strokes too",
        "sum_posterior",
        "",
        (
            Variant(
                _posterior(turn_degrees=10.0, scale=0.12, shear=0.15, flags=0.3, pen_share=0.15, precision="float32"),
                label="sum_posterior",
            ),
            Variant(
                quick_sum(
                    steps=24_000,
                    pen_share=0.25,
                    **{"shift_pixels": 2.0, "turn_degrees": 10.0, "scale": 0.12, "shear": 0.15},
                    **{"elastic_pixels": 0.5, "flags": 0.2},
                ),
                label="sum",
            ),
            Variant(
                quick_sum(
                    network="sum_linear",
                    steps=30_000,
                    learning_rate=1e-2,
                    pen_share=0.25,
                    **{"shift_pixels": 1.0, "turn_degrees": 8.0, "scale": 0.1, "shear": 0.1},
                    **{"elastic_pixels": 0.5, "flags": 0.2},
                ),
                (1,),
                "sum_linear",
            ),
        ),
        remark="Strokes of 24 writers beside MNIST. They read six other writers far better than MNIST alone "
        "teaches to (checkpoints/README.md has both), and MNIST, whose pairs are measured first, a little worse.",
    ),
    Experiment(
        "tiny",
        "",
        "Fewer than a thousand parameters",
        "tiny",
        "",
        (Variant(quick("tiny", steps=5000, learning_rate=1e-2)),),
        remark="Question 3 asked for a minimal number of parameters and stopped at 1.3 million, with 0.9586.",
    ),
    Experiment(
        "minimal",
        "",
        "Fewer than seven hundred parameters",
        "minimal",
        "",
        (
            Variant(
                quick(
                    "minimal",
                    steps=20_000,
                    learning_rate=3e-2,
                    average_decay=0.999,
                    **{"shift_pixels": 1.0, "turn_degrees": 4.0, "scale": 0.05},
                ),
                (1, 2, 3, 4, 5),
            ),
        ),
        remark="694, in depthwise convolutions, of each channel by itself, and 1×1 ones that mix channels. Others "
        "published 0.9903 with 697, the best of about 700 runs, and 0.9800 with 575, pruned.",
    ),
    Experiment(
        "tied",
        "",
        "What sharing weights is worth",
        "sum",
        "",
        (
            Variant(quick_sum(**MOVES, **BLURRED), (1,), "shared"),
            Variant(quick_sum(**MOVES, **BLURRED, tied=False), (1,), "each-its-own"),
        ),
        remark="3,303,315 parameters against 6,567,699, all else equal.",
    ),
    Experiment(
        "number-line",
        "",
        "How the number line of sum forms",
        "sum",
        "",
        (Variant(quick_sum(), (1,)),),
        remark="No augmentation. Where test digits lay on their features' first components is kept along training: the "
        "Inside page shows it.",
    ),
    Experiment(
        "labels",
        "",
        "Learning from sums against learning from digits",
        "sum_posterior",
        "",
        tuple(
            Variant(
                quick("sum_posterior", steps=500, keep_prob=0.5, labels=labels, examples=examples),
                (1,),
                f"{labels}-{examples or 'all'}",
            )
            for labels in ("sums", "digits")
            for examples in (100, 1000, None)
        ),
        remark="Accuracy against the number of training images, told only sums or told every digit.",
    ),
    Experiment(
        "question",
        "",
        "Change the question",
        "sum_posterior",
        "",
        tuple(
            Variant(quick("sum_posterior", steps=500, keep_prob=0.5, labels=asked), label=asked) for asked in QUESTIONS
        ),
        remark="The same reader, told the answers to another question than the sum. Measured is nevertheless how well "
        "it adds: who has learned the digits can. Insight, Change the question, shows what each question teaches.",
    ),
    Experiment(
        "unmet",
        "",
        "Digit pairs never trained on",
        "sum",
        "",
        (
            Variant(quick_sum(**MOVES, **BLURRED, unmet=UNMET), (1,), "sum"),
            Variant(quick("sum_posterior", steps=500, keep_prob=0.5, unmet=UNMET), (1,), "sum_posterior"),
        ),
        remark="No 3 ever met an 8 in training. Is 3 + 8 right nevertheless? To sum_posterior a pair is two digits. To "
        "sum it is two votes on each answer, and only with an 8 does a 3 make 11: it can learn that a 3 never does.",
    ),
    Experiment(
        "plateau",
        "",
        "What breaks the plateau of sum",
        "sum",
        "",
        (
            Variant(_plateau(), (1,), "base"),
            Variant(_plateau(batch=256), (1,), "batch-256"),
            Variant(_plateau(learning_rate=1e-2), (1,), "rate-0.01"),
            Variant(_plateau(initialization="report"), (1,), "sigma-0.1"),
        ),
        remark="A bigger batch, a higher rate, or the report's own σ 0.1?",
    ),
)
