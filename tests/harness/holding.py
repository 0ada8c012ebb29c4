"""A real process, held at a point of its program until the test lets it go on: no order is left to luck."""

import subprocess
import sys

from tests.harness.server import REPOSITORY

HOLD = """
import os, sys
from pathlib import Path
from core import __main__
from core.jobs import queue, worker
from core.recipe import Recipe
from core.runs import checkpoints, control, files, locks, metrics, quota, results, snapshots, store, trash

def hold(owner, name, after=False):
    real = getattr(owner, name)
    def held(*arguments, **options):
        setattr(owner, name, real)
        answer = real(*arguments, **options) if after else None
        print("here", flush=True)
        sys.stdin.readline()
        return answer if after else real(*arguments, **options)
    setattr(owner, name, held)

def tried(action, *arguments):
    try:
        return action(*arguments)
    except store.RunError as error:
        print(error, file=sys.stderr)
        sys.exit(2)

"""


class Held:
    """A process that runs a script after HOLD; arguments are in sys.argv[1:]. For a `with`, which ends it."""

    def __init__(self, script: str, *arguments: object):
        command = [sys.executable, "-c", HOLD + script, *map(str, arguments)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, cwd=REPOSITORY, text=True, **pipes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def wait_here(self) -> None:
        """Wait until it has come to the point."""
        assert self.process.stdout.readline() == "here\n", self.process.stderr.read()

    def go_on(self) -> tuple[int, str, str]:
        """Let it go on to its end; its exit code, what it printed and what it complained of."""
        printed, complained = self.process.communicate("\n", timeout=600)
        return self.process.returncode, printed, complained
