"""`History`: what was measured after every epoch."""

import csv
import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydantic import BaseModel

from tenfold.base.errors import TenfoldError
from tenfold.base.extras import needed_by
from tenfold.base.settings import NotNegative, Share

if TYPE_CHECKING:
    import pandas as pd


class _Row(BaseModel, extra="forbid"):
    """What a line of a CSV file may hold."""

    epoch: int
    loss: NotNegative
    accuracy: Share
    validation_loss: NotNegative | None
    validation_accuracy: Share | None
    learning_rate: NotNegative
    seconds: NotNegative


COLUMNS = tuple(_Row.model_fields)


class History:
    """Measurements of a training run, one row per epoch.

    Columns: `epoch`, from 1; `loss` (cross-entropy in nats) and `accuracy` (a fraction), both over the training batches
    as the network saw them, augmented and with Dropout; `validation_loss` and `validation_accuracy`, None if nothing is
    held out; `learning_rate` of the last step; `seconds` spent on training, without validation.

    `history["loss"]` is a column as a list. Keras' names work as well: `history["val_loss"]` is
    `history["validation_loss"]`, and `history.history` a dictionary of the columns that Keras has.

    Example:
        >>> import tenfold
        >>> history = tenfold.History()
        >>> row = {"loss": 0.5, "accuracy": 0.9, "validation_loss": 0.4, "validation_accuracy": 0.95}
        >>> history.append(1, **row, learning_rate=0.01, seconds=2.5)
        >>> history["validation_accuracy"], history.train_seconds
        ([0.95], 2.5)
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, int | float | None]] = []
        self.stopped: str | None = None  # why training ended before its last epoch
        self.interrupted = False  # whether that was Ctrl-C
        self.diverged = False  # whether that was a loss that is not finite

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, column: str) -> list[int | float | None]:
        return [row[column.replace("val_", "validation_")] for row in self.rows]

    @property
    def history(self) -> dict[str, list[int | float | None]]:
        """Loss and accuracy by Keras' names; those of the validation images only if there are any."""
        names = ["loss", "accuracy", "val_loss", "val_accuracy"]
        return {name: self[name] for name in names if None not in self[name]}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and self.rows == other.rows

    __hash__ = None  # type: ignore[assignment]  # it grows while training

    @property
    def train_seconds(self) -> float:
        """Seconds of training over all epochs."""
        return sum((row["seconds"] or 0.0 for row in self.rows), start=0.0)

    def append(self, epoch: int, **measured: float | None) -> None:
        """Add the measurements of one epoch, a value for every other column."""
        self.rows.append({"epoch": epoch} | {column: measured[column] for column in COLUMNS[1:]})

    def frame(self) -> "pd.DataFrame":
        """The measurements as a pandas frame, indexed by epoch.

        Raises:
            TenfoldError: if pandas is missing.
        """
        with needed_by("a frame"):
            import pandas as pd
        return pd.DataFrame(self.rows, columns=list(COLUMNS)).set_index("epoch")

    def to_csv(self) -> str:
        """The measurements as CSV, with empty fields for missing values; floats are written in full."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue()

    @classmethod
    def from_csv(cls, lines: Iterable[str], name: str = "history") -> "History":
        """Read what `to_csv` wrote; error messages name `name`.

        Raises:
            TenfoldError: if the lines are not such a table.
        """
        history = cls()
        reader = csv.DictReader(lines)
        try:
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise TenfoldError(f"{name}: not a history; its first line must be {','.join(COLUMNS)}")
            for line in reader:
                row = _Row.model_validate({column: value or None for column, value in line.items()})
                if row.epoch != len(history) + 1 or (row.validation_loss is None) != (row.validation_accuracy is None):
                    raise ValueError
                history.rows.append(row.model_dump())
        except (csv.Error, TypeError, ValueError) as error:
            if isinstance(error, TenfoldError):
                raise
            raise TenfoldError(f"{name}: line {reader.line_num} is damaged") from None
        return history
