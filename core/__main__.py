"""The command line, `python -m core COMMAND`: its commands are in COMMANDS. Bad input: a line on stderr, exit 2."""

import argparse
import dataclasses
import os
import sys
from pathlib import Path

from core import settings, terminal
from core.commands import exporting, reading, training
from core.pocket import rounding
from core.recipe import RULES, Recipe
from core.report import experiments
from core.report.experiment import PROTOCOLS
from core.rules import Choice, Flag, Number, Text
from core.runs import store
from core.terminal import InputError
from core.training import start


class Parser(argparse.ArgumentParser):
    def error(self, message):
        """Raise InputError in one line, as for every other bad input."""
        raise InputError(f"{message} (see {self.prog} --help)")


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 if it was done, 2 for bad input, 1 if it failed, 130 if stopped, 141 if nobody reads on."""
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # as `head` leaves behind when it has its lines
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())  # for Python's own last flush
        return 141


def _run(arguments):
    """Run a command, as `main` says."""
    settings.check()
    parser = Parser(prog="python -m core", description="Train, measure and use the networks of Digit Sum Lab.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_train(commands.add_parser("train", help="train a network into a new run, or resume a run"))
    sweeping = "train every combination of some options' values, a run for each"
    _add_sweep(commands.add_parser("sweep", help=sweeping, allow_abbrev=False))  # else --seed would be --seeds
    for name, help_text in (
        ("evaluate", "measure a run's accuracy on images it was never trained on"),
        ("predict", "read the sum of two digits from two pictures or from one"),
        ("stop", "stop a run that is being trained or waits, and keep its checkpoint"),
        ("pack", "make a finished run small enough to ship: float16 weights, measured again"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("run", metavar="RUN", help="a name in checkpoints/ or a path")
        if name == "predict":
            several = "the upper and the lower digit, or one picture of both: a drawing, a scan or a photo of paper"
            command.add_argument("pictures", metavar="PICTURE", nargs="*", help=several)
            table = "many pairs, one a line: top picture, bottom picture; or one picture of both"
            command.add_argument("--list", metavar="PAIRS.csv", type=Path, help=table)
        if name not in ("pack", "stop"):
            command.add_argument("--json", action="store_true", help="print JSON, an object a line")
    _add_teach(commands.add_parser("teach", help="let a run learn a hand from pairs whose sums are told, as a new run"))
    reproduce = commands.add_parser("reproduce", help="run the report's experiments, and print printed and measured")
    reproduce.add_argument(
        "experiments", nargs="*", metavar="EXPERIMENT", help=f"of {', '.join(experiments.ALL)}; or all"
    )
    reproduce.add_argument("--list", action="store_true", help="train nothing; print what is there")
    protocols = "quick (default): recipes of seconds to half an hour; report: its own, 20,000 iterations each"
    reproduce.add_argument("--protocol", choices=PROTOCOLS, default="quick", help=protocols)
    _add_export(commands.add_parser("export", help="write a run for other programs, or as a page that reads digits"))
    work = commands.add_parser("work", help="train the run that waits longest, as the app does in the background")
    work.add_argument("--warm", type=int, metavar="PID", help="load TensorFlow, then wait for a run while PID lives")
    commands.add_parser("runs", help="list the runs").add_argument("--json", action="store_true", help="print JSON")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal may know no σ
    try:
        given, rest = parser.parse_known_args(arguments)
        if given.command == "predict" and not any(word.startswith("-") for word in rest):
            given.pictures += rest  # argparse of Python 3.11 takes none that come after an option
        elif rest:
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        terminal.log_to_stderr(terminal.WITH_TIME if given.command == "work" else "%(message)s")
        return COMMANDS[given.command](given)
    except (InputError, store.RunError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"error: {error.filename or 'The output'} cannot be used ({error.strerror or error})", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def _add_train(parser):
    parser.add_argument("--run", metavar="RUN", help="name or path of the new run; by default NETWORK-NUMBER")
    parser.add_argument("--resume", metavar="RUN", help="go on with a stopped run, by its own recipe")
    _add_recipe(parser, dataclasses.fields(Recipe))


def _add_sweep(parser):
    parser.add_argument("--seeds", type=int, metavar="N", default=1, help="Train each with the seeds 1 to N; default 1")
    parser.add_argument("--ray", metavar="ADDRESS", help="Train on a Ray cluster: HOST:PORT, ray://HOST:PORT, or auto")
    _add_recipe(parser, [f for f in dataclasses.fields(Recipe) if f.name != "seed"], nargs="+")


def _add_export(parser):
    parser.add_argument("run", metavar="RUN", nargs="?", help="a name in checkpoints/ or a path")
    forms = "a .keras file (default), a SavedModel, or Pocket: one HTML file that reads drawn digits anywhere"
    parser.add_argument("--format", choices=exporting.EXPORTS, default="keras", help=forms)
    parser.add_argument("--weights", choices=rounding.KINDS, help="the numbers in an HTML file; default float16")
    parser.add_argument("--output", metavar="PATH", type=Path, help="where to; by default into the run's folder")
    site = "instead of a run: a new folder of static files, Pocket for each shipped network"
    parser.add_argument("--site", metavar="DIR", type=Path, help=site)


def _add_teach(parser):
    parser.add_argument("origin", metavar="RUN", help="the run that learns; it stays as it is")
    pair = "top picture, bottom picture (or nothing, where one picture shows both), sum"
    lines = f"a pair a line: {pair}; the pictures' names are relative to the table's folder"
    parser.add_argument("pairs", metavar="PAIRS.csv", type=Path, help=lines)
    parser.add_argument("--run", metavar="NAME", help="name or path of the new run; by default NETWORK-NUMBER")


def _add_recipe(parser, chosen, **several):
    """An option for each of the chosen fields of a recipe; `several` lets those with a value take more than one."""
    for f in chosen:
        option, rule = "--" + f.name.replace("_", "-"), RULES[f.name]
        help_text = rule.described(f.default)
        match rule:
            case Flag():
                parser.add_argument(option, action=argparse.BooleanOptionalAction, default=None, help=help_text)
            case Number():
                kind = _number_or_all if rule.or_all else int if rule.whole else float
                parser.add_argument(option, type=kind, metavar="N", help=help_text, **several)
            case Choice():
                parser.add_argument(option, metavar="NAME", help=help_text, **several)
            case Text():
                parser.add_argument(option, metavar="TEXT", help=help_text, **several)


def _number_or_all(text):
    """A whole number; None for the word "all"."""
    try:
        return None if text == "all" else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a whole number nor all") from None


COMMANDS = {
    "train": training.train,
    "work": training.work,
    "stop": training.stop,
    "sweep": training.sweep_grid,
    "reproduce": training.reproduce,
    "runs": training.list_runs,
    "evaluate": reading.evaluate_run,
    "predict": reading.predict,
    "teach": reading.teach_hand,
    "pack": exporting.pack,
    "export": exporting.export,
}


if __name__ == "__main__":
    start.own_process()
    sys.exit(main())
