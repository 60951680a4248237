"""The programs in `docs/coming-from.md` run, on a part of MNIST."""

import re
from pathlib import Path

import numpy as np
import pytest

import tenfold

TEXT = (Path(__file__).parents[1] / "docs/coming-from.md").read_text("utf-8")
PROGRAMS = [
    (f"{section.splitlines()[0]} {number}", program)
    for section in TEXT.split("\n## ")[1:]
    for number, program in enumerate(re.findall(r"```python\n(.*?)```", section, re.DOTALL), start=1)
]


def test_every_section_with_a_program_is_found():
    assert [name for name, _ in PROGRAMS] == [
        "From Keras 1",
        "From Keras 2",
        "From the PyTorch example 1",
        "From the PyTorch example 2",
        "From scikit-learn 1",
        "From Kaggle 1",
        "Letters, clothes, and other classes 1",
    ]


@pytest.mark.parametrize("program", [program for _, program in PROGRAMS], ids=[name for name, _ in PROGRAMS])
@pytest.mark.filterwarnings("ignore::tenfold.base.errors.TenfoldWarning")  # so few images
def test_a_program_runs(program, mnist, tmp_path, monkeypatch):
    if "sklearn" in program or "DigitClassifier" in program:
        pytest.importorskip("sklearn")
    train, test = mnist[0][:300], mnist[1][:50]
    for name, images, labels in (("train", train.images, [train.labels]), ("test", test.images, [])):
        table = np.column_stack([*labels, images.reshape(-1, 784)])
        np.savetxt(tmp_path / f"{name}.csv", table, "%d", ",", header=",".join(["label"] * table.shape[1]), comments="")
    load = tenfold.load
    monkeypatch.setattr(tenfold, "load", lambda *source: load(*source) if source else (train, test))
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "coming-from.md", "exec"), {"__name__": "__main__"})  # noqa: S102
    if "submission" in program:
        rows = np.loadtxt("submission.csv", dtype=int, delimiter=",", skiprows=1)
        assert rows[:, 0].tolist() == list(range(1, 51))
        assert set(rows[:, 1]) <= set(range(10))
