"""Commands that train: data, train, study, compare."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tenfold.base.errors import InterruptedRun, TenfoldError
from tenfold.cli.common import Cluster, Data, Json, Processes, app, kept, print_json, progress

# What loads PyTorch or matplotlib is imported inside the commands: --help must not wait for it.


@app.command()
def data(
    source: Data = "bundled",
    plot: Annotated[Path | None, typer.Option(help="Write pictures of the digits into this folder.")] = None,
    as_json: Json = False,
) -> None:
    """Show what is in a data set: counts per class, source, checksums.

    Example: tenfold data --plot pictures
    """
    from tenfold.data import load
    from tenfold.report import console

    splits = dict(zip(("train", "test"), load(source), strict=True))
    facts = {
        name: {
            "source": digits.source,
            "images": len(digits),
            "classes": list(digits.classes),
            "counts": digits.counts().tolist(),
            "mean": float(digits.images.mean() / 255),
            "std": float(digits.images.std() / 255),
            "sha256": digits.sha256(),
        }
        for name, digits in splits.items()
    }
    if plot is not None:
        from tenfold.report import plots

        plot.mkdir(parents=True, exist_ok=True)
        for name, digits in splits.items():
            plots.samples(digits).savefig(plot / f"{name}-samples.png")
            plots.class_histogram(digits).savefig(plot / f"{name}-classes.png")
            plots.mean_and_variance(digits).savefig(plot / f"{name}-mean-variance.png")
    if as_json:
        print_json(facts)
        return
    console.print_data(facts)
    if plot is not None:
        print(f"pictures in {plot}")


@app.command()
def train(
    recipe: Annotated[str, typer.Option(help="A recipe's name, or a TOML file.")] = "standard",
    network: Annotated[str | None, typer.Option(help="Train this network instead of the recipe's.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the training images.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seeds every random number generator.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change any value of the recipe.")
    ] = None,
    source: Data = "bundled",
    out: Annotated[Path | None, typer.Option(help="The run folder; by default a new one in runs/.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the run in that folder.")] = False,
    resume: Annotated[Path | None, typer.Option(metavar="RUN", help="Continue an interrupted run.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, or mps; by default the fastest available.")] = None,
    as_json: Json = False,
) -> None:
    """Train a network, evaluate it on the test images, and write a run folder with a report.

    Example: tenfold train --network lenet5 --epochs 3 --set peak_lr=0.01
    """
    from tenfold import recipes
    from tenfold.jobs import training_run
    from tenfold.report import console
    from tenfold.training import ProgressBar

    named = {"network": network, "epochs": epochs, "seed": seed}
    overrides = {key: value for key, value in named.items() if value is not None} | recipes.parse_changes(changes or [])
    try:
        if resume is not None:
            if overrides or out or force or device or recipe != "standard" or source != "bundled":
                raise TenfoldError("--resume continues with the run's own settings; leave the other options out")
            run = training_run.resume(resume, [ProgressBar()])
        else:
            chosen = recipes.load(recipe, overrides)
            run = training_run.train(
                chosen, data=source, out=out, force=force, device=device, callbacks=[ProgressBar()]
            )
    except InterruptedRun as interruption:
        print(f"tenfold: {interruption}", file=sys.stderr)
        raise typer.Exit(130) from None
    summary = training_run.summarize(run)
    if as_json:
        print_json(summary)
    else:
        console.print_training(run, summary)


@app.command()
def study(
    file: Annotated[Path, typer.Argument(help="A TOML file: name, recipes, seeds, variants or search.")],
    out: Annotated[Path | None, typer.Option(help="The folder for the runs; by default, studies/NAME.")] = None,
    processes: Processes = None,
    cluster: Cluster = None,
    as_json: Json = False,
) -> None:
    """Train many runs, for every combination of seed, recipe, and variant, and compare them.

    With a search in the file, values of the recipe are first searched for
    with Optuna, by the accuracy on the validation images; then the recipe
    with the best values is compared with the recipe as it was.

    Finished runs are kept: repeat the command to continue after an
    interruption. Exit code 1 if any run failed.

    Example: tenfold study optimizers.toml
    """
    from dataclasses import replace

    from tenfold.jobs import search as searches
    from tenfold.jobs import study as studies
    from tenfold.report import console

    wanted = studies.load(file)
    searched: dict[str, Any] = {}
    if wanted.search:
        jobs = searches.plan(wanted, out)
        with kept("trials"), progress("trials", len(jobs)) as advance:
            searched = {"search": searches.run(wanted, jobs, out, processes, cluster, advance)}
        wanted = replace(wanted, search={}, variants={"as it was": {}, "best": searched["search"]["best"]})
        if not as_json:
            console.print_search(searched["search"])
    tasks = studies.plan(wanted, out)
    with kept("runs"), progress("runs", len(tasks)) as advance:
        outcomes = studies.run(tasks, processes, cluster, advance)
    studies.save(tasks[0].path.parent, outcomes)
    summary = studies.summarize(outcomes)
    if as_json:
        print_json(searched | {"runs": [vars(outcome) for outcome in outcomes], "summary": summary})
    else:
        console.print_study(summary)
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    for outcome in failed:
        print(f"tenfold: {outcome.run} failed: {outcome.reason}", file=sys.stderr)
    if failed:
        raise typer.Exit(1)


@app.command()
def compare(
    models: Annotated[
        str | None,
        typer.Option(metavar="NAME,NAME", help="Recipes, also classical ones, or networks; by default, most of them."),
    ] = None,
    train_size: Annotated[
        int | None, typer.Option(metavar="IMAGES", help="Train on this many images instead of all.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Train on 10,000 images, and leave out the slowest models.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seeds the random numbers of all models.")] = 0,
    source: Data = "bundled",
    out: Annotated[
        Path | None, typer.Option(help="The folder for the models; by default, one in comparisons/.")
    ] = None,
    processes: Processes = None,
    cluster: Cluster = None,
    as_json: Json = False,
) -> None:
    """Train networks and classical models on the same images, each on one core, and compare them.

    Finished models are kept: repeat the command to continue after an
    interruption, or name more models to train only the new ones. Besides the
    models, it writes comparison.json and comparison.png. Exit code 1 if any
    model failed.

    Example: tenfold compare --quick --models fast,rbf_svm,random_forest
    """
    from tenfold import evaluation
    from tenfold.data import load
    from tenfold.jobs import comparison
    from tenfold.report import console

    if quick and train_size is not None:
        raise TenfoldError("--quick means --train-size 10000; give one of the two")
    entries = comparison.plan(
        [name.strip() for name in models.split(",")]
        if models is not None
        else comparison.QUICK
        if quick
        else comparison.DEFAULT,
        train_images=comparison.QUICK_IMAGES if quick else train_size,
        seed=seed,
        data=source,
        out=out,
    )
    with kept("models"), progress("models", len(entries)) as advance:
        rows, failed = comparison.run(entries, processes, cluster, advance)
    pairs = evaluation.pairs(rows, load(source)[1].labels)
    folder = entries[0].path.parent
    comparison.save(folder, rows, pairs)
    if as_json:
        print_json(comparison.to_dict(rows, pairs))
    elif rows:
        console.print_models(rows, pairs)
        print(f"models, picture, and all pairs: {folder}")
    for model, reason in failed.items():
        print(f"tenfold: {model} failed: {reason}", file=sys.stderr)
    if failed:
        raise typer.Exit(1)
