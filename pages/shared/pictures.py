"""Small pictures: a digit's pixels, maps in grey, signed values in two colours, and the legend of those."""

import base64
import html
import io

import numpy as np
from PIL import Image, ImageColor

from pages.shared.colours import COLOURS, NEGATIVE, POSITIVE
from pages.shared.text import rounded


def digit_image(digit: np.ndarray | None, alt: str, half: str, caption: str | None = None) -> str:
    """Return HTML of a digit's 28×28 pixels, large enough to count them; an empty frame for None.

    `caption` is HTML; where there is none, `alt` is shown.
    """
    pixels = np.zeros((28, 28), np.uint8) if digit is None else digit
    return (
        f'<figure class="digit" style="border-color:{COLOURS[half]}"><img alt="{html.escape(alt)}" '
        f'src="{png_url(Image.fromarray(pixels))}"><figcaption>{caption or html.escape(alt)}</figcaption></figure>'
    )


def png_url(image: Image.Image) -> str:
    """Return the image as a data URL."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def grey_url(values: np.ndarray, largest: float | None = None) -> str:
    """Draw values that are not negative, from black at 0 to white at `largest`."""
    largest = largest or float(values.max()) or 1.0
    return png_url(Image.fromarray((255 * np.clip(values / largest, 0, 1)).astype(np.uint8)))


def signed_url(values: np.ndarray, largest: float | None = None) -> str:
    """Draw signed values: POSITIVE and NEGATIVE, clear at 0 and full at ±`largest`."""
    largest = largest or float(np.abs(values).max()) or 1.0
    pixels = np.where(values[..., None] < 0, ImageColor.getrgb(NEGATIVE), ImageColor.getrgb(POSITIVE))
    alpha = 255 * np.clip(np.abs(values) / largest, 0, 1)
    return png_url(Image.fromarray(np.dstack([pixels, alpha]).astype(np.uint8), "RGBA"))


def overlay_url(digit: np.ndarray, values: np.ndarray, largest: float) -> str:
    """Draw signed values (28, 28) in two colours over a digit (28, 28) uint8 in dim grey on black."""
    colour = np.where(values[..., None] < 0, ImageColor.getrgb(NEGATIVE), ImageColor.getrgb(POSITIVE))
    share = np.clip(np.abs(values[..., None]) / largest, 0, 1)
    pixels = (1 - share) * (0.6 * digit[..., None]) + share * colour
    return png_url(Image.fromarray(pixels.astype(np.uint8)))


def url(values: np.ndarray, largest: float | None = None) -> str:
    """Draw in grey where no value is negative, else in two colours."""
    return grey_url(values, largest) if values.min() >= 0 else signed_url(values, largest)


def figure(picture: str, alt: str, caption: str = "", kind: str = "") -> str:
    """Return HTML of a picture of pixels with its caption; `kind` is a class of style.css: "small" or "large"."""
    figcaption = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return f'<figure class="map {kind}"><img alt="{html.escape(alt)}" src="{picture}">{figcaption}</figure>'


def framed(picture: str, side: int, box: tuple[int, int, int, int], colour: str, alt: str, caption: str) -> str:
    """Return HTML of a square picture of `side` pixels, a frame around `box`: its row, column, height and width."""
    top, left, height, width = (100 * size / side for size in box)
    frame = f"top:{top:.2f}%;left:{left:.2f}%;height:{height:.2f}%;width:{width:.2f}%;outline-color:{colour}"
    return (
        f'<figure class="map large"><div><img alt="{html.escape(alt)}" src="{picture}"><i style="{frame}"></i></div>'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )


def row(figures: list[str], scrolls: bool = False) -> str:
    """Return HTML of pictures beside each other, in as many lines as needed, or in one that the keyboard can scroll."""
    return f'<div class="maps"{" tabindex=0" if scrolls else ""}>{"".join(figures)}</div>'


def legend(largest: float, unit: str = "") -> str:
    """Return HTML of the two colours' scale, from −largest to +largest."""
    ramp = f"linear-gradient(90deg,{NEGATIVE},transparent,{POSITIVE})"
    ticks = f"−{rounded(largest)}", "0", f"+{rounded(largest)}{unit}"
    return (
        f'<div class="scale" role="img" aria-label="Colours from {ticks[0]} to {ticks[2]}">'
        f'<i style="background:{ramp}"></i><div>{"".join(f"<span>{tick}</span>" for tick in ticks)}</div></div>'
    )


def signed_bars(title: str, values: np.ndarray, names: list[str]) -> str:
    """Return HTML of a bar for each value, upwards or downwards from one line, the largest value in bold."""
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    span = (high - low) or 1.0
    best, columns = int(values.argmax()), ""
    for i, (name, value) in enumerate(zip(names, values, strict=True)):
        foot, tall = 100 * (min(value, 0) - low) / span, 100 * abs(value) / span
        colour = POSITIVE if value >= 0 else NEGATIVE
        columns += (
            f'<div class="{"best" if i == best else ""}" title="{name}: {rounded(value)}">'
            f'<b><i style="bottom:{foot:.1f}%;height:{tall:.1f}%;background:{colour}"></i></b><span>{name}</span></div>'
        )
    label = html.escape(f"{title}: largest {names[best]}, {rounded(values[best])}")
    return f'<p>{html.escape(title)}</p><div class="signed-bars" role="img" aria-label="{label}">{columns}</div>'
