"""Single values in a run's small files that cannot be used: anybody may have written them."""

from core.runs import control, labels, metrics, results, store


def in_files_of(run: store.Run) -> list[str]:
    """List the values in a run's files that cannot be used and are left out, a line for each file; mostly none."""
    faults = [
        metrics.read_with_fault(run)[1],
        results.read_with_fault(run)[1],
        control.progress_with_fault(run)[1],
        control.requests_with_fault(run)[1],
        labels.read_with_fault(run)[1],
    ]
    faults += [
        control.text_with_fault(run, "failure.json", "reason")[1],
        control.text_with_fault(run, "warning.json", "words")[1],
    ]
    return [fault for fault in faults if fault]
