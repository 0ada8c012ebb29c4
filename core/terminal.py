"""What the command line prints on stderr, beside its results on stdout: log messages, and lines that are rewritten."""

import logging
import sys

from core.runs import pace


class InputError(Exception):
    """What the user gave cannot be used; the message says why."""


WITH_TIME = "%(asctime)s %(message)s"


def log_to_stderr(form: str = "%(message)s") -> None:
    """Let what core and pages log appear on stderr, a line each, in a form of `logging`; an empty message is none."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(form))
    handler.addFilter(lambda record: bool(record.getMessage()))
    for package in ("core", "pages"):
        log = logging.getLogger(package)
        log.handlers, log.propagate = [handler], False
        log.setLevel(logging.INFO)


class Line:
    """A line on stderr: rewritten on a terminal; elsewhere one more whenever `event` is another."""

    def __init__(self):
        self.event = None

    def __call__(self, text: str, event: object) -> None:
        if sys.stderr.isatty():
            print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)
        elif event != self.event:
            print(text, file=sys.stderr, flush=True)
        self.event = event

    def end(self) -> None:
        """Go to the next line."""
        if sys.stderr.isatty():
            print(file=sys.stderr)


class ProgressLine:
    """Training progress on stderr; elsewhere than on a terminal at each point of the curve."""

    def __init__(self):
        self.line = Line()

    def __call__(self, progress) -> None:
        point = progress.point
        text = f"step {progress.step:,} of {progress.steps:,}, {pace.duration(progress.seconds_left)} left"
        text += f", {progress.images_per_second:,.0f} images/s"
        if point:
            text += f", train {point['train_accuracy']:.4f}, test {point['test_accuracy']:.4f}"
        self.line(text, event=point)
        if progress.step == progress.steps:
            self.line.end()
