"""Write the figures of README.md from `results/`: `python -m benchmarks.tables`."""

import json
import re
from pathlib import Path
from typing import Any

README = Path("README.md")
SPEED = Path("results/speed.json")
NETWORKS = {
    "train_mnist_fast": "tuomaso/train_mnist_fast, float32",
    "train_mnist_fast-bf16": "tuomaso/train_mnist_fast, bfloat16",
    "pytorch-example": "PyTorch's MNIST example, 1 epoch",
    "pytorch-example-14": "PyTorch's MNIST example, all 14 epochs",
    "keras-convnet": "Keras' MNIST convnet, 3 epochs",
}


def main() -> None:
    """Rewrite the block between the markers."""
    README.write_text(rewrite(README.read_text()))


def rewrite(text: str) -> str:
    """The text with a new table of results between its markers."""
    table = speed_table(json.loads(SPEED.read_text()))
    return re.sub(
        r"(<!-- results -->\n).*?(<!-- end of results -->)", lambda m: m[1] + table + "\n" + m[2], text, flags=re.DOTALL
    )


def speed_table(results: dict[str, Any]) -> str:
    """A row for every recipe and reference, the most accurate first."""
    lines = [
        "| recipe | test accuracy, mean ± sd (n) | training time | of train_mnist_fast's |",
        "| --- | --- | --- | --- |",
    ]
    for name, row in sorted(results["rows"].items(), key=lambda item: -item[1]["accuracy"]):
        label = NETWORKS.get(name, f"**`tenfold train --recipe {name}`**")
        spread = f" ± {row['accuracy_sd']:.2%}".replace("%", "") if row["n"] > 1 else ""
        accuracy = f"{row['accuracy']:.2%}".replace("%", "") + f"{spread} % ({row['n']})"
        lines.append(f"| {label} | {accuracy} | {row['seconds']:.1f} s | {row['ratio']:.2f}× |")
    measured = next(iter(results["rows"].values()))["measured"]
    lines += [
        "",
        f"Measured on {measured['threads']} cores of an {measured['processor']}, PyTorch {measured['torch']}, "
        f"Python {measured['python']}, {measured['date']}. Times and ratios are medians; every ratio compares two runs "
        "that followed one another.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
