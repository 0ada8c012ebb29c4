"""The controls of a recipe, each with its range and its sentence from core.recipe, and a recipe's link."""

import dataclasses
import urllib.parse
from typing import Any

import streamlit as st

from core.images import mnist
from core.model.networks import NETWORKS
from core.presets import PRESETS, fast
from core.recipe import EVERY, RULES, Recipe, read_field
from core.rules import Choice, Flag, Number, RecipeError, Text
from pages.shared.text import plain

TRAIN_PAGE = "train/page.py"
FIELDS = {f.name: f for f in dataclasses.fields(Recipe)}
EXAMPLES = [100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, None]  # None: all there are
HALVES = ("pairing", "tied", "labels", "unmet")
AUGMENTATION = ("shift_pixels", "turn_degrees", "scale", "shear", "elastic_pixels", "stroke_width", "flags")
HOW = ("initialization", "average_decay", "weight_decay", "outlier_rate", "precision", "deterministic")
LABELS = {
    "examples": "Training images",
    "batch": "Batch",
    "steps": "Iterations",
    "keep_prob": "keep_prob",
    "pen_share": "Share of real pen strokes",
    "tied": "Both halves share their weights",
    "labels": "Learns from",
    "unmet": "Pairs never trained on",
    "deterministic": "Bit-identical on every repeat",
}
FOLLOWED = "followed_link"  # key of the session: the recipe in the link that the form took up or gave last


def choose_network() -> None:
    """Show which network is trained, and the presets that fill the form for it."""
    _follow_link()
    st.selectbox("Network", list(NETWORKS), key=_key("network"), persist_state="session")
    with st.container(horizontal=True):
        for name, preset in PRESETS.items():
            st.button(name, on_click=_fill_preset, args=(name,), help=(preset.__doc__ or name).splitlines()[0])


def recipe_fields() -> None:
    """Show every other control, with what is wrong under each text that cannot be used."""
    _examples()
    for names in (("batch", "steps"), ("learning_rate", "schedule"), ("keep_prob", "seed"), ("pen_share",)):
        for column, name in zip(st.columns(2), names, strict=False):  # rows, which Tab reads as the eye does
            with column:
                _controls(name)
    if NETWORKS[st.session_state[_key("network")]].reads_pairs:
        with st.expander(_titled("The two halves", HALVES), key="box_of_halves"):
            _controls(*HALVES)
    on = any(_value(name) != FIELDS[name].default for name in AUGMENTATION)
    with st.expander(f"Augmentation: {'on' if on else 'off'}", key="box_of_augmentation"):
        st.caption("Every training image is changed at random by up to this much, anew each time it is seen.")
        _controls(*AUGMENTATION, "resampling")
    with st.expander(_titled("How it is computed", HOW), key="box_of_computation"):
        _controls(*HOW)


def form_recipe() -> Recipe:
    """Return the form's recipe at this moment, also inside a callback. Raises RecipeError with a message."""
    hidden = () if NETWORKS[st.session_state[_key("network")]].reads_pairs else HALVES
    values, refused = {}, []
    for name in FIELDS:
        if name not in hidden:
            try:
                values[name] = _read(name)
            except RecipeError as error:
                refused.append(str(error))
    if refused:
        raise RecipeError("; ".join(refused))
    return Recipe(**values)


def fill(recipe: Recipe) -> None:
    """Let the form say this recipe."""
    for name, value in recipe.as_dict().items():
        typed = isinstance(RULES[name], Number) and name != "examples"
        st.session_state[_key(name)] = f"{value:.12g}" if typed else value


def give_link(recipe: Recipe, **more: str) -> None:
    """Let the page's address say a recipe, which the form says already: one step for the browser's Back."""
    st.session_state[FOLLOWED] = in_link(recipe)
    st.query_params.from_dict(in_link(recipe) | more)


def link_to(recipe: Recipe) -> str:
    """Return the address of this page with a form filled as the recipe says."""
    page = (st.context.url or "/train").split("?")[0]
    return f"{page}?{urllib.parse.urlencode(in_link(recipe))}"


def in_link(recipe: Recipe) -> dict[str, str]:
    """Return a recipe as a link to this page has it: its network, and each field that is not the default."""
    changed = {name: str(value) for name, value in recipe.as_dict().items() if value != FIELDS[name].default}
    return {"network": recipe.network} | changed


def from_link(asked: dict[str, str]) -> tuple[Recipe, list[str]]:
    """Read the recipe in a link's parameters, and why some of them were left out."""
    if not set(asked) & set(FIELDS):
        return fast("sum_posterior"), []
    recipe, refused = Recipe(), []
    for name in FIELDS:
        if name in asked:
            try:
                value: Any = read_field(name, asked[name])
                recipe = dataclasses.replace(recipe, **{name: value})
            except RecipeError as error:
                refused.append(str(error))
    return recipe, refused


def _follow_link():
    """Fill the form when the session begins, and when another recipe came into the link: by Back, or by a press."""
    asked = {name: value for name, value in st.query_params.to_dict().items() if name in FIELDS}
    begins = _key("network") not in st.session_state
    if asked == st.session_state.get(FOLLOWED) and not begins:
        return
    st.session_state[FOLLOWED] = asked
    if asked or begins:  # a link without a recipe leaves the form as it is
        recipe, refused = from_link(asked)
        fill(recipe)
        for reason in refused:
            st.warning(plain(f"The link asks for what cannot be, and the default stands there now: {reason}."))


def _fill_preset(name):
    fill(PRESETS[name](st.session_state[_key("network")]))


def _key(name):
    return f"recipe_{name}"


def _read(name):
    """A field's value in the form. Raises RecipeError, by the name that the form calls it, if it cannot be used."""
    typed = st.session_state[_key(name)]
    try:
        return read_field(name, typed) if isinstance(typed, str) else typed
    except RecipeError as error:
        raise RecipeError(_label(name) + str(error).removeprefix(name)) from None


def _value(name):
    """As `_read`, for a title: a text that cannot be used counts as changed."""
    try:
        return _read(name)
    except RecipeError:
        return None


def _titled(title, names):
    """A closed box's title with what differs in it from the default, as a preset may have changed it."""
    changed = [
        f"{_label(name).lower()} {st.session_state[_key(name)]}"
        for name in names
        if _value(name) != FIELDS[name].default
    ]
    return plain(f"{title}: {', '.join(changed)}") if changed else title


def _label(name):
    return LABELS.get(name, name.replace("_", " ").capitalize())


def _examples():
    value = st.session_state[_key("examples")]
    options = EXAMPLES if value in EXAMPLES else sorted([value, *EXAMPLES[:-1]]) + [None]
    here = mnist.is_here()
    every = f"all {EVERY:,}" if here else "all"
    st.select_slider(
        LABELS["examples"],
        options,
        format_func=lambda count: every if count is None else f"{count:,}",
        key=_key("examples"),
        persist_state="session",
        help=RULES["examples"].meaning,
    )
    if not here:
        st.caption(
            "MNIST is not on this machine yet. Start downloads it (11 MB). Without a connection, “all” are the 4,000 "
            "training images that come with the app, and 1,000 others test."
        )


def _controls(*names):
    for name in names:
        _control(name)


def _control(name):
    rule, label = RULES[name], _label(name)
    common = {"key": _key(name), "help": rule.meaning, "persist_state": "session"}
    if isinstance(rule, Flag):
        st.toggle(label, **common)
    elif isinstance(rule, Choice):
        st.selectbox(label, rule.options, **common)
    else:
        text_field(label, placeholder=rule.allowed if isinstance(rule, Text) else None, **common)
        try:
            _read(name)
        except RecipeError as error:
            st.error(plain(f"{error}."))


def text_field(label: str, **options) -> str:
    """Show a field for text or a number, sent when the typing pauses: on a tablet a tap on Start may not end it.

    It is text, because a browser's own number field makes 5 of "0,5", 1 of "1e3" and nothing of what is out of range.
    """
    return st.text_input(label, live=True, autocomplete="off", **options)  # a length of time would bring pandas
