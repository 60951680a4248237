import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tenfold import TenfoldError
from tenfold.jobs import study, workers
from tenfold.jobs.pictures import Options, find_sources, read_sources
from tenfold.reader import Reader, to_text

TIMEOUT = 600  # seconds, of one step: a loaded machine is no failure
STUDY = """
name = "many"
recipes = ["quick"]
seeds = 3
data = "{data}"

[variants.narrow]
validation = 100
batch_size = 50
epochs = 24
network_options = {{ stem = 8, width = 8 }}
"""


@pytest.fixture
def file(idx_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # two runs at a time, one thread each
    path = tmp_path / "many.toml"
    path.write_text(STUDY.format(data=idx_folder))
    return path


def start(*arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "tenfold", "study", *map(str, arguments), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def finish(process: subprocess.Popen) -> list[dict]:
    """The runs of a study that must succeed without a word on standard error."""
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, err) == (0, "")
    return json.loads(out)["runs"]


def figures(runs: list[dict]) -> list[tuple]:
    return [(run["seed"], run["status"], run["test_accuracy"], run["validation_accuracy"]) for run in runs]


def wait_for_epochs(run: Path, process: subprocess.Popen, epochs: int = 3) -> None:
    """Wait until a run has a checkpoint after some epochs."""
    while len(rows(run)) <= epochs:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def rows(run: Path) -> list[str]:
    return (run / "history.csv").read_text().splitlines() if (run / "history.csv").is_file() else []


def processes(column: str, value: int) -> list[tuple[int, str]]:
    """The processes with this `pgid` or `ppid`, and their command lines."""
    listing = subprocess.run(["ps", "-axo", f"pid=,{column}=,stat=,command="], capture_output=True, text=True).stdout
    lines = [line.split(None, 3) for line in listing.splitlines()]
    return [(int(pid), command) for pid, other, state, command in lines if int(other) == value and state[0] != "Z"]


def wait_until_gone(list_processes: Callable[[], list]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while left := list_processes():
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


@pytest.fixture(scope="module")
def cluster():
    """Two machines of one core each, as far as Ray knows."""
    pytest.importorskip("ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    with pytest.MonkeyPatch.context() as patch:
        # Ray gives up on its agent after 15 s, which on a busy machine are not enough to import all that it can do
        patch.setattr("ray._private.utils.get_dashboard_dependency_error", lambda: ImportError("not needed"))
        for _ in range(2):
            cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20, include_dashboard=False)
    yield cluster
    cluster.shutdown()


def cluster_workers(cluster) -> list[int]:
    """The processes in which jobs are running."""
    raylets = [node.all_processes["raylet"][0].process.pid for node in cluster.list_all_nodes()]
    return [pid for raylet in raylets for pid, command in processes("ppid", raylet) if "_call" in command]


def test_an_end_on_the_way_keeps_what_is_done_and_leaves_no_process(file):
    run, before = Path("studies/many/quick-narrow-seed0"), []
    for kill, number, code in (  # as a terminal does, and a system without memory
        (os.killpg, signal.SIGINT, 130),
        (os.kill, signal.SIGKILL, -signal.SIGKILL),
    ):
        process = start(file)
        wait_for_epochs(run, process, len(before) + 3)
        kill(process.pid, number)
        out, err = process.communicate(timeout=TIMEOUT)
        assert (process.returncode, out) == (code, "")
        if code == 130:
            assert err == "tenfold: interrupted; finished runs are kept; repeat the command to continue\n"
        wait_until_gone(lambda process=process: processes("pgid", process.pid))
        assert rows(run)[: len(before)] == before
        before = rows(run)[:-1]  # the last may have been interrupted before its checkpoint
    assert [run.status for run in study.run(study.plan(study.load(file)), processes=2)] == ["finished"] * 3
    assert rows(run)[: len(before)] == before
    assert not list(Path("studies").rglob(".*"))


def test_a_study_on_a_cluster_survives_the_loss_of_a_worker(file, cluster, mnist):
    process = start(file, "--cluster", cluster.address)
    runs = [Path(f"studies/many/quick-narrow-seed{seed}") for seed in range(3)]
    for run in runs:  # when the last has begun, one of the others is finished
        wait_for_epochs(run, process)
    finished = [run / "model.safetensors" for run in runs if (run / "evaluation.json").is_file()]
    written = [path.stat().st_mtime_ns for path in finished]
    before = [rows(run)[:-1] for run in runs]
    os.kill(cluster_workers(cluster)[0], signal.SIGKILL)
    survived = finish(process)
    assert finished
    assert [path.stat().st_mtime_ns for path in finished] == written
    assert [rows(run)[: len(old)] for run, old in zip(runs, before, strict=True)] == before  # with the same seconds
    alone = study.do(study.plan(study.load(file), "alone")[0])
    assert figures(survived)[:1] == figures([vars(alone)])

    pictures = [Path(f"digit{number}.png") for number in range(30)]
    for path, image in zip(pictures, mnist[1].images, strict=False):
        Image.fromarray(image).save(path)
    here = [to_text(found.readings) for _, found in read_sources(find_sources(pictures), Reader(), Options())]
    predict = [sys.executable, "-m", "tenfold", "predict", *map(str, pictures), "--cluster", cluster.address, "--json"]
    there = subprocess.run(predict, capture_output=True, text=True, timeout=TIMEOUT)
    assert [json.loads(line)["text"] for line in there.stdout.splitlines()] == here
    assert (there.returncode, there.stderr) == (int("?" in here), "")

    process = start(file, "--cluster", cluster.address, "--out", "other")
    wait_for_epochs(Path("other/quick-narrow-seed0"), process)
    os.kill(process.pid, signal.SIGTERM)  # as a scheduler does
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out, err.count("\n")) == (130, "", 1)
    wait_until_gone(lambda: cluster_workers(cluster))


def test_a_search_on_a_cluster(file, cluster):
    pytest.importorskip("optuna", reason="needs tenfold[search]")
    values = "[search]\nvalidation = [100]\nbatch_size = [50]\nepochs = [1, 2]\n"
    file.write_text(file.read_text().split("[variants")[0] + "trials = 3\n" + values)
    program = "wanted = study.load('many.toml'); found = search.run(wanted, search.plan(wanted), cluster=sys.argv[1])"
    program = f"import json, sys; from tenfold.jobs import search, study; {program}; print(json.dumps(found))"
    ended = subprocess.run(
        [sys.executable, "-c", program, cluster.address], capture_output=True, text=True, timeout=TIMEOUT
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [trial["state"] for trial in json.loads(ended.stdout)["trials"]] == ["complete"] * 3


def test_a_job_that_kills_its_worker_is_told():
    with pytest.raises(TenfoldError, match="killed"):
        list(workers.scatter(os._exit, [1, 1], processes=2))


def test_a_machine_that_does_not_see_the_folder_says_so(tmp_path):
    error, _ = workers._attempt(os._exit, 1, tmp_path / "elsewhere" / "shared", 1)
    assert f"{socket.gethostname()} does not see {tmp_path / 'elsewhere'}" in str(error)


def test_a_cluster_that_does_not_answer_gets_one_line():
    pytest.importorskip("ray")
    for address in ("nonsense", "ray://localhost:10001", "127.0.0.1:1", "localhost:99999"):
        with pytest.raises(TenfoldError, match=r"HOST:PORT|no Ray .* answers"):
            list(workers.scatter(abs, [1], cluster=address))


def test_without_ray_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(TenfoldError, match=r"pip install 'tenfold\[ray\]'"):
        list(workers.scatter(abs, [1], cluster="localhost:6379"))
