"""Made-up results and files that several tests need."""

import io

import numpy as np
import pytest
from PIL import Image

from tenfold.data import Digits
from tenfold.evaluation import Evaluation, Robustness
from tenfold.evaluation.attacks import ATTACKS, EPSILONS, PUBLISHED, Attacked, AttackResult
from tenfold.evaluation.robustness import DEGREES, PIXELS, Accuracy
from tenfold.evaluation.unknown import SCORES, Separation, UnknownSet
from tenfold.training import History


def make_history(epochs: int, validation: bool = True) -> History:
    history = History()
    for epoch in range(1, epochs + 1):
        row = {"loss": 1 / epoch, "accuracy": 1 - 0.1 / epoch, "learning_rate": 0.01 / epoch, "seconds": 1.5}
        row["validation_loss"] = 1.25 / epoch if validation else None
        row["validation_accuracy"] = 1 - 0.2 / epoch if validation else None
        history.append(epoch=epoch, **row)
    return history


def make_digits(labels) -> Digits:
    labels = np.array(labels, dtype=np.uint8)
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 28, 28), dtype=np.uint8)
    return Digits(images, labels)


def make_evaluation(labels, predictions, confidence=5.0) -> Evaluation:
    logits = np.zeros((len(labels), 10), dtype=np.float32)
    logits[np.arange(len(labels)), predictions] = confidence
    return Evaluation(logits, np.array(labels, dtype=np.uint8))


def make_robustness() -> Robustness:
    fog, zigzag = Accuracy(0.25, (0.2, 0.31)), Accuracy(0.75, (0.7, 0.79))
    shifts = {way: [0.9 - 0.1 * pixels for pixels in PIXELS] for way in ("left", "right", "up", "down")}
    rotations = [0.9 - abs(degrees) / 100 for degrees in DEGREES]
    return Robustness("test", 200, Accuracy(0.9, (0.85, 0.93)), {"fog": fog, "zig_zag": zigzag}, shifts, rotations)


def make_attacks() -> AttackResult:
    digits = make_digits([0, 1, 2])
    attacked = [
        Attacked(name, norm, epsilon, Accuracy(0.02, (0.01, 0.03)), 255 - digits.images, [0, 7, 2])
        for norm in EPSILONS
        for name in ATTACKS
        for epsilon in (PUBLISHED if name == "AutoAttack" else EPSILONS)[norm]
    ]
    return AttackResult(1000, Accuracy(0.99, (0.98, 0.995)), attacked, digits.images, [0, 1, 2])


def make_unknown() -> list[UnknownSet]:
    separations = {score: Separation(0.9, 0.8, 0.7, 0.125) for score in SCORES}
    return [
        UnknownSet(name, kind, make_digits([0] * 12).images, separations)
        for name, kind in (("a", "near"), ("b", "far"))
    ]


def write_csv(path, images, labels, names=True, last=False):
    table = np.insert(images.reshape(len(images), 784).astype(int), 784 if last else 0, labels, axis=1)
    columns = [f"pixel{index}" for index in range(784)]
    columns.insert(784 if last else 0, "class" if last else "label")
    np.savetxt(path, table, "%d", ",", header=",".join(columns) if names else "", comments="")


def write_parquet(path, images, labels, metadata=None):
    pyarrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet")
    rows = []
    for image in images:
        Image.fromarray(image).save(file := io.BytesIO(), "PNG")
        rows.append({"bytes": file.getvalue(), "path": None})
    table = pyarrow.table({"image": rows, "label": labels.astype(np.int64)})
    pyarrow.parquet.write_table(table.replace_schema_metadata(metadata), path)
