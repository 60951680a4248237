"""The report: a self-contained HTML file about one training run, or about a model in a file."""

import base64
import io
from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from jinja2 import Environment, StrictUndefined
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image

from tenfold.base.form import DIGITS
from tenfold.data import Digits
from tenfold.evaluation import Evaluation, diagnose, leave_out, selective_prediction
from tenfold.evaluation.assessment import Assessment
from tenfold.networks import Summary
from tenfold.recipes import Recipe
from tenfold.report import plots
from tenfold.report.plots import style
from tenfold.training import History

GALLERY = 24  # fills rows of 3, 6, and 8
LEFT_OUT = (0.005, 0.01)  # fractions of the images
ERROR_RATES = (0.005, 0.002, 0.001)
# The colors of plots on a dark background.
DARK = {style.INK: "#e6e9ed", style.MUTED: "#a7b0bb", style.RULE: "#343b44", style.TRAINING: "#56b4e9"}
DARK |= {style.VALIDATION: "#f08a3c", style.FOUR_COLORS[3]: "#cc79a7"}


def render(
    *,
    title: str,
    recipe: Recipe | None,
    environment: Mapping[str, object],
    history: History | None,
    found: Assessment,
    temperature: float,
    uncalibrated_error: float | None,
    test: Digits,
    layers: Summary,
) -> str:
    """Write the report of a training run, or of a model in a file, as HTML.

    Args:
        title: the report's heading.
        recipe: the recipe of the run; None for a file.
        environment: what describes the machine and the software, or the file: values by name.
        history: the measurements of every epoch; None for a file.
        found: everything measured on the model; thresholds are listed for its error rate and the usual ones.
        temperature: the temperature by which the model's logits were divided.
        uncalibrated_error: the expected calibration error before that, a fraction; None if unknown.
        test: the test digits, for the pictures of the mistakes.
        layers: the network's layers, from `tenfold.summary`; empty if unknown.

    Returns:
        A self-contained document: it embeds its pictures and needs no script, no other file, and no connection.
    """
    jinja = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    jinja.filters.update(percent=plots.percent, confidence=plots.confidence, plain=plain, count="{:,}".format)
    jinja.filters["right"] = lambda error: plots.percent(1 - error)
    jinja.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    evaluation, robustness = found.evaluation, found.robustness
    rates = ERROR_RATES if found.error_rate is None else {*ERROR_RATES, found.error_rate}
    template = jinja.from_string(resources.files(__package__).joinpath("report.html.j2").read_text("utf-8"))
    return template.render(
        title=title,
        recipe=recipe,
        recipe_values=asdict(recipe) if recipe else {},
        environment=environment,
        history=history,
        diagnosis=diagnose(history, test.classes) if history else None,
        curves=[(panel, *themes(plots.curves(history, panel))) for panel in plots.panels(history)] if history else [],
        evaluation=evaluation,
        names=evaluation.classes,
        kind="digit" if evaluation.classes == DIGITS else "class",
        heat=plots.mistake_heat(evaluation).round(2).tolist(),
        confused=most_confused(evaluation),
        uncalibrated_error=uncalibrated_error,
        temperature=temperature,
        trust=[themes(plots.reliability(evaluation)), themes(plots.risk_coverage(evaluation))],
        left_out=[(share, leave_out(evaluation.probabilities, evaluation.labels, share)) for share in LEFT_OUT],
        selections=[
            (rate, *pair)
            for rate in sorted(rates, reverse=True)
            if found.validation and (pair := selective_prediction(found.validation, evaluation, rate))
        ],
        robustness=robustness,
        worse=[themes(draw(robustness)) for draw in (plots.robustness, plots.shifts, plots.rotations) if robustness],
        attacks=found.attacks,
        attacked=[themes(plots.attack_curves(found.attacks, norm)) for norm in ("Linf", "L2") if found.attacks],
        adversarial=themes(plots.adversarial_images(found.attacks)) if found.attacks else None,
        unknown=found.unknown,
        strangers=themes(plots.unknown_images(found.unknown)) if found.unknown else None,
        pictures=[(*card(file), description) for file, description in found.pictures.items()],
        gallery=[(mistake, picture(test.images[mistake.index])) for mistake in evaluation.mistakes[:GALLERY]],
        label_errors=[(answer, picture(test.images[answer.index])) for answer in evaluation.label_error_answers],
        source=test.source,
        layers=layers,
        parameters=sum(layer.parameters for layer in layers),
    )


def themes(figure: Figure) -> tuple[str, str]:
    """Write a figure as SVG for a light and for a dark background; returns two data URIs."""
    file = io.BytesIO()
    # text stays text, and equal figures give equal bytes
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "tenfold"}):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    light = dark = file.getvalue().decode()
    for ink, replacement in DARK.items():
        dark = dark.replace(ink, replacement)
    return data_uri("image/svg+xml", light.encode()), data_uri("image/svg+xml", dark.encode())


def picture(image: UInt8[np.ndarray, "28 28"]) -> str:
    """Write an image as a PNG with dark ink on white paper; returns a data URI."""
    file = io.BytesIO()
    Image.fromarray(255 - image).save(file, "PNG")
    return data_uri("image/png", file.getvalue())


def card(file: Path) -> tuple[str, int, int]:
    """Embed a picture, reduced to a palette of colors; returns a data URI, the width and the height."""
    content = io.BytesIO()
    with Image.open(file) as image:
        image.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(content, "PNG", optimize=True)
        return data_uri("image/png", content.getvalue()), image.width, image.height


def data_uri(kind: str, content: bytes) -> str:
    """Encode a file's content as a data URI."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def most_confused(evaluation: Evaluation) -> tuple[str, str, int] | None:
    """The most frequent mistake as `(true class, class read, count)`; None if it is tied or there is none."""
    counts = evaluation.confusion - np.diag(np.diag(evaluation.confusion))
    if not counts.any() or (counts == counts.max()).sum() > 1:
        return None
    label, prediction = np.unravel_index(counts.argmax(), counts.shape)
    return evaluation.classes[label], evaluation.classes[prediction], int(counts.max())


def plain(value: object) -> str:
    """Write a setting for people: booleans as yes or no, an empty value as a dash, a table as `key = value`."""
    if value is None or value in ("", {}, []):
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {plain(entry)}" for key, entry in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(plain(entry) for entry in value)
    return str(value)
