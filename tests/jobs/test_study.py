import json

import numpy as np
import pytest
from scipy import stats

from tenfold import TenfoldError
from tenfold.jobs import study
from tenfold.jobs.study import Outcome
from tenfold.training.runs import Run

pytestmark = pytest.mark.fast

TINY = """
name = "tiny"
recipes = ["quick"]
seeds = 2
data = "{data}"

[variants.narrow]
validation = 100
batch_size = 100
network_options = {{ width = 4 }}

[variants.wild]
network = "mlp"
optimizer = "sgd"
peak_lr = 1e20
epochs = 3
validation = 100
"""


@pytest.fixture
def file(idx_folder, tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY.format(data=idx_folder))
    return path


def test_a_study_runs_once_records_failures_and_resumes_the_rest(file, tmp_path):
    tasks = study.plan(study.load(file), tmp_path / "runs")
    assert [task.path.name for task in tasks] == [
        *("quick-narrow-seed0", "quick-wild-seed0", "quick-narrow-seed1", "quick-wild-seed1")
    ]
    seen = []
    outcomes = study.run(tasks, processes=2, done=seen.append)
    assert [outcome.status for outcome in outcomes] == ["finished", "failed"] * 2
    assert sorted(seen, key=lambda outcome: outcome.run) == sorted(outcomes, key=lambda outcome: outcome.run)
    assert "diverged" in outcomes[1].reason
    assert outcomes[0].test_accuracy == Run(tasks[0].path).load_evaluation()["accuracy"]

    weights = [task.path / "model.safetensors" for task in tasks[::2]]
    before = [path.stat().st_mtime_ns for path in weights]
    (tasks[2].path / "evaluation.json").unlink()  # as if interrupted
    again = study.run(tasks, processes=2)  # as many threads a run as before, so the same figures
    assert weights[0].stat().st_mtime_ns == before[0]
    assert weights[1].stat().st_mtime_ns != before[1]
    assert [outcome.test_accuracy for outcome in again] == [outcome.test_accuracy for outcome in outcomes]

    study.save(tmp_path / "runs", outcomes)
    saved = json.loads((tmp_path / "runs" / "study.json").read_text())
    assert {"recipe", "seed", "status", "test_accuracy", "train_seconds"} <= set(saved["runs"][0])
    assert [row["n"] for row in saved["summary"]] == [2, 0]

    other = study.plan(study.Study(name="tiny", recipes=["quick"], seeds=1, variants={"narrow": {}}), tmp_path / "runs")
    with pytest.raises(TenfoldError, match="another recipe"):
        study.run(other)
    with pytest.raises(TenfoldError, match="exists and is not the folder of a study"):  # but of many
        study.run(study.plan(study.load(file), tmp_path))


def test_the_summary_agrees_with_scipy():
    generator = np.random.default_rng(0)
    a, b = 0.99 + 0.01 * generator.random((2, 6))
    outcomes = [
        Outcome(name, seed, "finished", f"{name}{seed}", test_accuracy=float(value))
        for name, values in (("a", a), ("b", b))
        for seed, value in enumerate(values)
    ]
    first, second = study.summarize(outcomes)
    assert first["mean"] == pytest.approx(a.mean())
    assert first["sd"] == pytest.approx(a.std(ddof=1))
    interval = stats.t.interval(0.95, 5, loc=a.mean(), scale=stats.sem(a))
    assert first["interval"] == pytest.approx(interval)
    assert first["difference"] is None
    assert second["difference"] == pytest.approx((b - a).mean())
    assert second["p"] == pytest.approx(stats.ttest_rel(b, a).pvalue)


def test_wrong_study_files_are_refused_and_names_of_variants_may_be_words(tmp_path):
    path, head = tmp_path / "study.toml", 'name = "a"\nrecipes = ["fast"]\nseeds = 1\n'
    names = dict.fromkeys(("x/../../../escaped", "x\\\\y", ".hidden", "a dot.", "a\\u0000b"), "name is made of letters")
    names |= {"x" * 101: "at most 100", "NUL.txt": "a device"}
    for text, message in (
        ('name = "a"\nrecipes = ["fsat"]\nseeds = 1', "did you mean 'fast'"),
        ('name = "a"\nrecipes = ["fast", "fast"]\nseeds = 1', "fast with seed 0 appears twice"),
        ('name = "a"\nrecipes = ["fast"]\nseeds = [3, 3]', "fast with seed 3 appears twice"),
        ('name = "a"\nrecipes = ["fast"]\nseeds = 0', "seeds = 0: .*greater"),
        ('name = "a"\nrecipes = []\nseeds = 1', "recipes = "),
        ('name = "a"\nrecipes = ["fast"]\nseed = 1', "no key 'seed'; did you mean 'seeds'"),
        ('name = "a"\nrecipes = ["fast"]\nseeds = 1000000000', "1,000,000,000 runs, more than the 10,000 allowed"),
        ("name = ", "not valid TOML"),
        (head + "variants = { x = { peek_lr = 1.0 } }", "variant 'x': .*did you mean 'peak_lr'"),
        (head + "[variants]\nA.seed = 1\na.seed = 2", "appears twice"),
        *((head + f'[variants."{name}"]', message) for name, message in names.items()),
    ):
        path.write_text(text)
        with pytest.raises(TenfoldError, match=message):
            study.plan(study.load(path))
    path.write_text(head + '[variants."größer, 1.5-mal"]')
    [task] = study.plan(study.load(path), tmp_path)
    assert task.path == tmp_path / "fast-größer, 1.5-mal-seed0"
