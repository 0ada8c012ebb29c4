"""Every environment variable that the app reads or makes, each in a function: nothing happens on import.

Numbers that make no sense end the program with a line on stderr and exit code 2, as other bad input does.
"""

import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def runs_folder() -> Path:
    """Return the folder that runs are kept in: $DIGIT_SUM_LAB_RUNS, by default checkpoints/."""
    return Path(os.environ.get("DIGIT_SUM_LAB_RUNS") or REPOSITORY / "checkpoints")


def trainers() -> int:
    """Return how many runs are trained at a time: $DIGIT_SUM_LAB_TRAINERS, by default 1."""
    return _number("DIGIT_SUM_LAB_TRAINERS", 1, int)


def niceness() -> int:
    """Return how far a trainer stands back behind the pages, as Unix counts it: $DIGIT_SUM_LAB_NICENESS, by default 19.

    With 10, five of a hundred reruns of a class waited three times as long. Where nobody waits for a page it may be 1.
    """
    return _number("DIGIT_SUM_LAB_NICENESS", 19, int)


def most_runs() -> int:
    """Return how many runs of the visitors' own are kept: $DIGIT_SUM_LAB_MOST_RUNS, by default 500."""
    return _number("DIGIT_SUM_LAB_MOST_RUNS", 500, int)


def most_gigabytes() -> float:
    """Return how many gigabytes the runs may take: $DIGIT_SUM_LAB_MOST_GIGABYTES, by default 20."""
    return _number("DIGIT_SUM_LAB_MOST_GIGABYTES", 20.0, float)


def check() -> None:
    """End the program if a number in the environment makes no sense."""
    trainers(), niceness(), most_runs(), most_gigabytes()


def keeps_trainer_warm() -> bool:
    """Return whether a worker may load TensorFlow ahead of Start; DIGIT_SUM_LAB_WARM=0 forbids it."""
    return os.environ.get("DIGIT_SUM_LAB_WARM") != "0"


def keras_folder() -> Path:
    """Return where Keras keeps its downloads: $KERAS_HOME, by default ~/.keras."""
    home = os.environ.get("KERAS_HOME")
    return Path(home) if home else Path.home() / ".keras"


def tf_config() -> str:
    """Return the text of TF_CONFIG, which names the hosts that train a run together; empty without it."""
    return os.environ.get("TF_CONFIG", "").strip()


def for_a_trainer() -> dict[str, str]:
    """Return the environment for a process that trains.

    It has not the server's limit on NumPy's threads: a trainer measures 10,000 images at its end.
    """
    return {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}


def for_a_node() -> dict[str, str]:
    """Return the variables that a process on another host of a Ray cluster needs from this one."""
    return {"PYTHONPATH": str(REPOSITORY)} | {name: os.environ[name] for name in ("KERAS_HOME",) if name in os.environ}


def prepare_tensorflow() -> None:
    """Make the settings that TensorFlow and Keras read when they are imported. Call it before that."""
    os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever else Keras is used for on this machine
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its greetings are not for the user
    # off by default where the processor has no AVX-512; there, too, a training step takes half the time with it
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def bypass_proxy(hosts: list[str]) -> None:
    """Let gRPC reach these hosts directly, not through the proxy that downloads may need."""
    os.environ["no_grpc_proxy"] = ",".join(hosts)  # noqa: SIM112 (its name is in small letters)


def limit_threads() -> None:
    """Limit what NumPy and pyarrow take in a server that answers many on few processors. Call it before their import.

    Two threads of a product wait for each other, spinning, wherever a third one runs: a pair of digits then takes
    100 ms and not 2. pyarrow's own allocator holds 4 MB in reserve.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def _number(name, default, kind):
    """A positive number from the environment; the default if the variable is empty or missing."""
    text = os.environ.get(name, "").strip()
    try:
        value = kind(text) if text else default
    except ValueError:
        value = None
    if value is None or not 0 < value < float("inf"):
        allowed = "a whole number from 1" if kind is int else "a number above 0"
        print(f"error: {name} is {text!r}; allowed: {allowed}", file=sys.stderr)
        raise SystemExit(2)
    return value
