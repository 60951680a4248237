"""`push`: a finished run on the Hugging Face Hub, from where `tenfold.restore("hf:owner/name")` reads it."""

import os
from pathlib import Path
from textwrap import shorten

from tenfold.base.errors import TenfoldError
from tenfold.base.extras import needed_by
from tenfold.networks.storage import LONGEST
from tenfold.training.runs import Run

CARD = """\
---
library_name: tenfold
pipeline_tag: image-classification
metrics: [accuracy]
tags: [tenfold, {network}]
---

# {title}

A network for images of 28 by 28 pixels, light ink on a dark background, trained with
[tenfold](https://github.com/tenfold-mnist/tenfold). It tells {count} classes apart: {classes}.

```python
import tenfold

model = tenfold.restore("hf:{repository}")
train, test = tenfold.load("{data}")
print(tenfold.evaluate(model, test))
```

## Figures

| on {images:,} test images, read once, after training | |
| --- | --- |
| accuracy | {accuracy:.2%} (95% interval {low:.2%} to {high:.2%}) |
| loss, mean cross-entropy in nats | {loss:.4f} |
| expected calibration error | {calibration:.2%} |

This is a single run; another seed gives another accuracy. `evaluation.json` has the confusion matrix and the mistakes.

## Training

Network `{network}`, {parameters:,} parameters; {trained:,} training images from `{data}`, of which the recipe holds
out {validation:,} for validation; {epochs} epochs in {seconds:.0f} s on {processor}, with tenfold {version}.
The recipe:

```toml
{recipe}```
"""


def push(run: Run | str | os.PathLike, repository: str) -> str:
    """Publish a finished run on the Hugging Face Hub: its weights, its recipe, its figures, and a model card.

    Log in first, with `hf auth login`, or set `HF_TOKEN`. A repository that does not exist is created, a public one; in
    one that exists, the files are replaced, and the Hub keeps the old ones in its history.

    Args:
        run: the run, or its folder.
        repository: its place on the Hub, "owner/name".

    Returns:
        The address of the repository.

    Raises:
        TenfoldError: if `huggingface_hub` is missing, the run is unfinished or damaged, or the Hub refuses the files or
            does not answer.

    Example:
        >>> import tenfold
        >>> tenfold.push("runs/standard", "owner/name")
        Traceback (most recent call last):
            ...
        tenfold.base.errors.TenfoldError: runs/standard: no such run folder; train one with: tenfold train
    """
    run = run if isinstance(run, Run) else Run(run)
    contents = {name: run.file(name).read_bytes() for name in ("model.safetensors", "recipe.toml", "evaluation.json")}
    contents["README.md"] = write_card(run, repository).encode()
    with needed_by("the Hub"):
        from huggingface_hub import CommitOperationAdd, HfApi
    try:
        api = HfApi(library_name="tenfold")
        api.create_repo(repository, exist_ok=True)
        files = [CommitOperationAdd(name, content) for name, content in contents.items()]
        return str(api.create_commit(repository, files, commit_message=f"Run {run.path.name}").repo_url)
    except Exception as error:  # its own, those of its HTTP library, and the system's
        reason = shorten(str(error), LONGEST, placeholder=" …")
        raise TenfoldError(f"{repository}: the Hub does not take it ({reason}); see: hf auth login") from None


def write_card(run: Run, repository: str) -> str:
    """The model card of a finished run, in Markdown.

    Raises:
        TenfoldError: if the run is unfinished or damaged.
    """
    figures, network, environment = run.load_evaluation(), run.load_model(), run.environment
    low, high = figures["interval"]
    return CARD.format(
        title=repository.rpartition("/")[2],
        repository=repository,
        network=network.name,
        count=len(network.classes),
        classes=", ".join(network.classes),
        data=Path(environment["data"]).name,  # without the folders of this machine
        images=environment["test_images"],
        accuracy=figures["accuracy"],
        low=low,
        high=high,
        loss=figures["loss"],
        calibration=figures["calibration_error"],
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        trained=environment["train_images"],
        validation=run.recipe.validation,
        epochs=len(run.history),
        seconds=run.history.train_seconds,
        processor=environment["processor"],
        version=environment["tenfold"],
        recipe=run.recipe.to_toml(),
    )
