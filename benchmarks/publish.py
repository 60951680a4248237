"""Write tables and figures of README.md and `docs/` from `results/`: `python -m benchmarks.publish`."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks import ablation, learn, numbers, tables

DOCUMENTS = (Path("README.md"), *sorted(Path("docs").glob("*.md")))
RESULTS = Path("results")
FIGURES = Path("docs/figures")


def main() -> None:
    """Rewrite every marked block, and the figures."""
    for document in DOCUMENTS:
        document.write_text(rewrite(document.read_text()))
    FIGURES.mkdir(parents=True, exist_ok=True)
    for name, (results, draw) in DRAWINGS.items():
        if (RESULTS / results).is_file():
            draw(json.loads((RESULTS / results).read_text())).savefig(FIGURES / name)


def rewrite(text: str) -> str:
    """The text with new content between `<!-- NAME -->` and `<!-- end of NAME -->`, for every name in `BLOCKS`.

    A block whose results are missing stays as it is.
    """
    for name, (patterns, tell) in BLOCKS.items():
        block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        files = [path for pattern in patterns for path in sorted(RESULTS.glob(pattern))]
        if files and block.search(text):
            content = tell(*(json.loads(path.read_text()) for path in files)).replace("\\", r"\\")
            text = block.sub(rf"\g<1>{content}\n\g<2>", text)
    return text


STUDIES = ("study-accuracy.json", "study-thorough.json", "study-tiny.json")
BLOCKS: dict[str, tuple[tuple[str, ...], Callable[..., str]]] = {
    "results": (("speed.json", *STUDIES, "ensembles.json", "shipped.json"), tables.results_table),
    "speed": (("speed.json",), tables.speed_table),
    "ideas": (("ideas.json",), tables.ideas_table),
    "system": (("system.json",), tables.system_table),
    "accuracy": ((*STUDIES, "ensembles.json"), tables.accuracy_table),
    "calibration": (("evaluation.json",), tables.calibration_table),
    "robustness": (("evaluation.json",), tables.robustness_table),
    "comparison": (("comparison.json",), tables.comparison_table),
    "classical search": (("classical-search.json",), tables.search_table),
    "ablation": (("study-ablation.json",), ablation.table),
    "exports": (("exports.json",), tables.exports_table),
    "shipped": (("shipped.json",), tables.shipped_table),
    "handwriting": (("handwriting.json",), tables.handwriting_table),
    "refusal": (("refusal.json",), tables.refusal_table),
    "ink": (("shipped.json",), tables.ink_text),
    "text lines": (("shipped.json",), tables.text_lines_text),
    "browser": (("browser.json",), tables.browser_table),
    "learn": (("learn.json",), learn.table),
    "numbers": (("numbers.json",), numbers.table),
}
DRAWINGS: dict[str, tuple[str, Callable[[dict[str, Any]], Figure]]] = {
    "speed.png": ("speed.json", tables.speed_figure),
    "comparison.png": ("comparison.json", tables.comparison_figure),
    "ablation.png": ("study-ablation.json", ablation.figure),
    "numbers.png": ("numbers.json", numbers.figure),
}


if __name__ == "__main__":
    main()
