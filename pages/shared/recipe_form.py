"""The controls of a recipe, each with its range and its sentence from core.recipe, and all of them in the link."""

import dataclasses

import streamlit as st

from core.model.networks import NETWORKS
from core.presets import PRESETS, fast
from core.recipe import Recipe
from pages.shared.written import plain

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
STRIDE = {"learning_rate": 1e-4, "keep_prob": 0.05, "average_decay": 0.001, "weight_decay": 0.01, "outlier_rate": 0.01}


def recipe_form() -> Recipe | None:
    """Show the controls; the recipe they say, or None and a message where they make no sense together."""
    _begin()
    st.selectbox("Network", list(NETWORKS), key=_key("network"), persist_state="session")
    network = st.session_state[_key("network")]
    with st.container(horizontal=True):
        for name, preset in PRESETS.items():
            st.button(name, on_click=fill, args=(preset(network),), help=preset.__doc__.splitlines()[0])
    _examples()
    left, right = st.columns(2)
    with left:
        _controls("batch", "learning_rate", "keep_prob", "pen_share")
    with right:
        _controls("steps", "schedule", "seed")
    hidden = () if NETWORKS[network].reads_pairs else HALVES
    if not hidden:
        with st.expander("The two halves"):
            _controls(*HALVES)
    with st.expander("Augmentation"):
        st.caption("Every training image is changed at random by up to this much, anew each time it is seen.")
        _controls(*AUGMENTATION, "resampling")
    with st.expander("How it is computed"):
        _controls(*HOW)
    said = {name: st.session_state[_key(name)] for name in FIELDS if name not in hidden}
    try:
        recipe = Recipe(**said)
    except ValueError as error:
        st.error(f"This cannot be trained: {plain(error)}.")
        return None
    _to_link(recipe)
    return recipe


def fill(recipe: Recipe) -> None:
    """Let the form say this recipe."""
    for name, value in recipe.as_dict().items():
        st.session_state[_key(name)] = value


def in_link(recipe: Recipe) -> dict[str, str]:
    """What a link to this page says of a recipe: its network, and each field that is not the default."""
    changed = {name: str(value) for name, value in recipe.as_dict().items() if value != FIELDS[name].default}
    return {"network": recipe.network} | changed


def _begin():
    """On a session's first look, fill the form from the link, or else with a quick recipe."""
    if _key("network") in st.session_state:
        return
    recipe, refused = from_link(st.query_params.to_dict())
    fill(recipe)
    for reason in refused:
        st.warning(f"The link asks for what cannot be, and the default stands there now: {plain(reason)}.")


def from_link(asked: dict[str, str]) -> tuple[Recipe, list[str]]:
    """The recipe that a link's parameters say, and why some of them were left out."""
    if not set(asked) & set(FIELDS):
        return fast("sum_posterior"), []
    recipe, refused = Recipe(), []
    for name in FIELDS:
        if name in asked:
            try:
                recipe = dataclasses.replace(recipe, **{name: _parsed(name, asked[name])})
            except ValueError as error:
                refused.append(str(error))
    return recipe, refused


def _parsed(name, said):
    """A field's value from its words in a link; what cannot be read stays words, and the recipe refuses it."""
    field = FIELDS[name]
    if isinstance(field.default, bool):
        return {"true": True, "false": False}.get(said.lower(), said)
    if "low" not in field.metadata:
        return said
    if field.default is None and said.lower() in ("none", "all"):
        return None
    try:
        return int(said) if isinstance(field.metadata["low"], int) else float(said)
    except ValueError:
        return said


def _to_link(recipe):
    others = {name: value for name, value in st.query_params.to_dict().items() if name not in FIELDS}
    wanted = others | in_link(recipe)
    if wanted != st.query_params.to_dict():
        st.query_params.from_dict(wanted)


def _key(name):
    return f"recipe_{name}"


def _examples():
    value = st.session_state[_key("examples")]
    options = EXAMPLES if value in EXAMPLES else sorted([value, *EXAMPLES[:-1]]) + [None]
    st.select_slider(
        LABELS["examples"],
        options,
        format_func=lambda count: "all" if count is None else f"{count:,}",
        key=_key("examples"),
        persist_state="session",
        help=FIELDS["examples"].metadata["meaning"],
    )


def _controls(*names):
    for name in names:
        _control(name)


def _control(name):
    field = FIELDS[name]
    rules = field.metadata
    label = LABELS.get(name, name.replace("_", " ").capitalize())
    common = {"key": _key(name), "help": rules["meaning"], "persist_state": "session"}
    if isinstance(field.default, bool):
        st.toggle(label, **common)
    elif "options" in rules:
        st.selectbox(label, rules["options"], **common)
    elif "pattern" in rules:
        st.text_input(label, placeholder=rules["allowed"], **common)
    elif isinstance(rules["low"], int):
        st.number_input(label, rules["low"], rules["high"], **common)
    else:
        stride = STRIDE.get(name, 0.05 if rules["high"] <= 1 else 0.5)
        st.number_input(label, rules["low"], rules["high"], step=stride, format="%g", **common)
