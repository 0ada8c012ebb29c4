"""The first visitor of a new server may come by the link /train, which Streamlit then seeks here and not in app.py.

Finding no such file it would greet with "Page not found". So this one opens the app, which knows its own pages.
"""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).parent.parent / "app.py"))
