"""The wording of figures in all tables."""

from typing import Any


def points(fraction: float | None, sd: float | None) -> str:
    """A mean in percent and, if known, its standard deviation; a dash if the mean is unknown."""
    if fraction is None:
        return "–"
    return f"{100 * fraction:.3f}" + (f" ± {100 * sd:.3f}" if sd is not None else "")


def place(measured: dict[str, Any]) -> str:
    """Where and when something was measured."""
    cores = "1 core" if measured["threads"] == 1 else f"{measured['threads']} cores"
    return (
        f"Measured on {cores} of an {measured['processor']}, PyTorch {measured['torch']}, "
        f"Python {measured['python']}, {measured['date']}."
    )
