"""Which processes train a run together: TF_CONFIG, the variable of tf.distribute and its tools, read and checked."""

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from core import settings
from core.recipe import Recipe

JOIN_SECONDS = 600  # from the first worker to the last: somebody may start them by hand
LOOK_SECONDS = 0.2
CONNECT_SECONDS = 2.0


@dataclass(frozen=True)
class Cluster:
    """The workers' addresses, "host:port", the chief's first, and which of them this process is."""

    addresses: tuple[str, ...]
    index: int

    @property
    def is_chief(self) -> bool:
        return self.index == 0

    def name(self, index: int) -> str:
        """Return a worker's name in messages."""
        return f"{'the chief, ' * (index == 0)}worker {index} ({self.addresses[index]})"


def from_environment() -> Cluster | None:
    """Return the cluster of TF_CONFIG; None without one, or if it names one process alone.

    Raises ValueError if it is no cluster of a chief and workers.
    """
    text = settings.tf_config()
    if not text:
        return None
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"TF_CONFIG is no JSON ({error})") from error
    jobs, task = (config.get(part, {}) if isinstance(config, dict) else None for part in ("cluster", "task"))
    if not isinstance(jobs, dict) or not isinstance(task, dict):
        raise ValueError('TF_CONFIG must be {"cluster": {"worker": ["host:port", …]}, "task": {"type": …, "index": …}}')
    if others := sorted(set(jobs) - {"chief", "worker"}):
        raise ValueError(f"TF_CONFIG names {others[0]!r} in its cluster; allowed: chief, worker")
    if not all(isinstance(names, list) for names in jobs.values()):
        raise ValueError("TF_CONFIG must give chief and worker as lists of host:port")
    chiefs, workers = jobs.get("chief", []), jobs.get("worker", [])
    addresses = (*chiefs, *workers)
    for address in addresses:
        _check_address(address)
    if len(chiefs) > 1:
        raise ValueError(f"TF_CONFIG names {len(chiefs)} chiefs; allowed: 1")
    if len(set(addresses)) < len(addresses):
        raise ValueError("TF_CONFIG names an address twice")
    if not addresses:
        return None
    kind, index = task.get("type"), task.get("index")
    if kind not in jobs or type(index) is not int or not 0 <= index < len(jobs[kind]):
        raise ValueError(f"TF_CONFIG says this is task {kind!r} {index!r}, which its cluster has not")
    rank = index + len(chiefs) * (kind == "worker")
    return Cluster(addresses, rank) if len(addresses) > 1 else None


def shares(recipe: Recipe, workers: int) -> list[slice]:
    """Return which digits of a step's batch each worker takes. Raises ValueError if there are too few.

    Digits of a sum network stay together by two, as its tower reads them.
    """
    together = 2 if recipe.architecture.reads_pairs else 1
    digits = recipe.step_digits
    parts = -(-digits // together)
    if parts < workers:
        least = workers if recipe.deals_pairs else together * (workers - 1) + 1
        raise ValueError(f"batch is {recipe.batch}; allowed with {workers} workers: a whole number from {least}")
    ends = [min(digits, together * (parts * worker // workers)) for worker in range(workers + 1)]
    return [slice(first, end) for first, end in pairwise(ends)]


def wait_for_all(cluster: Cluster, say: Callable[[str], None], seconds: float = JOIN_SECONDS) -> None:
    """Wait until every worker listens at its address, as this one does meanwhile.

    TensorFlow would wait as well, but for an hour, deaf to Ctrl-C and without a word about who is missing. Raises
    OSError if this worker cannot listen, TimeoutError naming those that are not there after `seconds`.
    """
    missing = [index for index in range(len(cluster.addresses)) if index != cluster.index]
    until, announced = time.monotonic() + seconds, False
    with socket.create_server(("", host_and_port(cluster.addresses[cluster.index])[1])):
        while missing := [index for index in missing if not _listens(cluster.addresses[index])]:
            names = ", ".join(cluster.name(index) for index in missing)
            if time.monotonic() > until:
                raise TimeoutError(f"{names} did not come within {seconds:g} s")
            if not announced:
                say(f"Waiting for {names}.")
            announced = True
            time.sleep(LOOK_SECONDS)


def _listens(address):
    try:
        socket.create_connection(host_and_port(address), timeout=CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def host_and_port(address: str) -> tuple[str, int]:
    """Return the two parts of "host:port"."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def _check_address(address):
    host, _, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError(f"TF_CONFIG names {address!r}; allowed: host:port")
