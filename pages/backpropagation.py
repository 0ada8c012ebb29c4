"""The link /backpropagation on a server that nobody has visited yet; pages/train.py says why there is this file."""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).parent.parent / "app.py"))
