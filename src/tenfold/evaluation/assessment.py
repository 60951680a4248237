"""Everything measured on a trained network or an ensemble."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenfold.evaluation.attacks import AttackResult
from tenfold.evaluation.calibration import Selection
from tenfold.evaluation.diagnosis import Diagnosis
from tenfold.evaluation.metrics import Evaluation, selective_prediction
from tenfold.evaluation.robustness import Robustness
from tenfold.evaluation.unknown import UnknownSet


@dataclass(frozen=True)
class Assessment:
    """Everything measured on a trained network or an ensemble; what was not asked for is None or empty.

    Attributes:
        evaluation: the answers to the test images.
        test_images: where the test images come from.
        members: the accuracy of each member of an ensemble, by its path.
        validation: the answers to the images held out from training.
        diagnosis: what the training curves of a run say.
        error_rate: the error rate allowed among the accepted readings in selective prediction, 0 to 1.
        pictures: pictures of what the network looks at, each with a caption.
        robustness: the accuracies on corrupted, shifted, and rotated images.
        attacks: the accuracies under attack.
        unknown: how well the model tells digits from other images, a set at a time.
    """

    evaluation: Evaluation
    test_images: str
    members: Mapping[str, float] = field(default_factory=dict)
    validation: Evaluation | None = None
    diagnosis: Diagnosis | None = None
    error_rate: float | None = None
    pictures: Mapping[Path, str] = field(default_factory=dict)
    robustness: Robustness | None = None
    attacks: AttackResult | None = None
    unknown: Sequence[UnknownSet] = ()

    @property
    def selection(self) -> tuple[Selection, Selection | None] | None:
        """Selective prediction at the allowed error rate; None if none was asked for, or it cannot be reached."""
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
        if self.attacks:
            figures["attacks"] = self.attacks.to_dict()
        if self.unknown:
            figures["unknown"] = [one.to_dict() for one in self.unknown]
        return figures
