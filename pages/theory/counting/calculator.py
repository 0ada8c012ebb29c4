import streamlit as st

from core.theory import counting
from core.theory.counting import Count
from core.typed import read_number
from pages.shared.recipe_form import text_field
from pages.shared.text import plain

AS_IN_THE_REPORT = {  # key of the session and in the link → the report's value
    "conv_filters": "96",
    "conv_size": "5",
    "conv_channels": "3",
    "conv_biases": True,
    **{"in_height": "4", "in_width": "4", "in_channels": "256"},
    **{"out_height": "4", "out_width": "4", "out_channels": "256"},
    "fc_biases": True,
    "count_images": "10,000",
    "count_categories": "1,000",
}


def show() -> None:
    """A convolution, an FC layer and a training set to count; they begin with the report's questions."""
    convolution, dense, data = st.columns(3, gap="medium")
    with convolution, st.container(border=True):
        _convolution()
    with dense, st.container(border=True):
        _dense()
    with data, st.container(border=True):
        _constraints()
    st.button("As in the report", on_click=_reset, help="Fill in the report's three questions again.")


def _convolution():
    st.markdown("**A convolution layer**")
    values = [_number("conv_filters", "filters"), _number("conv_size", "size"), _number("conv_channels", "channels")]
    biases = _biases("conv_biases")
    if None in values:
        return
    count = counting.convolution_parameters(*values, biases=biases)
    _result(count, "parameters")
    if _as_printed("conv_filters", "conv_size", "conv_channels", "conv_biases"):
        filters, size, channels = values
        each, printed = size * size * channels + 1, counting.PRINTED_CONVOLUTION
        st.markdown(
            f"**Printed:** {printed:,}. **Correct:** {count.total:,}. The printed number is {filters}·"
            f"{printed // filters}; each filter has {size}·{size}·{channels} weights and a bias, {each} in all, "
            f"and {filters}·{each} = {filters * each:,}."
        )


def _dense():
    st.markdown("**A fully connected layer**")
    shapes = []
    for side in ("in", "out"):
        columns, names, shape = st.columns(3, gap="small"), ("height", "width", "channels"), []
        for column, name in zip(columns, names, strict=True):
            with column:
                shape.append(_number(f"{side}_{name}", name, f"{name} {side}"))
        shapes.append(tuple(shape))
    biases = _biases("fc_biases")
    if None in shapes[0] + shapes[1]:
        return
    count = counting.dense_parameters(*shapes, biases=biases)
    _result(count, "parameters")
    sides = [f"{a:,}·{b:,}·{c:,} = {a * b * c:,} {what}" for (a, b, c), what in zip(shapes, ("in", "out"), strict=True)]
    st.markdown(f"{sides[0]}, {sides[1]}; every one to every other.")
    if _as_printed(*(key for key in AS_IN_THE_REPORT if key.startswith(("in_", "out_", "fc_")))):
        st.markdown(f"The report has {count.total:,} too.")


def _constraints():
    st.markdown("**The constraints of a training set**")
    values = [_number("count_images", "images"), _number("count_categories", "categories")]
    if None in values:
        return
    count = counting.constraints(*values)
    _result(count, "constraints")
    if _as_printed("count_images", "count_categories"):
        st.markdown(f"The report has {count.total:,} too.")


def _number(key, kind, label=None):
    """Return the whole number that a field says; None, with the reason under the field, where it says none."""
    low, high = counting.RANGES[kind]
    label = (label or {"size": "size, k of k×k", "channels": "input channels"}.get(kind, kind)).capitalize()
    allowed = f"a whole number from {low:,} to {high:,}"
    text_field(label, value=AS_IN_THE_REPORT[key], key=key, bind="query-params", help=f"{allowed.capitalize()}.")
    typed = st.session_state[key]
    number = read_number(typed, whole=True)
    if isinstance(number, int) and low <= number <= high:
        return number
    st.error(plain(f"{label} is {typed.strip()[:30] or 'empty'}; allowed: {allowed}."))
    return None


def _biases(key):
    return st.toggle("Biases", value=AS_IN_THE_REPORT[key], key=key, bind="query-params")


def _result(count: Count, what):
    st.html(f"<p class='count'>{count.arithmetic} =<br><b>{count.total:,}</b> {what}</p>")


def _as_printed(*keys):
    return all(st.session_state[key] == AS_IN_THE_REPORT[key] for key in keys)


def _reset():
    st.session_state.update(AS_IN_THE_REPORT)
