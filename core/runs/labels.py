"""The student's own title, note and star for a run."""

from dataclasses import asdict, dataclass

from core.runs import records, store


@dataclass(frozen=True)
class Label:
    """The student's own title, note and star of a run."""

    title: str = ""
    note: str = ""
    star: bool = False


def read(run: store.Run) -> Label:
    """Read the student's own title, note and star."""
    told = read_with_fault(run)[0]
    return Label(told.get("title", "")[:60], told.get("note", ""), told.get("star", False))


def read_with_fault(run):
    optional = {"title": records.is_text, "note": records.is_text, "star": lambda value: isinstance(value, bool)}
    return records.read_fields(run.folder / "label.json", {}, optional)


def write(run: store.Run, label: Label) -> None:
    """Replace the student's own label: printable characters, a title of 60 and a note of 2,000 at most. RunError."""
    label = Label(records.printable(label.title, 60), records.printable(label.note), label.star)
    store.replace_json(run.folder / "label.json", asdict(label))
