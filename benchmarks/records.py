"""What all records and tables share: where something was measured, and how it is written down."""

import json
import statistics
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def where(device: str = "cpu") -> dict[str, Any]:
    """The day, the machine and the versions of a measurement.

    Args:
        device: what computed, "cpu" or "cuda".
    """
    import numpy as np
    import torch

    from tenfold.training.runs import processor_name

    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": torch.cuda.get_device_name() if device == "cuda" else processor_name(),
        "device": device,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": sys.version.split()[0],
    }


def save(path: Path, record: Any) -> None:
    """Write a record as JSON, and print where it is."""
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(path, flush=True)


def spread(name: str, values: Sequence[float | None]) -> dict[str, float | None]:
    """Mean and standard deviation under `NAME` and `NAME_sd`; None if a value is missing, or too few are there."""
    known = [value for value in values if value is not None]
    complete = len(known) == len(values) > 0
    return {
        name: statistics.mean(known) if complete else None,
        f"{name}_sd": statistics.stdev(known) if complete and len(known) > 1 else None,
    }


def points(fraction: float | None, sd: float | None, digits: int = 3) -> str:
    """A mean in percent and, if known, its standard deviation; a dash if the mean is unknown."""
    if fraction is None:
        return "–"
    return f"{100 * fraction:.{digits}f}" + (f" ± {100 * sd:.{digits}f}" if sd is not None else "")


def place(measured: dict[str, Any]) -> str:
    """Where and when something was measured."""
    cores = "1 core of " if measured["threads"] == 1 else f"{measured['threads']} cores of "
    return (
        f"Measured on {'' if measured.get('device') == 'cuda' else cores}an {measured['processor']}, "
        f"PyTorch {measured['torch']}, Python {measured['python']}, {measured['date']}."
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *notes: str) -> str:
    """A table in Markdown, and below it, after a blank line, the notes in one paragraph."""
    lines = [f"| {' | '.join(map(str, cells))} |" for cells in (columns, ["---"] * len(columns), *rows)]
    return "\n".join([*(line.replace("|  ", "| ") for line in lines), *(["", " ".join(notes)] if notes else [])])
