"""Two networks on the same images: on how many just one is right, and whether chance explains the difference."""

import html

import streamlit as st

from core.insight.mcnemar import paired
from core.insight.mistakes import most_confident_first
from core.model import forward
from core.runs import store
from pages.mistakes.gallery import gallery
from pages.shared import cached, tables
from pages.shared.one_of import one_of
from pages.shared.readings import inputs, probability, readings_of, run_name
from pages.shared.text import plain

LEVEL = 0.05
ROWS = ("Only A is right", "Only B is right", "Both are wrong")


def show(run, readings, available) -> None:
    of_its_kind = sorted(available, key=lambda each: each[0].network.reads_pairs != run.network.reads_pairs)
    others = {other.name: other for other, _ in of_its_kind if other.name != run.name}
    if not others:
        st.info("This is the only network with a checkpoint. Train another one on the Train page to compare the two.")
        return
    name = st.selectbox(
        "Compare with",
        list(others),
        format_func=lambda name: cached.shown(others[name]),
        key="versus",
        bind="query-params",
        persist_state="session",
        width=400,
    )
    other = others[name]
    in_pairs = run.network.reads_pairs or other.network.reads_pairs
    try:
        first, second = (readings_of(each, in_pairs) for each in (run, other))
    except store.RunError as error:
        st.error(f"{run_name(other)} cannot be loaded. {plain(error)} Choose another network.")
        return
    result, what = paired(first.right, second.right), inputs(in_pairs)
    st.write(
        f"**A** is {run_name(run)}, **B** is {run_name(other)}. Both read the same {result.count:,} {what}"
        + (", the first pairing, with every test digit in one of them" if in_pairs else "")
        + "."
        + _how_a_digit_network_reads_pairs([run, other] if in_pairs else [])
    )
    left, right = st.columns(2, gap="large")
    with left:
        _table(result)
    with right:
        _verdict(result, first.accuracy, second.accuracy, what)
    st.subheader("Where they differ", anchor=False)
    kind = one_of(st.segmented_control, "Show", ROWS, "differ")
    which = {
        ROWS[0]: first.right & ~second.right,
        ROWS[1]: ~first.right & second.right,
        ROWS[2]: ~first.right & ~second.right,
    }[kind]
    wrong = first if kind == ROWS[1] else second
    which = most_confident_first(wrong, which)
    if not len(which):
        st.write(f"There are no such {what}.")
        return
    st.write(
        f"{len(which):,} {what}, those first where {'A' if wrong is first else 'B'} is surest of its wrong answer."
    )
    gallery(first, which, lambda index: _caption(first, second, index), "differ", (run.name, other.name, kind))


def _how_a_digit_network_reads_pairs(both):
    names = [run_name(each) for each in both if not each.network.reads_pairs]
    if not names:
        return ""
    return f" {names[0]} reads one digit at a time; its two distributions are added, as on the draw page."


def _table(result):
    rows = [
        ("A right", f"{result.both_right:,}", f"<b>{result.only_first:,}</b>"),
        ("A wrong", f"<b>{result.only_second:,}</b>", f"{result.both_wrong:,}"),
    ]
    heads = ("", "B right", "B wrong")
    st.html(tables.facts(heads, rows, kind="numbers", label="How often A and B are right"))
    st.caption("Only the two large numbers tell the networks apart: where both are right, or both wrong, neither wins.")


def _verdict(result, first, second, what):
    points, error = 100 * abs(result.difference), 100 * result.standard_error
    p = result.p_value
    st.html(
        f'<p class="measured"><span>A <b>{first:.4f}</b></span> <span>B <b>{second:.4f}</b></span></p>'
        f'<p class="measured-note">p = {html.escape(probability(p))}, McNemar’s exact test, two-sided</p>'
    )
    if result.difference == 0:
        st.write(f"Both are right equally often on these {what}.")
        return
    better = "A" if result.difference > 0 else "B"
    verdict = f"{better} is better by {points:.2f} ± {error:.2f} points. "
    if p < LEVEL:
        verdict += "That is more than chance would do: "
    else:
        verdict += "Chance alone could do that: "
    differ = result.only_first + result.only_second
    st.write(
        f"{verdict}if both were equally good, each of the {differ:,} {what} on which one alone is right would be as "
        f"the toss of a fair coin, and a split as uneven as {result.only_first:,} to {result.only_second:,} would come "
        f"about with probability p = {probability(p)}. We call p under {LEVEL} more than chance."
    )
    st.caption(
        "It compares these two trained networks; others of the same kind, trained from another seed, may differ."
    )


def _caption(first, second, index):
    top, *bottom = first.digits[index]
    true = f"{top} + {bottom[0]} = {top + bottom[0]}" if bottom else f"{top}"
    read = (
        f"{name} **{each.answered[index]}** ({forward.percent(each.confidence[index])})"
        for name, each in zip("AB", (first, second), strict=True)
    )
    return f"{true}: {', '.join(read)}"
