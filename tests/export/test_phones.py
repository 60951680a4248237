"""The readers of the apps in `examples/` make of drawings what Python makes of them.

Kotlin's takes Java and `pip install kotlin-jupyter-kernel`, which holds a compiler; Swift's takes `swiftc`.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tenfold import models
from tenfold.base import constants
from tenfold.base.constants import constants as shared
from tenfold.base.form import INK_SIDE
from tenfold.imaging.normalize import normalize
from tenfold.models import SHIPPED
from tenfold.reader import Reader

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FINE, THINNEST, THICKEST = (shared("normalize")[name] for name in ("FINE", "THINNEST", "THICKEST"))
SIDE = FINE * INK_SIDE
PEN = FINE * (THINNEST + THICKEST) / 2
ARGUMENTS = [Path(constants.__file__).with_name("constants.json"), SHIPPED / "thresholds.json"]
TAP = [np.array([[200.0, 300], [203, 301]])]


def drawings() -> list[list[np.ndarray]]:
    """What the drawing page offers to try, and the same slanted and turned: x and y of the points of each stroke."""
    text = (ROOT / "web" / "samples.js").read_text("utf-8")
    shapes = [json.loads(shape) for shape in re.findall(r"^  \w+: (\[\[.*\]\]),$", text, re.MULTILINE)]
    assert len(shapes) >= 10
    strokes = [[np.array(stroke, float).reshape(-1, 2) for stroke in shape] for shape in shapes]
    rng = np.random.default_rng(0)
    bends = [np.eye(2) + rng.normal(0, 0.15, (2, 2)) for _ in strokes]
    return strokes + [[stroke @ bend for stroke in shape] for shape, bend in zip(strokes, bends, strict=True)]


def draw(strokes: list[np.ndarray]) -> np.ndarray:
    """The ink of a drawing, scaled so that its longer side has 80 pixels."""
    points = np.concatenate(strokes)
    scale = (SIDE - 1 - PEN) / np.ptp(points, axis=0).max()
    strokes = [(stroke - points.min(axis=0)) * scale + (PEN + 1) / 2 for stroke in strokes]
    start = np.concatenate(strokes)
    along = np.concatenate([[*stroke[1:], stroke[-1]] for stroke in strokes]) - start
    pixels = np.stack(np.meshgrid(np.arange(SIDE) + 0.5, np.arange(SIDE) + 0.5), axis=-1)[:, :, None]
    away = pixels - start
    share = (away * along).sum(axis=-1) / np.maximum((along**2).sum(axis=-1), 1e-6)
    beside = away - share.clip(0, 1)[..., None] * along
    distance = np.sqrt((beside**2).sum(axis=-1).min(axis=-1))
    return np.rint(255 * (PEN / 2 + 0.5 - distance).clip(0, 1)).astype(np.uint8)


def compile_kotlin(folder: Path) -> list[str | Path]:
    kernel = importlib.util.find_spec("run_kotlin_kernel")  # the package holds the compiler
    if not (kernel and kernel.origin and shutil.which("java")):
        pytest.skip("no kotlin-jupyter-kernel or no java")
    jars = sorted((Path(kernel.origin).parent / "jars").glob("*.jar"))
    libraries = [jar for jar in jars if jar.name.startswith(("kotlin-stdlib", "kotlinx-serialization"))]
    java = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"]
    compiler = [os.pathsep.join(map(str, jars)), "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-no-stdlib", "-Werror"]
    classes = os.pathsep.join(map(str, libraries))
    source = ROOT / "examples/android/digit/src/main/kotlin/tenfold/Reader.kt"
    subprocess.run([*java, *compiler, "-cp", classes, "-d", folder, source, HERE / "phone.kt"], check=True)
    return [*java, os.pathsep.join([str(folder), classes]), "PhoneKt"]


def compile_swift(folder: Path) -> list[str | Path]:
    if not shutil.which("swiftc"):
        pytest.skip("no swiftc on the path")
    main = shutil.copy(HERE / "phone.swift", folder / "main.swift")
    source = ROOT / "examples/ios/Digit/Sources/Digit/Reader.swift"
    subprocess.run(["swiftc", "-O", "-warnings-as-errors", "-o", folder / "phone", main, source], check=True)
    return [folder / "phone"]


@pytest.mark.cross
@pytest.mark.parametrize("compiled", [compile_kotlin, compile_swift])
def test_drawings_are_read_as_in_python(compiled, tmp_path):
    command = compiled(tmp_path)
    model = SHIPPED / "reader-int8.tflite"
    images = np.array([normalize(draw(strokes)) for strokes in drawings()])
    logits = models.load(model).logits(images)
    readings = Reader(model).read_images(images)
    assert {reading.label for reading in readings} >= {1, 2, 3, 4, 5, 7, 8, 9, None}

    lines = [
        ";".join(" ".join(map(str, stroke.ravel())) for stroke in strokes) + "|" + " ".join(map(str, scores))
        for strokes, scores in zip([*drawings(), TAP], [*logits, logits[0]], strict=True)
    ]
    result = subprocess.run([*command, *ARGUMENTS], input="\n".join(lines), capture_output=True, text=True, check=True)
    *found, tap = [line.split("|") for line in result.stdout.splitlines()]
    assert tap[0] == "tap"
    assert np.array_equal([np.array(image.split(), int) for image, _, _ in found], images.reshape(len(images), -1))
    assert [label for _, label, _ in found] == [
        "none" if reading.label is None else str(reading.label) for reading in readings
    ]
    probabilities = [reading.probability for reading in readings]
    assert np.allclose([float(probability) for _, _, probability in found], probabilities, atol=1e-5)
