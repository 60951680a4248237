"""A search for values of a recipe: Optuna chooses trials, validation images judge them, and poor ones end early."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tenfold import recipes
from tenfold.base import strict_json
from tenfold.base.errors import TenfoldError
from tenfold.base.extras import needed_by
from tenfold.base.files import check_ours, write_atomically
from tenfold.data import locate
from tenfold.jobs.study import STUDIES, Study, finish
from tenfold.jobs.workers import scatter
from tenfold.training import Callback
from tenfold.training.runs import Run
from tenfold.training.state import Training

LOG = "trials.log"  # Optuna's record of all trials, which all workers share
NAME = "search"
STARTUP = 5  # trials at random before the sampler learns from them, and before any is pruned


@dataclass(frozen=True)
class Job:
    """A trial to do: a new one, which Optuna chooses, or the rest of one that was interrupted, by its id."""

    folder: Path
    recipe: str
    seed: int
    data: str
    search: Mapping[str, Any]
    number: int
    begun: int | None


class Prune(Callback):
    """Report every epoch's validation accuracy, and end the training where most other trials were better."""

    def __init__(self, trial: Any) -> None:
        self.trial = trial

    def on_epoch_end(self, training: Training) -> None:
        """Report, and perhaps raise Optuna's TrialPruned."""
        self.trial.report(training.history["validation_accuracy"][-1], len(training.history))
        if self.trial.should_prune():
            raise _optuna().TrialPruned


def plan(study: Study, out: Path | None = None) -> list[Job]:
    """List the trials of a search that are not finished yet.

    Args:
        study: has `search`, the values to choose from by key of the recipe: a list, or a table of `low` and `high`,
            with `log = true` if equal factors count equally; and `trials`, how many to do.
        out: the folder of the study; by default `studies/NAME`. The trials go into `search` in it.

    Raises:
        TenfoldError: if Optuna is missing, the study has several recipes, or variants, or holds out no images; a key or
            value does not fit the recipe; or the folder holds another search.
        OSError: if the folder cannot be written.
    """
    if len(study.recipes) > 1 or study.variants:
        raise TenfoldError(f"study {study.name!r}: a search is for one recipe, without variants")
    seed = study.seeds[0] if isinstance(study.seeds, list) else 0
    [name] = study.recipes
    recipe = recipes.load(name, {"seed": seed})
    if not recipe.validation:
        raise TenfoldError(f"study {study.name!r}: {name} holds out no images to judge trials by; set validation in it")
    for key, distribution in _space(study.search).items():
        for value in getattr(distribution, "choices", None) or (distribution.low, distribution.high):
            recipes.load(name, {key: value})
    folder = (Path(out) if out is not None else STUDIES / study.name).absolute() / NAME
    check_ours(folder, {LOG}, "the folder of a search")
    folder.mkdir(parents=True, exist_ok=True)
    found = _open(folder, create=True)
    about = strict_json.dumps({"recipe": recipe.to_toml(), "search": study.search, "data": locate(study.data)})
    if found.user_attrs.get("about", about) != about:
        raise TenfoldError(f"{folder}: holds another search; choose another folder with --out")
    found.set_user_attr("about", about)
    begun = [trial for trial in found.trials if trial.state.name == "RUNNING"]
    numbers = range(len(found.trials) - len(begun), max(study.trials, len(found.trials)))
    ids = [trial._trial_id for trial in begun]
    name = str(Path(name).absolute()) if name.endswith(".toml") else name  # workers may start in another folder
    return [
        Job(folder, name, seed, locate(study.data), study.search, number, ids.pop() if ids else None)
        for number in numbers
    ]


def run(
    study: Study,
    jobs: list[Job],
    out: Path | None = None,
    processes: int | None = None,
    cluster: str | None = None,
    done: Callable[[Job], None] = lambda _: None,
) -> dict[str, Any]:
    """Do the trials that are not finished yet, several at a time, and find the best of all.

    Every trial is a run with its own folder. Interrupted ones continue from their checkpoint.

    Args:
        study: the study.
        jobs: from `plan`.
        out: the folder of the study, as for `plan`.
        processes: how many at a time, by default one for each core.
        cluster: HOST:PORT of a Ray cluster that this machine belongs to, and whose machines all see the folder.
        done: called with each trial as it ends.

    Returns:
        `best`, the values of the trial with the highest validation accuracy after its last epoch; its
        `validation_accuracy`; and `trials`, each with its number, `state` ("complete", "pruned", or "fail"), `values`,
        `validation_accuracy`, and `reason` if it failed. `search.json` in the folder of the trials holds the same.

    Raises:
        TenfoldError: if no trial could be finished, or the cluster does not answer.
        OSError: if the folder cannot be written.
    """
    folder = (Path(out) if out is not None else STUDIES / study.name).absolute() / NAME
    threads = 1
    if cluster is None and jobs:
        cores = torch.get_num_threads()
        processes = min(processes or cores, len(jobs))
        threads = max(1, cores // processes)
    failures: set[str] = set()
    for job, result in scatter(attempt, jobs, folder=folder, processes=processes, threads=threads, cluster=cluster):
        failures |= {str(result)} if isinstance(result, TenfoldError) else set()
        done(job)
    trials = [
        {
            "number": trial.number,
            "state": trial.state.name.lower(),
            "values": trial.params,
            "validation_accuracy": trial.value,
            "reason": trial.user_attrs.get("reason"),
        }
        for trial in _open(folder).trials
    ]
    complete = [trial for trial in trials if trial["state"] == "complete"]  # a pruned one has its last accuracy
    if not complete:
        reasons = sorted(failures | {trial["reason"] for trial in trials if trial["reason"]})
        raise TenfoldError(f"{folder}: no trial was finished; {'; '.join(reasons) or 'repeat the command'}")
    best = max(complete, key=lambda trial: trial["validation_accuracy"])
    found = {"best": best["values"], "validation_accuracy": best["validation_accuracy"], "trials": trials}
    write_atomically(folder / "search.json", strict_json.dumps(found, indent=1) + "\n")
    return found


def attempt(job: Job) -> None:
    """Do one trial of a search, or what is left of it.

    Raises:
        TenfoldError: if it cannot be trained; the trial then counts as failed.
    """
    optuna, study = _optuna(), _open(job.folder, seed=job.number)
    trial = study.ask(_space(job.search)) if job.begun is None else optuna.trial.Trial(study, job.begun)
    path = job.folder / f"trial-{trial.number:04}"
    try:
        run = finish(path, recipes.load(job.recipe, {**trial.params, "seed": job.seed}), job.data, [Prune(trial)])
        study.tell(trial, run.history["validation_accuracy"][-1])
    except optuna.TrialPruned:
        Run(path).clean_up()
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    except TenfoldError as error:
        trial.set_user_attr("reason", str(error))
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
        raise


def _optuna() -> Any:
    with needed_by("a search"):
        import optuna
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def _open(folder: Path, create: bool = False, seed: int | None = None) -> Any:
    """Optuna's study in a folder; it keeps no lock and no connection between calls."""
    optuna = _optuna()
    journal = optuna.storages.journal
    file = str(folder / LOG)
    # this kind of lock works on shared folders and on Windows
    storage = optuna.storages.JournalStorage(
        journal.JournalFileBackend(file, lock_obj=journal.JournalFileOpenLock(file))
    )
    # by its number, so that trials at the same time differ
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTUP)
    if create:
        return optuna.create_study(
            study_name=NAME, storage=storage, direction="maximize", load_if_exists=True, sampler=sampler, pruner=pruner
        )
    return optuna.load_study(study_name=NAME, storage=storage, sampler=sampler, pruner=pruner)


def _space(search: Mapping[str, Any]) -> dict[str, Any]:
    """Optuna's distributions by key of the recipe."""
    distributions = _optuna().distributions
    space: dict[str, Any] = {}
    for key, value in search.items():
        try:
            if isinstance(value, Mapping) and not {"low", "high"} & set(value):  # a table of the recipe
                space |= {f"{key}.{inner}": one for inner, one in _space(value).items()}
            elif isinstance(value, Mapping):
                whole = isinstance(value["low"], int) and isinstance(value["high"], int)
                kind = distributions.IntDistribution if whole else distributions.FloatDistribution
                space[key] = kind(**value)
            elif isinstance(value, list):
                space[key] = distributions.CategoricalDistribution(value)
            else:
                raise TypeError
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, TenfoldError):
                raise
            raise TenfoldError(
                f"search: {key} = {value!r}: give a list of values, or {{ low = 0.001, high = 0.1, log = true }}"
            ) from None
    return space
