"""Write tables and figures of README.md and `docs/` from `results/`: `python -m benchmarks.publish`."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks import ablation, adapt, attacks, few_labels, gpu, learn, numbers, pruning, serve, small, tables, unknown

DOCUMENTS = (Path("README.md"), *sorted(Path("docs").glob("*.md")))
RESULTS = Path("results")
FIGURES = Path("docs/figures")


def main() -> None:
    """Rewrite every marked block, and the figures."""
    for document in DOCUMENTS:
        document.write_text(rewrite(document.read_text()))
    FIGURES.mkdir(parents=True, exist_ok=True)
    for name, (patterns, draw) in DRAWINGS.items():
        if found := _read(patterns):
            draw(*found).savefig(FIGURES / name)


def rewrite(text: str) -> str:
    """The text with new content between `<!-- NAME -->` and `<!-- end of NAME -->`, for every name in `BLOCKS`.

    A block whose results are missing stays as it is.
    """
    for name, (patterns, tell) in BLOCKS.items():
        block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        if block.search(text) and (found := _read(patterns)):
            content = tell(*found).replace("\\", r"\\")
            text = block.sub(rf"\g<1>{content}\n\g<2>", text)
    return text


def _read(patterns: tuple[str, ...]) -> list[dict[str, Any]]:
    """The results that are there."""
    return [json.loads(path.read_text()) for pattern in patterns for path in sorted(RESULTS.glob(pattern))]


STUDIES = ("study-accuracy.json", "study-thorough.json", "study-tiny.json")
SIZES = (*STUDIES, *(f"study-{name}.json" for name in ("smaller", "small", "microcontroller")))  # those that are there
BLOCKS: dict[str, tuple[tuple[str, ...], Callable[..., str]]] = {
    "results": (("speed.json", *STUDIES, "ensembles.json", "shipped.json"), tables.results_table),
    "speed": (("speed.json",), tables.speed_table),
    "ideas": (("ideas.json",), tables.ideas_table),
    "hardest": (("study-hardest*.json",), tables.hardest_table),
    "gpu": (("gpu.json",), gpu.table),
    "system": (("system.json",), tables.system_table),
    "accuracy": ((*STUDIES, "ensembles.json"), tables.accuracy_table),
    "calibration": (("evaluation.json",), tables.calibration_table),
    "robustness": (("evaluation.json",), tables.robustness_table),
    "attacks": (("attacks.json",), attacks.table),
    "unknown": (("unknown.json",), unknown.table),
    "comparison": (("comparison.json",), tables.comparison_table),
    "classical search": (("classical-search.json",), tables.search_table),
    "ablation": (("study-ablation.json",), ablation.table),
    "few labels": (("study-few-labels.json",), few_labels.table),
    "pruning": (("pruning.json",), pruning.table),
    "exports": (("exports.json",), tables.exports_table),
    "microcontrollers": (("microcontrollers.json",), small.microcontrollers_table),
    "parameters": (SIZES, small.parameters_table),
    "shipped": (("shipped.json",), tables.shipped_table),
    "handwriting": (("handwriting.json",), tables.handwriting_table),
    "refusal": (("refusal.json",), tables.refusal_table),
    "ink": (("shipped.json",), tables.ink_text),
    "text lines": (("shipped.json",), tables.text_lines_text),
    "browser": (("browser.json",), tables.browser_table),
    "adapt": (("adapt.json",), adapt.table),
    "learn": (("learn.json",), learn.table),
    "numbers": (("numbers.json",), numbers.table),
    "serve": (("serve.json",), serve.table),
}
DRAWINGS: dict[str, tuple[tuple[str, ...], Callable[..., Figure]]] = {
    "speed.png": (("speed.json",), tables.speed_figure),
    "comparison.png": (("comparison.json",), tables.comparison_figure),
    "ablation.png": (("study-ablation.json",), ablation.figure),
    "parameters.png": (SIZES, small.parameters_figure),
    "numbers.png": (("numbers.json",), numbers.figure),
}


if __name__ == "__main__":
    main()
