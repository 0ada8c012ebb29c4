import streamlit as st

from core.theory.counting import LINEAR_PARAMETERS, Balance
from pages.shared import tables
from pages.theory.counting.balance import MORE, short, side


def table(balances: list[Balance]) -> None:
    """Every count in a row."""
    heads = ("experiment", "network", "parameters", "constraints", "per constraint", "larger", "train", "test", "gap")
    rows = []
    for balance in balances:
        train, test = (f"{v:.4f}" if v is not None else "–" for v in (balance.train_accuracy, balance.test_accuracy))
        cells = (
            short(balance, variants=True),
            balance.network.name,
            f"{balance.network.parameters:,}",
            str(balance.constraints),
            f"{balance.ratio:,.3g}" if balance.ratio < 1000 else f"{balance.ratio:,.0f}",
            "parameters" if side(balance) == MORE else "constraints",
            *(train, test, "–" if balance.gap is None else f"{100 * balance.gap:+.1f} points"),
        )
        rows.append(cells)
    st.html(tables.facts(heads, rows, kind="counted"))


def lessons(balances: list[Balance]) -> None:
    """What the numbers of the runs here allow to be said; a sentence whose runs are missing is left out."""
    by_label = {balance.label: balance for balance in balances if not balance.by_pairs}
    measured = [balance for balance in by_label.values() if balance.gap is not None]
    every, few, reduced = (by_label[name] for name in ("all-images", "few-images", "reduced"))
    linear = by_label["linear"]
    sentences = []
    if every.gap is not None and few.gap is not None:
        sentences.append(
            f"**One network, two training sets.** `deep` has {few.network.parameters:,} parameters. Its gap is "
            f"{_points(few)} against {few.constraints.total:,} constraints, and {_points(every)} against "
            f"{every.constraints.total:,}."
        )
    if large := [balance for balance in measured if side(balance) == MORE]:
        low, high = min(large, key=_gap), max(large, key=_gap)
        sentences.append(
            f"**More parameters than constraints is no verdict.** {len(large)} of the {len(measured)} experiments have "
            f"more. Their gaps run from {_points(low)} (`{low.label}`) to {_points(high)} (`{high.label}`). The count "
            "says that learning by heart is possible, not that it happens."
        )
    if reduced.gap is not None and few.gap is not None:
        times = few.network.parameters / reduced.network.parameters
        sentences.append(
            f"**Fewer parameters alone.** On the same {few.images} images `reduced` has {times:.1f} times fewer "
            f"parameters than `deep`. Its gap is {_points(reduced)}, that of `deep` {_points(few)}."
        )
    sentences.append(
        f"**Not every parameter counts.** `linear` has {linear.network.parameters:,}, but without a ReLU its layers "
        f"multiply out to one matrix and one bias: 784·10 + 10 = {LINEAR_PARAMETERS:,} numbers. So counted it has "
        f"{'more' if linear.constraints.total > LINEAR_PARAMETERS else 'fewer'} constraints than parameters."
    )
    sentences.append(
        "**Pairs are not images.** N digits make N² pairs, each with 19 sums to get right, so a sum network seems to "
        "have far more constraints than parameters. But N labels decide all N² sums: the pairs are not independent. So "
        "sum networks stand here twice, by pairs and by images; the second is the careful count."
    )
    st.markdown("\n".join(f"- {sentence}" for sentence in sentences))


def _gap(balance):
    return balance.gap


def _points(balance):
    return f"{100 * balance.gap:.1f} points"
