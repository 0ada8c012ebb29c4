"""The one home of what is not Streamlit's public API: each piece with the figure that it is kept for.

`skip_pandas` keeps pandas and pyarrow out of a server whose visitors draw. Streamlit asks of every dictionary given to
a component whether it holds pandas columns, and imports both to find out. Where pandas has not been imported, nothing
can; so the question is answered before it is asked. Without it the first page takes 0.3 s more and the server 95 MiB
(2.03 s and 196 MiB against 1.72 s and 101 MiB, `python -m benchmarks.first_page`).
"""

import sys

from streamlit.components.v2.bidi_component import serialization

MARK = "is_ours"  # on the function that answers instead of Streamlit's


def skip_pandas() -> None:
    """Answer for Streamlit, once for the process. Does nothing in a version that no longer asks."""
    asked = getattr(serialization, "is_dataframe_like", None)
    if asked is None or getattr(asked, MARK, False):
        return

    def is_dataframe_like(value):
        return not (type(value) is dict and "pandas" not in sys.modules) and asked(value)

    setattr(is_dataframe_like, MARK, True)
    serialization.is_dataframe_like = is_dataframe_like
