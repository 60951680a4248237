"""Studies: many runs from one TOML file of recipes, variants, and seeds, on all cores or a cluster; interruptible."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Annotated, Any, Literal

import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked_dataclass
from scipy import stats

from tenfold import recipes
from tenfold.base import settings, strict_json
from tenfold.base.errors import TenfoldError
from tenfold.base.files import check_ours, locked, write_atomically
from tenfold.base.settings import Name, Place, Seed
from tenfold.data import locate
from tenfold.jobs import training_run
from tenfold.jobs.workers import scatter
from tenfold.recipes import Recipe
from tenfold.training import Callback
from tenfold.training.runs import Run

STUDIES = Path("studies")
MOST_RUNS = 10_000  # in one study, at a few minutes each


@checked_dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", strict=True))
class Study(metaclass=settings.InOneLine):
    """What to compare: every recipe, in every variant, with every seed.

    Attributes:
        name: what the study is called.
        recipes: names of recipes, or paths of TOML files.
        seeds: the number of seeds, counted from 0, or a list of them.
        variants: changes to the recipes, by the variant's name; if empty, the recipes are used as they are.
        data: where the digits come from, see `tenfold.load`.
        search: values of the recipe to choose from by key, see `tenfold.jobs.search`; the best are then a variant.
        trials: how many choices of them to try.
    """

    name: Name
    recipes: Annotated[list[Place], Field(min_length=1)]
    seeds: Annotated[int, Field(ge=1)] | Annotated[list[Seed], Field(min_length=1)]
    variants: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    data: Place = "bundled"
    search: dict[str, Any] = Field(default_factory=dict)
    trials: Annotated[int, Field(ge=1, le=MOST_RUNS)] = 30


@dataclass(frozen=True)
class Task:
    """One run of a study: its group, its recipe with the seed, its data, and its folder."""

    group: str
    recipe: Recipe
    data: str
    path: Path


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        recipe: the recipe's name, followed by the variant's.
        seed: the run's seed.
        status: "finished" or "failed".
        reason: why it failed.
        run: the run folder.
        validation_accuracy: a fraction; None if nothing was held out, or it failed.
        test_accuracy: a fraction; None if it failed.
        test_accuracy_without_label_errors: the accuracy without MNIST's label errors; None on other test images.
        train_seconds: the training time; None if it failed.
    """

    recipe: str
    seed: int
    status: Literal["finished", "failed"]
    run: str
    reason: str | None = None
    validation_accuracy: float | None = None
    test_accuracy: float | None = None
    test_accuracy_without_label_errors: float | None = None
    train_seconds: float | None = None


def load(path: str | os.PathLike) -> Study:
    """Read a study file.

    Raises:
        TenfoldError: if it is not valid TOML, or a key or value is wrong.
        OSError: if it cannot be read.
    """
    return settings.parse(Study, settings.read(path), str(path))


def plan(study: Study, out: str | os.PathLike | None = None) -> list[Task]:
    """List the runs of a study, seed by seed, so that even an interrupted study compares all groups.

    Args:
        study: what to compare.
        out: the folder for the run folders; by default `studies/NAME`.

    Raises:
        TenfoldError: if a recipe or a change is wrong, a run would appear twice, or there are more than 10,000 runs.
    """
    folder = Path(out) if out is not None else STUDIES / study.name
    variants = study.variants or {"": {}}
    count = study.seeds if isinstance(study.seeds, int) else len(study.seeds)
    if (runs := count * len(study.recipes) * len(variants)) > MOST_RUNS:
        raise TenfoldError(
            f"study {study.name!r}: asks for {runs:,} runs, more than the {MOST_RUNS:,} allowed; take fewer seeds"
        )
    seeds = list(range(study.seeds)) if isinstance(study.seeds, int) else study.seeds
    tasks = []
    for seed in seeds:
        for name in study.recipes:
            for variant, changes in variants.items():
                try:
                    recipe = recipes.load(name, {**_flatten(changes), "seed": seed})
                except TenfoldError as error:
                    where = f", variant {variant!r}" if variant else ""
                    raise TenfoldError(f"study {study.name!r}{where}: {error}") from None
                group = f"{recipe.name}, {variant}" if variant else recipe.name
                label = f"{recipe.name}-{variant}" if variant else recipe.name
                tasks.append(Task(group, recipe, study.data, folder / f"{label}-seed{seed}"))
    seen: set[str] = set()
    for task in tasks:
        name = task.path.name.casefold()  # some file systems ignore case
        if name in seen:
            raise TenfoldError(f"study {study.name!r}: {task.group} with seed {task.recipe.seed} appears twice")
        seen.add(name)
    return tasks


def run(
    tasks: list[Task],
    processes: int | None = None,
    cluster: str | None = None,
    done: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Do the runs that are not finished yet, several at a time.

    Finished runs are not repeated. Interrupted ones, and those whose worker on a cluster was lost, continue from their
    checkpoint. A run that fails, for example because it diverges, is recorded with the reason and does not stop the
    others.

    Args:
        tasks: from `plan`.
        processes: how many at a time, by default one for each core. On this machine they share all cores; on a cluster,
            each has one core.
        cluster: HOST:PORT of a Ray cluster that this machine belongs to, and whose machines all see the run folders.
        done: called with each outcome as it arrives.

    Returns:
        The outcomes in the order of the tasks.

    Raises:
        TenfoldError: if the folder holds something other than a study, a run folder holds a run from another recipe, or
            the cluster does not answer.
        OSError: if the study's folder cannot be written.
    """
    folder = tasks[0].path.parent
    begun = (path.parent.name for path in folder.glob("*/recipe.toml"))  # perhaps before the study file was changed
    check_ours(folder, {"study.json", "search", *(task.path.name for task in tasks), *begun}, "the folder of a study")
    for task in tasks:
        _begun(task.path, task.recipe, task.data)
    threads = 1
    if cluster is None:
        cores = torch.get_num_threads()
        processes = min(processes or cores, len(tasks))
        threads = max(1, cores // processes)
    outcomes: dict[Path, Outcome] = {}
    # workers on a cluster start in another folder
    jobs = [replace(task, data=locate(task.data), path=task.path.absolute()) for task in tasks]
    for job, result in scatter(do, jobs, folder=folder, processes=processes, threads=threads, cluster=cluster):
        path = folder / job.path.name
        if isinstance(result, TenfoldError):
            outcomes[path] = Outcome(job.group, job.recipe.seed, "failed", str(path), reason=str(result))
        else:
            outcomes[path] = replace(result, run=str(path))
        done(outcomes[path])
    return [outcomes[task.path] for task in tasks]


def do(task: Task) -> Outcome:
    """Do one run of a study, or what is left of it."""
    summary = training_run.summarize(finish(task.path, task.recipe, task.data))
    figures = ("validation_accuracy", "test_accuracy", "test_accuracy_without_label_errors", "train_seconds")
    measured = {key: summary[key] for key in figures}
    return Outcome(task.group, task.recipe.seed, "finished", str(task.path), **measured)


def finish(path: Path, recipe: Recipe, data: str, callbacks: Sequence[Callback] = ()) -> Run:
    """Do a run on the processor, or what is left of it.

    Args:
        path: the run folder.
        recipe: the recipe, with its seed.
        data: where the digits come from, see `tenfold.load`.
        callbacks: called during training, see `tenfold.training.Callback`.

    Raises:
        TenfoldError: if the folder holds a run from another recipe or other data, another process is writing to it, or
            the run cannot be trained.
        OSError: if the folder cannot be written.
    """
    with locked(path):
        begun = _begun(path, recipe, data)
        if begun and begun.finished:
            begun.clean_up()
            return begun
        if begun and begun.file("checkpoint.safetensors").is_file():
            return training_run.resume(path, callbacks)
        return training_run.train(recipe, data=data, out=path, force=True, device="cpu", callbacks=callbacks)


def summarize(
    outcomes: Iterable[Outcome], figure: Literal["test_accuracy", "validation_accuracy"] = "test_accuracy"
) -> list[dict[str, Any]]:
    """Compare the groups of a study.

    Args:
        outcomes: the outcomes of all runs.
        figure: the accuracy to compare. To choose between groups, use the validation accuracy.

    Returns:
        For each group: its `recipe`; `n`, the number of runs with this figure; their `mean`, `sd`, and the mean's 95%
        `interval` (all None without runs, the last two also for a single run); and the mean `difference` from the first
        group over their common seeds, with its `difference_interval` and `p`, the p-value of a paired t-test.
    """
    groups: dict[str, dict[int, float]] = {}
    for outcome in outcomes:
        by_seed = groups.setdefault(outcome.recipe, {})
        accuracy: float | None = getattr(outcome, figure)
        if accuracy is not None:
            by_seed[outcome.seed] = accuracy
    first = next(iter(groups.values()), {})
    rows = []
    for name, by_seed in groups.items():
        values = list(by_seed.values())
        pairs = [accuracy - first[seed] for seed, accuracy in by_seed.items() if seed in first and by_seed is not first]
        rows.append(
            {
                "recipe": name,
                "n": len(values),
                "mean": mean(values) if values else None,
                "sd": stdev(values) if len(values) > 1 else None,
                "interval": t_interval(values),
                "difference": mean(pairs) if pairs else None,
                "difference_interval": t_interval(pairs),
                "p": float(stats.ttest_1samp(pairs, 0.0).pvalue) if len(set(pairs)) > 1 else None,
            }
        )
    return rows


def t_interval(values: list[float]) -> tuple[float, float] | None:
    """The 95% interval of a mean by Student's t distribution; None for fewer than two values."""
    if len(values) < 2:
        return None
    half = float(stats.t.ppf(0.975, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    return mean(values) - half, mean(values) + half


def save(folder: Path, outcomes: list[Outcome]) -> None:
    """Write the outcomes and their summary to `study.json` in the study's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"runs": [vars(outcome) for outcome in outcomes], "summary": summarize(outcomes)}
    write_atomically(folder / "study.json", strict_json.dumps(content, indent=1) + "\n")


def _begun(path: Path, recipe: Recipe, data: str) -> Run | None:
    """The run in a folder, if there is one; it must have this recipe and these data."""
    if not (path / "recipe.toml").is_file():
        return None
    run = Run(path)
    if (run.recipe, run.environment["data"]) != (recipe, locate(data)):
        raise TenfoldError(f"{path}: holds a run from another recipe or other data; choose another folder with --out")
    return run


def _flatten(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten nested changes for `recipes.load`: `{"augment": {"shift": 2.0}}` becomes `{"augment.shift": 2.0}`."""
    tables = {key: value for key, value in changes.items() if isinstance(value, dict)}
    flat = {key: value for key, value in changes.items() if key not in tables}
    return flat | {f"{table}.{key}": value for table, values in tables.items() for key, value in values.items()}
