"""What labels are worth: the table of the study `benchmarks/few-labels.toml`."""

from typing import Any

from benchmarks import records
from benchmarks.records import place, points


def table(record: dict[str, Any]) -> str:
    """The table of test accuracy by number of labels, on the labeled images alone and with the others.

    Args:
        record: written by `benchmarks.studies`; its variants are called "LABELS, alone" and "LABELS, with the others".
    """
    cells: dict[str, dict[str, str]] = {}
    for name, row in record["rows"].items():
        labels, _, images = name.partition(", ")[2].rpartition(", ")
        cells.setdefault(labels, {})[images] = f"{points(row['accuracy'], row['accuracy_sd'], 2)} ({row['n']})"
    kinds = ("alone", "with the others")
    rows = [(labels, *(found.get(kind, "") for kind in kinds)) for labels, found in cells.items()]
    columns = ("labels", "the labeled images alone", "with the other images, unlabeled")
    note = "Test accuracy in %, mean ± sd (n)."
    return records.table(columns, rows, note, *map(place, record["measured"]))
