"""All that was measured of a trained network, or of an ensemble."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenfold.evaluation.calibration import Selection
from tenfold.evaluation.diagnosis import Diagnosis
from tenfold.evaluation.metrics import Evaluation, selective_prediction
from tenfold.evaluation.robustness import Robustness


@dataclass(frozen=True)
class Assessment:
    """What was measured of a trained network, or of an ensemble; None or empty is what was not asked for.

    Attributes:
        evaluation: the answers to the test images.
        test_images: where these come from.
        members: of an ensemble, the accuracy of each by its path.
        validation: the answers to the images that were held out from training.
        diagnosis: of a run, what its training curves say.
        error_rate: the share of misread ones that is allowed among the readings that are not declined.
        pictures: of what the network looks at, each with what it shows.
        robustness: the accuracies on worse images.
    """

    evaluation: Evaluation
    test_images: str
    members: Mapping[str, float] = field(default_factory=dict)
    validation: Evaluation | None = None
    diagnosis: Diagnosis | None = None
    error_rate: float | None = None
    pictures: Mapping[Path, str] = field(default_factory=dict)
    robustness: Robustness | None = None

    @property
    def selection(self) -> tuple[Selection, Selection | None] | None:
        """What `selective_prediction` makes of the error rate; None if none was asked for, or it is out of reach."""
        if self.validation is None or self.error_rate is None:
            return None
        return selective_prediction(self.validation, self.evaluation, self.error_rate)

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values, ready for JSON; accuracies are fractions."""
        figures = self.evaluation.to_dict() | {"test_images": self.test_images}
        if self.members:
            figures["members"] = [{"run": path, "accuracy": accuracy} for path, accuracy in self.members.items()]
        if self.diagnosis:
            figures["diagnosis"] = vars(self.diagnosis)
        if self.selection:
            chosen, left = self.selection
            figures["selection"] = {
                "threshold": chosen.threshold,
                "validation_images": chosen.n,
                "coverage": left.coverage if left else 0.0,
                "error": left.error if left else None,
                "interval": list(left.interval) if left else None,
            }
        if self.pictures:
            figures["pictures"] = {str(file): description for file, description in self.pictures.items()}
        if self.robustness:
            figures["robustness"] = self.robustness.to_dict()
        return figures
