"""Ratios against peers and limits, each a command: README.md has what was measured."""

import core  # noqa: F401, before any benchmark imports TensorFlow, whose settings it makes
