"""Ratios against peers and limits, each a command: README.md has what was measured."""

from core import settings

settings.prepare_tensorflow()  # before any benchmark imports TensorFlow
