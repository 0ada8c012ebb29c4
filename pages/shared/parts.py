"""What several pages show the same way: the two colours, digits, bars, and checkpoints loaded once for all visitors."""

import base64
import html
import io
from pathlib import Path
from typing import NoReturn

import numpy as np
import streamlit as st
from PIL import Image

from core.model import forward
from core.model.forward import Weights
from core.model.networks import Network, uncut
from core.runs import comparison, control, store
from pages.shared import cached
from pages.shared.written import measured, plain, trained_on

# told apart by colour-blind eyes, and seen on white as on black; top and bottom keep them on every page
COLOURS = {"top": "#2e86de", "bottom": "#e8700a"}
SUM_COLOUR = "#7d8794"
LIVE_ANSWER = """<script>
document.querySelectorAll(".st-key-answer").forEach((answer) => {
  answer.setAttribute("role", "status");
  answer.setAttribute("aria-atomic", "true");
});
</script>"""
OBEYED_LINK = "obeyed_link"  # key of the session: what the link said of the run when it was last obeyed


def weights_or_stop(run: store.Run) -> Weights:
    """As `cached.load_weights`; a page whose weights cannot be loaded says so and ends there."""
    try:
        return cached.load_weights(run)
    except store.RunError as error:
        stop_unloadable(error)


def stop_unloadable(error: store.RunError) -> NoReturn:
    """End a page here, as the chosen run's weights cannot be loaded, and say why."""
    st.error(f"This checkpoint cannot be loaded. {plain(error)} Choose another network.")
    st.stop()


def loadable_or_stop() -> list[tuple[store.Run, dict | None]]:
    """As `cached.loadable_runs`; a page where there are none says what to do and ends there."""
    available = cached.loadable_runs()
    if not available:
        st.info("No checkpoint yet. Train a network on the Train page, then come back.")
        st.stop()
    return available


def half_name(half: str) -> str:
    """HTML that calls a half of the draw page Top or Bottom, or Left or Right where its frames are side by side."""
    beside = "Left" if half == "top" else "Right"
    return f'<span class="stacked">{half.capitalize()}</span><span class="beside">{beside}</span>'


def digit_image(digit: np.ndarray | None, alt: str, half: str, caption: str | None = None) -> str:
    """HTML of a digit's 28×28 pixels, large enough to count them; an empty frame for None.

    `caption` is HTML; where there is none, `alt` is shown.
    """
    pixels = np.zeros((28, 28), np.uint8) if digit is None else digit
    return (
        f'<figure class="digit" style="border-color:{COLOURS[half]}"><img alt="{html.escape(alt)}" '
        f'src="{png_url(Image.fromarray(pixels))}"><figcaption>{caption or html.escape(alt)}</figcaption></figure>'
    )


def png_url(image: Image.Image) -> str:
    """The image as a data URL."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def style() -> None:
    """The few rules of style that Streamlit's theme does not cover."""
    st.html(Path(__file__).parent / "style.css")


def answer(words: str, note: str, number: int | None = None) -> None:
    """The largest thing on the page, which a screen reader says at each change.

    It does so if the region is the same and what is in it changes, so the region is Streamlit's container.
    """
    large = "" if number is None else f" <b>{number}</b>"
    with st.container(key="answer"):
        said = f'<p class="answer">{words}{large}</p><p class="answer-note">{html.escape(note)}</p>'
        st.html(said + LIVE_ANSWER, unsafe_allow_javascript=True)


def bars(title: str, probabilities: np.ndarray, colour: str, low: bool = False) -> None:
    """A bar for each class, 0 to 100 %, the most probable one in bold. The title is HTML."""
    best = int(probabilities.argmax())
    most = forward.percent(probabilities[best])
    columns = "".join(
        f'<div class="{"best" if i == best else ""}" title="{i}: {forward.percent(p, 1)}">'
        f"{f'<em>{most}</em>' if i == best else ''}"
        f'<i style="height:{70 * p:.1f}%;background:{colour}"></i><span>{i}</span></div>'
        for i, p in enumerate(probabilities)
    )
    label = f"most probable {best}, {html.escape(most)}"
    st.html(f'<p>{title}</p><div class="bars{" low" if low else ""}" role="img" aria-label="{label}">{columns}</div>')


def products(top: np.ndarray, bottom: np.ndarray) -> None:
    """The 10×10 products of two digit distributions: each antidiagonal adds up to the probability of one sum."""
    head = "".join(f'<th style="color:{COLOURS["bottom"]}">{d}</th>' for d in range(10))
    rows = ""
    for d, p in enumerate(top):
        cells = "".join(
            f'<td title="{d} + {e} = {d + e}: {forward.percent(p * q, 1)}" '
            f'style="background:rgba(125,135,148,{np.sqrt(p * q):.2f})">'
            f"{d + e}</td>"
            for e, q in enumerate(bottom)
        )
        rows += f'<tr><th style="color:{COLOURS["top"]}">{d}</th>{cells}</tr>'
    st.html(f'<table class="products"><tr><td></td>{head}</tr>{rows}</table>')
    st.caption(
        "Each cell shows a sum, the stronger the larger the product of its row's and its column's probability. "
        "Those of one sum lie on one diagonal; added up they give its bar: P(s) = Σ P(d)·P(s−d), a convolution."
    )


def choose_run(
    available: list[tuple[store.Run, dict | None]], help: str | None = None
) -> tuple[store.Run, dict | None]:
    """The visitor's choice among runs; it is in the link too, so that a teacher can send it."""
    by_name = {run.name: (run, result) for run, result in available}
    first, linked, titles = next(iter(by_name)), st.query_params.get("run"), cached.titles()

    def label(name):
        return _run_label(*by_name[name], titles.get(name, name))

    if linked is not None:
        # the link has the whole label; its name alone will do, or one whose accuracy was another when it was sent
        asked = comparison.asked(linked, by_name)
        if asked is None:
            name = linked.split(" · ")[0][:60]
            st.warning(f"There is no checkpoint '{plain(name)}' here. Showing {plain(first)} instead.")
        elif linked not in (label(asked), st.session_state.get(OBEYED_LINK)):
            # a link that was just opened beats what the session remembers; it is obeyed once, then the list decides
            st.session_state["run"] = asked
            # the whole label, as Streamlit takes out of the link what is no label
            st.session_state[OBEYED_LINK] = st.query_params["run"] = label(asked)
            st.rerun()
        else:
            st.session_state[OBEYED_LINK] = linked
    name = st.selectbox(
        "Network",
        list(by_name),
        format_func=label,
        key="run",
        bind="query-params",
        persist_state="session",
        help=help,
    )
    return by_name[name]


def _run_label(run, result, title):
    measured = f"accuracy {result['accuracy']:.4f}" if result else control.status(run)
    parameters = run.network.parameters
    count = f"{parameters / 1e6:.1f} M" if parameters >= 1e5 else f"{parameters:,}"
    read = "sums" if run.network.reads_pairs else "single digits"
    return f"{title} · {read} · {count} parameters · {measured}"


def run_description(run: store.Run, result: dict | None) -> str:
    """What a run is, was trained on, and reached, as Markdown."""
    if run.data_name == store.UPLOADED:
        return f"{run.network.parameters:,} parameters. What it was trained on is {plain(run.data)}."
    reached = measured(run, result) if result else "Not finished: its accuracy is not measured yet."
    images = plain(trained_on(run)) or "nothing yet"
    return f"{run.network.parameters:,} parameters. Trained on {images}. {plain(reached)}"


def about(network: Network, weights: Weights, top: np.ndarray | None, bottom: np.ndarray | None) -> None:
    """A network's idea, its layers with the parameter arithmetic, and what cutting the halves apart changes."""
    st.write(network.summary)
    st.html(
        f"<pre class='arithmetic'>{html.escape(chr(10).join(network.parameter_lines))}</pre>"
    )  # st.code brings a highlighter along
    read = "pair of digits" if network.reads_pairs else "digit"
    st.write(f"One {read} takes {network.multiply_adds / 1e6:.1f} million multiply-adds.")
    if network.reads_pairs:
        st.write("The two halves are cut apart before the first convolution, so neither sees the other's edge.")
        if top is not None and bottom is not None and st.toggle("Read them as one picture of 56×28"):
            whole = forward.predict(uncut(network), weights, top, bottom)
            st.write(f"The sum is {whole.sum}, {forward.percent(whole.sum_probabilities.max())} sure.")
