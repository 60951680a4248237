import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tenfold import cli, recipes
from tenfold.jobs import training_run

pytestmark = pytest.mark.fast

TINY = ("--set", "validation=100", "--set", "batch_size=100", "--set", "network_options.width=8")


@pytest.fixture(scope="module")
def runs(idx_folder, tmp_path_factory):
    """Two trained runs that differ in their seed."""
    recipe = {"validation": 100, "batch_size": 100, "network_options.width": 8}
    folder = tmp_path_factory.mktemp("runs")
    for seed in (0, 1):
        training_run.train(recipes.load("quick", recipe | {"seed": seed}), data=idx_folder, out=folder / str(seed))
    return folder


@pytest.fixture
def tenfold(monkeypatch, capfd, tmp_path):
    """Run a command line in an empty folder, in this process; returns the exit code and both standard streams."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tenfold", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        captured = capfd.readouterr()
        return end.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture
def one_line_error(tenfold):
    """Run a command line that must fail with code 2, one line on standard error, nothing else; returns the line."""

    def run(*arguments: object) -> str:
        code, out, err = tenfold(*arguments)
        assert (code, out) == (2, "")
        assert err.startswith("tenfold: ")
        assert err.count("\n") == 1
        return err

    return run


def test_train_evaluate_predict(tenfold, idx_folder, mnist, tmp_path):
    code, out, err = tenfold("train", "--recipe", "quick", "--epochs", 2, "--data", idx_folder, *TINY, "--json")
    assert code == 0
    assert "epoch  2/2" in err
    trained = json.loads(out)
    assert {"run", "recipe", "seed", "device", "parameters", "train_seconds"} <= set(trained)
    assert {"validation_accuracy", "test_accuracy", "test_loss"} <= set(trained)
    assert trained["run"] == "runs/quick"
    assert "<html" in Path("runs/quick/report.html").read_text()

    code, out, _ = tenfold("evaluate", "runs/quick", "--json")
    evaluated = json.loads(out)
    assert (code, evaluated["n"]) == (0, 200)
    assert (evaluated["accuracy"], evaluated["loss"]) == (trained["test_accuracy"], trained["test_loss"])
    assert evaluated["interval"][0] < evaluated["accuracy"] < evaluated["interval"][1]
    assert (len(evaluated["confusion"]), len(evaluated["per_class"])) == (10, 10)
    code, out, _ = tenfold("evaluate", "runs/quick")
    assert f"accuracy {evaluated['accuracy']:.2%}" in out
    assert f"test images: {evaluated['test_images']}\n" in out
    assert str(idx_folder) in evaluated["test_images"]
    assert "precision" in out
    assert "expected calibration error" in out
    assert f"training: {evaluated['diagnosis']['verdict'].capitalize()}: " in out
    selection = json.loads(tenfold("evaluate", "runs/quick", "--error-rate", "0.5", "--json")[1])["selection"]
    assert 0 < selection["coverage"] <= 1
    assert f"at least {selection['threshold']:.2%} conf" in tenfold("evaluate", "runs/quick", "--error-rate", "0.5")[1]

    assert tenfold("evaluate", "runs/quick", "--data", "bundled")[1].count("without the 15 label errors") == 1

    Image.fromarray(mnist[1].images[0]).save("seven.png")
    Image.fromarray(255 - mnist[1].images[0]).resize((280, 280)).save("large.png")
    pictures = ("seven.png", "large.png", f"{idx_folder}/t10k-images-idx3-ubyte")
    code, out, _ = tenfold("predict", *pictures, "--model", "runs/quick", "--json")
    seven, large, many = map(json.loads, out.splitlines())
    assert (code, seven["file"], len(seven["readings"]), len(many["readings"])) == (0, "seven.png", 1, 200)
    assert {"label", "probability", "alternatives", "box", "line"} == set(seven["readings"][0])
    assert seven["model"] == many["model"] == "runs/quick"
    assert max(seven["readings"][0]["box"][2:]) == pytest.approx(20, abs=1)
    assert max(large["readings"][0]["box"][2:]) == pytest.approx(200, abs=10)
    assert many["text"][0] == seven["text"]
    read = {i: int(digit) for i, digit in enumerate(many["text"]) if digit != "?"}
    right = np.mean([label == mnist[1].labels[i] for i, label in read.items()])
    assert right >= evaluated["accuracy"] - 0.02  # of what is refused, much was misread

    assert json.loads(tenfold("predict", "seven.png", "--json")[1])["model"].startswith("tenfold reader")
    assert tenfold("predict", "seven.png", "--verbose")[1].endswith("%), read by tenfold reader-int8\n")
    assert tenfold("predict", "seven.png", "--model", "runs/quick", "--verbose")[1].endswith(", read by runs/quick\n")

    code, _, err = tenfold("train", "--recipe", "quick", "--data", idx_folder, *TINY, "--set", "validation=0")
    assert code == 0
    assert Path("runs/quick-2/evaluation.json").is_file()
    code, out, err = tenfold("predict", "seven.png", "--model", "runs/quick-2")
    assert (code, err.count("\n")) == (0, 1)
    assert "runs/quick-2 has no thresholds" in err


def test_interpretation_is_a_folder_of_pictures_that_say_what_they_show(tenfold, runs):
    pytest.importorskip("cleanlab")
    pictures = json.loads(tenfold("evaluate", runs / "0", "--interpret", "pictures", "--json")[1])["pictures"]
    assert len(pictures) == 8
    for file, description in pictures.items():
        with Image.open(file) as picture:
            assert picture.info["Description"] == description


def test_a_report_of_a_run_is_the_page_that_training_wrote(tenfold, one_line_error, runs):
    shutil.copytree(runs / "0", "run")
    assert tenfold("evaluate", "run", "--report", "page.html")[1].endswith("\nreport: page.html\n")
    assert Path("page.html").read_bytes() == Path("run/report.html").read_bytes()
    tenfold("evaluate", "run", "--report", "page.html", "--data", "bundled", "--error-rate", "0.4")
    page = Path("page.html").read_text()
    assert "tested on 10,000 images" in page
    assert '<th scope="row">40%</th>' in page
    assert "; before, by" not in page

    Path("unfinished").mkdir()
    for name in ("recipe.toml", "environment.json"):
        Path("unfinished", name).write_bytes(Path("run", name).read_bytes())
    for run, page, *expected in (
        ("run", "missing/page.html", "missing: No such file or directory"),
        ("run", "page.html/page.html", "page.html: Not a directory"),
        ("run", "run", "run: is a folder", "run/report.html"),
        ("run", "page.pdf", "page.pdf: a report is written in HTML; name it page.html"),
        ("unfinished", "page.html", "unfinished: unfinished", "--resume"),
        ("nowhere", "page.html", "nowhere: no such run folder"),
    ):
        error = one_line_error("evaluate", run, "--report", page, "--robustness")
        assert all(text in error for text in expected), error
    assert "one run" in one_line_error("evaluate", "run", "run", "--report", "page.html")
    assert "one run" in one_line_error("evaluate", "--ensemble", "run", "run", "--report", "page.html")
    pytest.importorskip("cleanlab")
    assert "page.html/pictures: Not a dir" in one_line_error("evaluate", "run", "--interpret", "page.html/pictures")
    assert "page.html: exists and is not a folder" in one_line_error("evaluate", "run", "--interpret", "page.html")


def test_ensembles(tenfold, one_line_error, idx_folder, runs):
    shutil.copytree(runs, "runs")
    code, out, _ = tenfold("evaluate", "--ensemble", "runs/0", "runs/1", "--json")
    ensemble = json.loads(out)
    assert (code, ensemble["n"]) == (0, 200)
    single = [json.loads(tenfold("evaluate", f"runs/{seed}", "--json")[1])["accuracy"] for seed in (0, 1)]
    assert ensemble["members"] == [{"run": f"runs/{seed}", "accuracy": single[seed]} for seed in (0, 1)]
    _, out, _ = tenfold("evaluate", "--ensemble", "runs/0", "runs/1")
    assert f"accuracy {ensemble['accuracy']:.2%}" in out.splitlines()[0]
    assert f"  runs/1: accuracy {single[1]:.2%}\n" in out

    shutil.copy("runs/0/model.safetensors", "whole.safetensors")
    Path("half").mkdir()
    for members, *expected in (
        (["runs/0"], "two runs or more"),
        (["runs/0", "runs/0/../0"], "runs/0/../0", "twice"),
        (["runs/0", "runs/0/model.safetensors"], "runs/0/model.safetensors", "twice"),
        (["runs/0", "runs/nine"], "runs/nine", "no such"),
        (["runs/0", "nine.safetensors"], "nine.safetensors", "no such file"),
        (["runs/0", "half"], "half", "no recipe.toml"),
        (["runs/0", "whole.safetensors"], "whole.safetensors", "different test images from runs/0", "--data"),
    ):
        error = one_line_error("evaluate", "--ensemble", *members)
        assert all(text in error for text in expected), error
    assert "--ensemble" in one_line_error("evaluate", "runs/0", "runs/1", "whole.safetensors")
    assert "one run" in one_line_error("evaluate", "runs/0", "runs/1", "--error-rate", "0.1")
    assert "one run" in one_line_error("evaluate", "runs/0", "runs/1", "--interpret", "pictures")
    assert "no recipe.toml" in one_line_error("evaluate", "half", "--error-rate", "0.1")

    code, out, _ = tenfold("evaluate", "runs/0", "runs/1", "--json")
    compared = json.loads(out)
    assert code == 0
    assert [one["run"] for one in compared["evaluations"]] == ["runs/0", "runs/1"]
    assert [one["accuracy"] for one in compared["evaluations"]] == single
    assert compared["comparison"]["difference"] == pytest.approx(single[0] - single[1])
    code, out, _ = tenfold("evaluate", "runs/0", "runs/1")
    assert "McNemar" in out
    assert all(f" {difference['index']} " in out for difference in compared["comparison"]["differences"])
    assert tenfold("evaluate", "--ensemble", "runs/1", "whole.safetensors", "--data", idx_folder)[0] == 0


def test_robustness(tenfold, one_line_error, runs):
    shutil.copytree(runs / "0", "run")
    code, out, _ = tenfold("evaluate", "run", "--robustness", "--json")
    figures = json.loads(out)
    worse = figures["robustness"]
    assert (code, len(worse["corrupted"]), worse["clean"]["accuracy"]) == (0, 15, figures["accuracy"])
    code, out, _ = tenfold("evaluate", "run", "--robustness")
    assert f"{worse['mean']:.2%}" in out

    Path("empty").mkdir()
    assert "empty/identity/test_images.npy" in one_line_error("evaluate", "run", "--robustness", "--mnist-c", "empty")
    assert "give both" in one_line_error("evaluate", "run", "--mnist-c", "empty")
    assert "one run" in one_line_error("evaluate", "run", "run", "--robustness")
    assert "give both" in one_line_error("evaluate", "run", "--unknown-data", "empty")
    assert "one run" in one_line_error("evaluate", "run", "run", "--battery")


def test_files_that_cannot_be_read_do_not_stop_the_others(tenfold, mnist):
    Image.fromarray(mnist[1].images[0]).save("seven.png")
    Path("note.png").write_text("not a picture")
    code, out, err = tenfold("predict", "note.png", "seven.png", "missing.png")
    assert code == 1
    assert out.startswith("seven.png: ")
    assert len(err.splitlines()) == 3
    assert "2 of 3 files" in err
    code, _, err = tenfold("predict", "note.png")
    assert (code, err.count("\n")) == (2, 1)
    for first in (True, False):
        code, out, err = tenfold("predict", "note.png", "seven.png", "--csv", "out.csv")
        assert (code, out, "1 of 2 files have rows" in err) == (1, "", not first)


def test_pictures_without_digits_are_told(tenfold, mnist, monkeypatch):
    Path("folder").mkdir()
    Image.new("L", (300, 200), 255).save("folder/blank.png")
    ruled = Image.new("L", (400, 300), 255)
    ImageDraw.Draw(ruled).line([(40, 150), (360, 150)], fill=0, width=10)
    ruled.save("folder/ruled.png")
    Image.fromarray(mnist[1].images[0]).save("seven.png")
    Path("bad.png").write_text("not a picture")
    blank = "tenfold: folder/blank.png: no digits found (nothing is written on it)\n"
    lines = "tenfold: folder/ruled.png: no digits found (nothing in it has the shape of a digit)\n"
    assert tenfold("predict", "folder/blank.png") == (1, "", blank)
    assert tenfold("predict", "folder/blank.png", "--single") == (1, "", blank)
    assert tenfold("predict", "folder") == (1, "", blank + lines)
    assert tenfold("predict", "folder", "bad.png")[0] == 1
    code, out, err = tenfold("predict", "seven.png", "folder/ruled.png", "--json")
    seven, empty = map(json.loads, out.splitlines())
    assert (code, err, seven["text"], "reason" in seven) == (1, lines, "7", False)
    assert (empty["readings"], empty["text"], empty["reason"]) == ([], "", "nothing in it has the shape of a digit")
    assert empty["model"] == seven["model"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("folder/blank.png").read_bytes())))
    assert tenfold("predict", "-") == (1, "", "tenfold: -: no digits found (nothing is written on it)\n")


def test_a_picture_of_nothing_but_question_marks_holds_no_digits(tenfold, mnist):
    Image.fromarray(mnist[1].images[0]).save("seven.png")
    star = Image.new("L", (200, 200), 255)
    for line in ((30, 30, 170, 170), (30, 170, 170, 30), (100, 20, 100, 180), (20, 100, 180, 100)):
        ImageDraw.Draw(star).line(line, fill=0, width=12)
    star.save("star.png")
    code, out, err = tenfold("predict", "star.png", "--single")
    assert (code, out.startswith("star.png: ?"), err) == (1, True, "")
    assert tenfold("predict", "star.png", "seven.png", "--single", "--json")[0] == 1


def test_pictures_come_from_folders_and_standard_input_and_can_be_drawn_on(tenfold, one_line_error, mnist, monkeypatch):
    for folder in ("a", "b"):
        Path(folder).mkdir()
        Image.fromarray(mnist[1].images[0]).save(Path(folder, "seven.png"))
    code, out, err = tenfold("predict", "a", "b/seven.png")
    assert (code, err) == (0, "")
    assert [line.split(" (")[0] for line in out.splitlines()] == ["a/seven.png: 7", "b/seven.png: 7"]
    data = Path("a/seven.png").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert tenfold("predict", "-", "--annotate", "read.png", "--explain", "steps")[1].startswith("-: 7")
    with Image.open("read.png") as drawn:
        assert drawn.size == (28, 28)
    assert len(list(Path("steps/stdin").iterdir())) == 5
    assert "would be drawn into the same file" in one_line_error("predict", "a", "b", "--annotate", "drawn")
    assert "name a folder" in one_line_error("predict", "a", "b", "--annotate", "read.png")
    assert "is the picture to read" in one_line_error("predict", "a/seven.png", "--annotate", "a/../a/seven.png")
    Path("empty").mkdir()
    assert "no pictures in this folder" in one_line_error("predict", "empty")
    assert Path("a/seven.png").read_bytes() == data


def test_data_shows_counts_and_writes_pictures(tenfold, idx_folder):
    code, out, err = tenfold("data", "--data", idx_folder, "--json", "--plot", "pictures")
    facts = json.loads(out)
    assert (code, err) == (0, "")
    assert sum(facts["train"]["counts"]) == facts["train"]["images"] == 600
    assert len(list(Path("pictures").glob("*.png"))) == 6
    code, out, _ = tenfold("data", "--data", idx_folder)
    assert facts["test"]["sha256"] in out


def test_bad_arguments_get_one_line(one_line_error):
    for command, message in {
        "trian": "Did you mean 'train'",
        "train --epoch 3": "No such option: --epoch",
        "train --epochs three": "valid number",
        "train --recipe standrad": "did you mean 'standard'",
        "train --network lenet": "did you mean 'lenet5'",
        "train --set peek_lr=1": "did you mean 'peak_lr'",
        "train --set peak_lr": "write key=value",
        "train --data nowhere": "nowhere",
        "train --device abacus": "choose from: cpu",
        "train --resume nowhere": "no such run folder",
        "train --resume nowhere --epochs 3": "leave the other options out",
        "evaluate nowhere": "nowhere",
        "predict nowhere.png": "nowhere.png: No such file",
        "predict nowhere.png --model nowhere": "nowhere",
        "predict nowhere.png --error-rate 0.1": "needs --csv",
        "predict nowhere.png --single --length 2": "leave it out",
        "export nowhere --all": "nowhere: no such",
        "export nowhere": "nowhere: no such",
        "export . --to lietrt": "did you mean 'litert'",
        "export .": "--to (litert, onnx, keras, c)",
        "export . --to litert --all": "leave out --to, or --all",
        "evaluate nowhere.tflite": "nowhere.tflite: No such file",
        "study nowhere.toml": "nowhere.toml",
    }.items():
        assert message in one_line_error(*command.split())


def test_an_empty_path_is_not_the_current_folder(one_line_error):
    for command, place in (
        (("predict", ""), "an argument"),
        (("predict", "seven.png", "--annotate", ""), "--annotate"),
        (("train", "--out="), "--out"),
        (("data", "--data", ""), "--data"),
    ):
        assert one_line_error(*command).startswith(f"tenfold: {place}: is empty")


def test_nothing_is_lost_by_bad_input(one_line_error, idx_folder, runs):
    arguments = ("train", "--recipe", "quick", "--data", idx_folder, *TINY, "--out", "mine")
    shutil.copytree(runs / "0", "mine")
    assert "--force" in one_line_error(*arguments)
    for wrong in (("--network", "lenet"), ("--set", "network_options.widht=3"), ("--set", "train_images=600")):
        one_line_error(*arguments, "--force", *wrong)
        one_line_error(*arguments[:-1], "other", *wrong)
    assert Path("mine/evaluation.json").is_file()
    assert not Path("other").exists()


def test_a_folder_that_cannot_be_written_gets_one_line(one_line_error, idx_folder, monkeypatch):
    Path("file").write_text("")
    assert "Not a directory" in one_line_error("train", "--data", idx_folder, *TINY, "--out", "file/run")

    monkeypatch.setattr(os, "fsync", Mock(side_effect=OSError(28, "No space left on device")))
    assert "No space left" in one_line_error("train", "--data", idx_folder, *TINY, "--out", "run")


def test_pictures_of_one_s_own_train_by_a_recipe_for_thousands(tenfold, mnist):
    for index, label in enumerate(mnist[0].labels[:120]):
        Path(f"own/{label}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(mnist[0].images[index]).save(f"own/{label}/{index}.png")
    Path("own/3/Thumbs.db").write_bytes(b"thumbnails")
    code, out, err = tenfold("train", "--recipe", "quick", "--data", "own", "--json")
    assert code == 0
    assert json.loads(out)["run"] == "runs/quick"
    warnings = [line for line in err.splitlines() if not line.startswith("epoch")]
    assert [line.partition("own: ")[0] for line in warnings] == ["tenfold: warning: "] * 3
    assert "skipped 1 files that are not pictures (Thumbs.db)" in warnings[0]
    assert tenfold("evaluate", "runs/quick", "--report", "page.html")[0] == 0


def test_what_nobody_foresaw_is_one_line(tenfold, monkeypatch):
    for error, said in (
        (KeyError("a\nb"), "internal error: KeyError: 'a\\nb'; please report it at https://"),
        (MemoryError(), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to"), "not enough memory"),
        (RecursionError(), "nested too deeply"),
    ):
        monkeypatch.setattr("tenfold.data.load", Mock(side_effect=error))
        code, out, err = tenfold("data")
        assert (code, out, err.count("\n")) == (70, "", 1)
        assert said in err
    monkeypatch.setenv("TENFOLD_DEBUG", "1")
    assert "Traceback" in tenfold("data")[2]


def test_standard_streams_may_be_of_any_encoding(tenfold, idx_folder, monkeypatch):
    Path("п").symlink_to(idx_folder)
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="latin-1"))
    assert tenfold("data", "--data", "п")[0] == 0
    assert b"\\u043f (train)" in printed.getvalue()


@pytest.mark.parametrize(
    ("redirected", "expected"),
    [
        ("--version >&-", (0, b"")),
        ("predict nowhere.png <&- >&- 2>&-", (2, b"")),
        ("predict nowhere.png 2>/dev/full", (2, b"")),
        ("--version >/dev/full", (2, b"tenfold: No space left on device\n")),
    ],
)
def test_standard_streams_may_be_closed_or_full(tmp_path, redirected, expected):
    command = f"exec {sys.executable} -m tenfold {redirected}"
    found = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True)
    assert (found.returncode, found.stderr) == expected


def test_a_deleted_current_folder_gets_one_line(one_line_error, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert "current folder has been deleted" in one_line_error("data")


def test_names_need_not_be_utf_8(tenfold, idx_folder):
    name = os.fsdecode(b"\xff")
    Path(name).symlink_to(idx_folder)
    code, out, _ = tenfold("train", "--recipe", "quick", "--data", name, *TINY, "--out", f"{name}-run", "--json")
    assert (code, json.loads(out)["run"]) == (0, f"{name}-run")
    assert tenfold("evaluate", f"{name}-run", "--report", f"{name}.html")[0] == 0


def test_ctrl_c_keeps_the_run_and_says_how_to_resume(idx_folder, tmp_path):
    command = [sys.executable, "-m", "tenfold"]
    settings = (*TINY, "--set", "network_options.width=32")
    endless = ("--epochs", "10000")
    train = [*command, "train", "--recipe", "quick", "--data", idx_folder, *endless, *settings, "--out", "run"]
    process = subprocess.Popen(train, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "run" / "checkpoint.safetensors").is_file():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "continue with: tenfold train --resume run" in err.splitlines()[-1]
    assert (tmp_path / "run" / "model.safetensors").is_file()
    assert (tmp_path / "run" / "checkpoint.safetensors").is_file()


def test_version_and_help(tenfold):
    import tenfold as package

    assert tenfold("--version") == (0, package.__version__ + "\n", "")
    for command in ("data", "train", "evaluate", "study", "compare", "export", "predict", "adapt", "draw", "serve"):
        code, out, _ = tenfold(command, "--help")
        assert code == 0
        assert f"Example: tenfold {command}" in out


def test_compare_writes_rows_pairs_and_a_picture(tenfold, one_line_error, idx_folder):
    pytest.importorskip("skops")
    command = ("compare", "--models", "naive_bayes, quick", "--train-size", 300, "--data", idx_folder)
    code, out, _ = tenfold(*command, "--processes", 1, "--json")
    assert code == 0
    found = json.loads(out)
    assert {"model", "error", "interval", "train_seconds", "predict_us", "bytes"} <= set(found["rows"][0])
    assert json.loads(Path("comparisons/300-seed0/comparison.json").read_text()) == found
    assert Path("comparisons/300-seed0/comparison.png").is_file()
    assert "'naive_bayes'" in one_line_error("compare", "--models", "naive_bayse")
    assert "601" in one_line_error("compare", "--train-size", 601, "--data", idx_folder)
    assert "--quick" in one_line_error("compare", "--quick", "--train-size", 10)


def test_export_evaluate_predict(tenfold, one_line_error, idx_folder, runs, mnist):
    pytest.importorskip("onnxruntime", reason="needs tenfold[export]")
    shutil.copytree(runs / "0", "run")
    code, out, err = tenfold("export", "run", "--to", "onnx", "--out", "files", "--json")
    float32, int8 = json.loads(out)["files"]
    assert (code, float32["file"], float32["different"]) == (0, "files/run-float32.onnx", 0)
    assert err == "".join(f"tenfold: warning: {file['warning']}\n" for file in (float32, int8) if file["warning"])
    code, out, _ = tenfold("export", "run", "--to", "onnx", "--out", "files", "--force")
    assert code == 0
    assert "run-int8.onnx" in out
    assert "exists" in one_line_error("export", "run", "--to", "onnx", "--out", "files")

    code, out, _ = tenfold("evaluate", int8["file"], "--data", idx_folder, "--report", "page.html", "--json")
    assert (code, json.loads(out)["accuracy"]) == (0, int8["accuracy"])
    page = Path("page.html").read_text()
    assert int8["sha256"] in page
    assert "Confusion matrix" in page
    assert "Training" not in page
    code, out, _ = tenfold("evaluate", "run", float32["file"], "--data", idx_folder, "--json")
    assert json.loads(out)["comparison"]["difference"] == 0
    assert "layers" in one_line_error("evaluate", int8["file"], "--interpret", "pictures")
    assert "gradients" in one_line_error("evaluate", int8["file"], "--attacks")

    Image.fromarray(mnist[1].images[0]).save("seven.png")
    readings = [
        json.loads(tenfold("predict", "seven.png", "--model", m, "--json")[1]) for m in ("run", float32["file"])
    ]
    assert readings[0]["text"] == readings[1]["text"]
