"""How fast and how well a network learns in the page: `python -m benchmarks.learn`. Writes `results/learn.json`.

Headless Chromium trains three seeds in `learn.html`, Firefox one; Python trains the same recipe, `browser`. Build the
page first: `npm run build --prefix web`.
"""

import os
import re
import statistics
from pathlib import Path
from time import perf_counter
from typing import Any

import tenfold
from benchmarks import records
from benchmarks.records import place, points, save, spread, where
from benchmarks.visits import visit
from tenfold import recipes
from tenfold.data.sources import BUNDLED
from tenfold.serve import PAGE

RESULTS = Path("results/learn.json")
SEEDS = {"chromium": 3, "firefox": 1}
TIMES = ("first_seconds", "training_seconds", "seconds")  # see `learn`
BUSY = 4  # the load average from which times say little; two threads make two
# Runs in the page: presses the button, and sends what came of it.
MEASURE = b"""
const [state, start] = ["#state", "#start"].map((name) => document.querySelector(name));
const began = performance.now();
const seconds = () => (performance.now() - began) / 1000;
let first;
new MutationObserver(() => {
  if (/Step [1-9]/.test(state.textContent)) first ??= seconds();
  if (!/Finished|Nothing/.test(state.textContent)) return;
  const answer = { said: state.textContent, first, seconds: seconds(), browser: navigator.userAgent };
  fetch("answer", { method: "POST", body: JSON.stringify(answer) });
}).observe(state, { childList: true });
start.click();
"""


def main() -> None:
    """Train everywhere, and write the record."""
    results: dict[str, Any] = {"measured": where()}
    for browser, count in SEEDS.items():
        runs = [learn(browser, seed) for seed in range(count)]
        results[browser] = summarize(runs) | {"browser": runs[0]["browser"]}
    results["python"] = summarize([learn_in_python(seed) for seed in range(SEEDS["chromium"])])
    results["load"] = os.getloadavg()[2]  # of 15 minutes, this program's own included: two on an otherwise idle machine
    save(RESULTS, results)


def summarize(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The median of the times, and all accuracies.

    Args:
        runs: of one kind, with `accuracy` and times in seconds.
    """
    times = {key: statistics.median(run[key] for run in runs) for key in runs[0] if key.endswith("seconds")}
    return {"n": len(runs), "accuracy": [run["accuracy"] for run in runs], **times}


def learn(browser: str, seed: int) -> dict[str, Any]:
    """Let the page train in a fresh profile of a browser.

    Returns:
        `accuracy` on all test images; `training_seconds`; `seconds` from the press of the button to that accuracy, and
        `first_seconds` to the first step that is shown.

    Raises:
        queue.Empty: if it does not end in time.
        RuntimeError: if the page says that it cannot learn.
    """
    page = (PAGE / "learn.html").read_bytes()
    page = page.replace(b"</head>", b'<script type="module" src="measure.js"></script></head>')
    images = {f"/mnist/{file.name}": file.read_bytes() for file in BUNDLED.glob("*.gz")}
    extra = {"/learn.html": page, "/measure.js": MEASURE, **images}
    answer = visit(browser, f"/learn.html?seed={seed}", extra)
    found = re.search(r"after ([\d.]+) seconds .*: ([\d,]+) of", answer["said"])
    if not found:
        raise RuntimeError(f"{browser}: {answer['said']}")
    return {
        "accuracy": int(found[2].replace(",", "")) / 10_000,
        "training_seconds": float(found[1]),
        "seconds": answer["seconds"],
        "first_seconds": answer["first"],
        "browser": re.findall(r"(?:Chrome|Firefox)/[\d.]+", answer["browser"])[0],
    }


def learn_in_python(seed: int) -> dict[str, Any]:
    """Train the recipe in Python, and read the test images once."""
    train, test = tenfold.load()
    recipe = recipes.load("browser", {"seed": seed})
    tenfold.seed_everything(seed)
    model = tenfold.build(recipe.network, **recipe.network_options)
    started = perf_counter()
    tenfold.fit(model, train, recipe)
    seconds = perf_counter() - started
    return {"accuracy": tenfold.evaluate(model, test).accuracy, "training_seconds": seconds}


def table(results: dict[str, Any]) -> str:
    """The table of how fast and how well a network learns in the page."""
    rows = []
    for name, key in (("Chromium", "chromium"), ("Firefox", "firefox"), ("Python", "python")):
        row = results[key]
        accuracy = spread("accuracy", row["accuracy"])
        times = [
            f"{row[time]:.1f} s" if time in row else "–" for time in ("first_seconds", "training_seconds", "seconds")
        ]
        rows.append((name, f"{points(accuracy['accuracy'], accuracy['accuracy_sd'], 2)} ({row['n']})", *times))
    heads = ("", "test accuracy in %, mean ± sd (n)", "first step seen", "training", "from the button to the test")
    browsers = [results[key]["browser"] for key in SEEDS]
    notes = ("Times are medians.", f"{' and '.join(browsers)}.", place(results["measured"]))
    busy = f"The machine was busy with other work (load {results['load']:.0f}), so that times are too long."
    return records.table(heads, rows, *notes, *([busy] if results["load"] > BUSY else []))


if __name__ == "__main__":
    main()
