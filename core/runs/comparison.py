"""What tells runs apart: which of them are asked for, where their recipes differ, and which repeat each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from core.recipe import Recipe
from core.runs import control, labels, results, store

KINDS = ("all", "own", "shipped", "starred")


@dataclass(frozen=True)
class Entry:
    """A run with all that its folder says about it now; `result` is None until it has been measured."""

    run: store.Run
    label: labels.Label
    result: dict | None
    status: str

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def shown(self) -> str:
        """As `shown`."""
        return shown(self.run, self.label)

    @property
    def kind(self) -> str:
        """Its network, and whether the halves have weights of their own."""
        return self.run.recipe.network + ("" if self.run.network.tied else ", untied")

    @property
    def measured(self) -> str:
        """Accuracy ± standard error, as long for every run, so that the texts sort as the numbers do; or nothing."""
        return "" if not self.result else f"{self.result['accuracy']:.4f} ± {self.result['standard_error']:.4f}"


def shown(run: store.Run, label: labels.Label | None = None) -> str:
    """Return how every list calls a run: by its title, and by its name, which alone is sure to be its own."""
    title = (label or labels.read(run)).title
    return f"{title} ({run.name})" if title else run.name


def asked(text: str, names: Iterable[str]) -> str | None:
    """Return which of the runs `names` a link means: by its name, or by what a list called it, title and all; or None.

    Titles change, and so does what stands behind " · " in a list, so neither is asked for. Of several names that fit
    it is the longest: a run may be called "run · 1".
    """
    fitting = [
        name
        for name in names
        if text == name or text.startswith(f"{name} · ") or text.endswith(f"({name})") or f"({name}) · " in text
    ]
    return max(fitting, key=len, default=None)


def entries(root: Path | None = None) -> list[Entry]:
    """List all readable runs in a folder (checkpoints/ by default), the newest first."""
    return [Entry(run, labels.read(run), results.read(run), control.status(run)) for run in store.list_runs(root)]


def matches(entry: Entry, query: str = "", networks: Sequence[str] = (), kind: str = "all") -> bool:
    """Return whether a run is of one of the networks (none: of any), of a kind, and has each word of the query.

    The words are sought in its name, title, note, network and data; case does not matter.
    """
    run, label = entry.run, entry.label
    of_kind = {"own": not store.is_shipped(run), "shipped": store.is_shipped(run), "starred": label.star}
    text = " ".join((run.name, label.title, label.note, run.recipe.network, run.data)).casefold()
    return (
        (not networks or run.recipe.network in networks)
        and of_kind.get(kind, True)
        and all(word in text for word in query.casefold().split())
    )


def differences(chosen: Sequence[store.Run]) -> dict[str, list]:
    """Return field of the recipe → its value in each run, for the fields whose values are not all the same.

    Of weights that were brought or taught only the network is known: elsewhere their value is None, not compared.
    """
    differing = {}
    for f in fields(Recipe):
        known = [f.name in ("network", "tied") or run.is_by_recipe for run in chosen]
        values = [getattr(run.recipe, f.name) for run in chosen]
        if len({value for value, counts in zip(values, known, strict=True) if counts}) > 1:
            texts = ["all" if f.name == "examples" and value is None else value for value in values]
            differing[f.name] = [text if counts else None for text, counts in zip(texts, known, strict=True)]
    return differing


def repeats(chosen: Sequence[store.Run]) -> list[list[store.Run]]:
    """Group the runs, two or more, that differ in nothing but their seed, in the order given."""
    groups: dict[tuple, list[store.Run]] = {}
    for run in chosen:
        if run.is_by_recipe:
            groups.setdefault((replace(run.recipe, seed=0), run.data_name), []).append(run)
    return [group for group in groups.values() if len({run.recipe.seed for run in group}) > 1]


def repeats_of(run: store.Run, runs: Sequence[store.Run]) -> list[store.Run]:
    """Return those of some runs that repeat a run with other seeds, on the same data; none of uploaded weights."""
    others = [other for other in runs if other.recipe.seed != run.recipe.seed]
    return next((group[1:] for group in repeats([run, *others]) if group[0] is run), [])
