"""Maps with values above and below 0 as pictures, and digits beside them."""

import html

import numpy as np
from PIL import Image

from pages.shared import pictures

POSITIVE, NEGATIVE = (120, 235, 190), (240, 150, 205)  # on black, told apart by colour-blind eyes


def map_figure(values: np.ndarray, largest: float, caption: str, grey: bool = False) -> str:
    """HTML of a map (h, w): black at 0, brighter up to ±largest, green above and magenta below; or a digit in grey."""
    share = np.clip(np.asarray(values, float) / (largest or 1), -1, 1)[..., None]
    bright = (255, 255, 255) if grey else POSITIVE
    pixels = np.where(share >= 0, share * np.array(bright), -share * np.array(NEGATIVE))
    url, escaped_caption = pictures.png_url(Image.fromarray(np.rint(pixels).astype(np.uint8))), html.escape(caption)
    return f'<figure><img src="{url}" alt="{escaped_caption}"><figcaption>{escaped_caption}</figcaption></figure>'
