"""The hostile command lines of `benchmarks.command_lines`: wrong words, recipes, studies and run folders."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

from tenfold import recipes

TRAIN = "train --recipe quick --data data --set validation=50 --set network_options.width=8 --set batch_size=50"
COMPARE = "compare --models naive_bayes --data data --processes 1"
NETWORK = "train --recipe quick --data data --network"
DEEP = 100_000  # levels: more than any parser follows
NAME = os.fsdecode(b"\xff\xfe")  # not UTF-8
LONG = "n" * 300  # longer than file systems take

Edit = Callable[[], object]
Content = str | bytes


class Line(NamedTuple):
    """A command line.

    Attributes:
        arguments: what follows `tenfold`; or, after a leading `$`, a line for a shell in which `tenfold` is defined.
        codes: the accepted exit codes.
        edit: a function that changes the folder beforehand; it is called there.
        unprivileged: whether to run as a user who may not read everything.
    """

    arguments: str
    codes: tuple[int, ...] = (2,)
    edit: Edit | None = None
    unprivileged: bool = False


def fill(table: str) -> Iterator[str]:
    """The lines of a table; one like `a ~: 1 | 2` stands for `a 1` and `a 2`."""
    for line in table.strip().splitlines():
        pattern, _, values = line.partition(": ")
        yield from (pattern.replace("~", value) for value in values.split(" | "))


def write(name: str, content: Content) -> Edit:
    """Write a file, and the folders above it."""

    def edit() -> None:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return edit


def alter(name: str, **values: object) -> Edit:
    """Change values in a JSON file; `...` takes the key out."""

    def edit() -> None:
        changed = json.loads(Path(name).read_text()) | values
        Path(name).write_text(json.dumps({key: value for key, value in changed.items() if value is not ...}))

    return edit


def usage() -> Iterator[Line]:
    """Wrong commands, options and combinations of them."""
    for command in ("data", "train", "evaluate", "study", "compare", "export", "predict", "draw"):
        yield Line(f"{command} --help", (0,))
        yield Line(f"{command} --nonsense")
        yield Line(f"{command} x" if command in ("predict", "evaluate") else f"{command} {'x ' * 50}")
    yield Line("--version", (0,))
    table = f"""
~: trian | '' | '{NAME}' | evaluate | study | predict | data --data | data --json=1
train --epochs ~: three | nan | inf | -1 | 0 | 1e400
train --seed ~: 1.5 | -1 | 99999999999999999999999999 | 4294967296
train ~: --network '' | --network ../../etc/passwd | --recipe '' | --device cuda:99 | --device ''
train --resume ~: nowhere --epochs 3 | run --out other
evaluate ~: run run | run second run | --ensemble run | run --mnist-c data | run second --robustness
evaluate run --error-rate ~: 2 | nan | -0.1
study study.toml --processes ~: 0 | -3
study study.toml --cluster ~: nowhere | 127.0.0.1:1 | 127.0.0.1:99999999 | ''
compare --models ~: '' | , --data data | nonsense --data data | quick,quick --data data
compare --models quick --data data ~: --train-size 0 | --train-size -5 | --train-size 99999999999999999999
compare ~: --models quick --data data --seed 99999999999999 | --quick --train-size 100 | --quick --data data
export run~:  |  --to nonsense |  --to litert --all |  --to ''
predict seven.png ~: --model nowhere | --model '' | --cluster nowhere
draw --port ~: -1 | 65536 | eighty"""
    yield from map(Line, fill(table))


def recipe() -> Iterator[Line]:
    """Values of recipes, on the command line."""
    table = f"""
peak_lr~: =1e300 | =-1 | =0 | =nan | =inf | ='' | =[1] |  | .inner=1 | ={"9" * 5000} | =1979-05-27T07:32:00Z
~: =1 | = | '' | 'a b=1' | '{NAME}=1' | {"a." * DEEP}=1 | peak_lr={"[" * DEEP} | 'peak_lr={"{a=" * 3000}'
~: muon_lr=1e300 | muon_momentum=1 | momentum=1.0 | momentum=-0.5 | beta2=2 | weight_decay=1e300 | weight_decay=-1
~: warmup=1 | schedule=sometimes | optimizer=magic | precision=float8
label_smoothing=~: 1 | 1e300 | -1
augment.~: rotation=1e300 | rotation=-1 | rotation=nan | scale=5 | shear=1e300 | shift=1e300 | shift=1000000
augment.~: elastic=1e300 | augmix=2 | capture=-1 | letterforms=1e300 | crops=nan | negatives=7
temperature=~: 1e-300 | 1e300 | 0
batch_size=~: 1 | 0 | -5 | 1e9 | 1000000000 | 9999999999999999999999
~: epochs=1e9 | epochs=1e300 | seed=-1 | seed=1e300 | seed=true
~: validation=-1 | validation=1.5 | train_images=-1 | train_images=1000000
~: name=../escaped | name='' | name=a/b | name={LONG} | 'name="a\\u0000b"'
~: network=nonsense | network=1 | 'network="a\\u0000b"' | 'network={NAME}' | network_options=1 | network_options=[1]
network_options.width=~: 0 | -1 | 1000000 | 100000000000000000000 | 1e300 | 1.5 | true | [[[[1]]]]
network_options.~: stem=1000000 | dropout=1 | dropout=nan | dropout=1e300 | =1 | a.b=1 | nonsense=1"""
    yield from (Line(f"{TRAIN} --set {change}") for change in fill(table))
    table = """
~ --set network_options.width=1000000: mlp | resnet | tiny | shift_tta_cnn
adjustable_cnn --set network_options.~: stem=1000000 | depth=0 | depth=1000000 | inputs=nonsense
~: softmax --set network_options.width=3"""
    yield from (Line(f"{NETWORK} {network}") for network in fill(table))
    for network in ("mlp", "cnn", "deep_cnn", "resnet", "tiny", "adjustable_cnn"):
        yield Line(f"{NETWORK} {network} --set network_options.width=1", (0,))
    yield Line(f"{TRAIN} --set peak_lr=1e20 --set optimizer=sgd")
    yield Line("train --data data --network mlp --set peak_lr=1000")
    yield Line("train --data data --set peak_lr=1000 --set muon_lr=1000", (0, 2))
    yield Line(f"{TRAIN} --set validation=99999999999999999999", (0, 2))
    strong = "--set augment.rotation=180 --set augment.shift=28 --set augment.elastic=3 --set augment.scale=0.9"
    table = f"""
--set ~: epochs=1e-300 | validation=0 --json | validation=100000 | batch_size=10000 | label_smoothing=0.999 --json
~ --json: {strong} | --seed 4294967295"""
    yield from (Line(f"{TRAIN} {change}", (0,)) for change in fill(table))


def toml() -> Iterator[Line]:
    """Damaged and hostile TOML files."""
    bad = partial(write, "bad.toml")
    damaged: tuple[Content, ...] = (
        *(b"", bytes(range(256)), b"\0" * 1000, 'name = "é"'.encode("latin-1"), 'name = "a', "1", "name = 1979-05-27"),
        *("a = " + "[" * DEEP, "a = " + "[" * 20_000 + "]" * 20_000, "a = " + "{b = " * 20_000, "a." * DEEP + "b = 1"),
        *("[" + "a." * DEEP + "b]", 'nonsense = 1\nname = "a"', "name = " + "9" * 5000),
    )
    for content in damaged:
        yield Line("train --data data --recipe bad.toml", edit=bad(content))
        yield Line("study bad.toml", edit=bad(content))
    quick = Path(recipes.__file__).with_name("quick.toml").read_text()
    table = r"""
network = ~: [1] | {}
network_options = ~: { width = "wide" } | { width = [1] } | 3
~: epochs = true | validation = 1979-05-27 | name = "a\\u0000" """
    for change in fill(table):
        changed = re.sub(rf"^{change.partition(' ')[0]} = .*$", change, quick, flags=re.MULTILINE)
        yield Line("train --data data --recipe bad.toml", edit=bad(changed))
    table = f"""
~: recipes = ["recipe.toml"];seeds = 1 | name = "../s";recipes = ["quick"];seeds = 1
name = "s";recipes = ~;seeds = 1: [] | ["nonsense"] | ["nowhere.toml"] | "quick" | [1] | ["a\\u0000.toml"]
name = "s";recipes = ["quick"];seeds = ~: 0 | -1 | [] | [-1] | [1, 1] | ["a"] | 1000000000 | 1.5
name = "~";recipes = ["quick"];seeds = 1: a\\u0000 | {LONG}
name = "s";recipes = ["quick"];seeds = 1;data = ~: "nowhere" | "a\\u0000" | 3
name = "s";recipes = ["quick"];seeds = 1;[variants];~: "../../x" = {{epochs = 1}} | a = 3 | a = {{nonsense = 3}}
name = "s";recipes = ["quick"];seeds = 1;[variants];a = ~: {{network_options = {{width = 1000000}}}}
name = "s";recipes = ["quick"];seeds = 1;[variants];a = ~: {{seed = 3}};b = {{network_options = 3}}"""
    for study in fill(table):
        codes = (0, 1, 2) if ".." in study else (1, 2)
        yield Line("study bad.toml --processes 1", codes, bad(study.replace(";", "\n")))
    yield Line("study study.toml --processes 1 --json", (0,))
    yield Line("study study.toml --processes 1 --out run", (0,))
    diverging = 'name = "s"\nrecipes = ["recipe.toml"]\nseeds = 1\ndata = "data"\n[variants]\n'
    diverging += 'a = {network = "mlp", optimizer = "sgd", peak_lr = 1e20}'
    yield Line("study study.toml --processes 1 --json", (1,), write("study.toml", diverging))


def run_folder() -> Iterator[Line]:
    """Run folders with damaged files."""
    damaged: tuple[Content, ...] = (
        *("", "[]", "null", "3", '"a"', "{}", '{"format": ', bytes(range(256)), b'{"a": "\xe9"}', "[" * DEEP),
        *('{"a":' * DEEP, '{"format": ' + "9" * 5000 + "}", b"\0" * 100),
    )
    for content in damaged:
        for command in ("evaluate run --report page.html --json", "train --resume halted"):
            yield Line(command, edit=write(f"{'halted' if 'halted' in command else 'run'}/environment.json", content))
        yield Line("evaluate run --report page.html", edit=write("run/evaluation.json", content))
    wrong: dict[str, tuple[object, ...]] = {
        "format": ("1", None, -1, 1.5, True, 10**30, [1]),
        "data": (3, None, ["data"], {"a": 1}, "", "a\0b", "nowhere", "/dev/null", "\udcff"),
        "threads": ("2", None, 0, -3, 10**9, 10**30, 1.5, [1], True),
        "device": (3, None, "abacus", ["cpu"], "", "cpu:7"),
        "train_sha256": (3, None, [], "0" * 64),
        "test_sha256": (3, None, {}, ""),
    }
    environment = partial(alter, "run/environment.json")
    for key, values in wrong.items():
        for value in values:
            yield Line("train --resume halted", edit=alter("halted/environment.json", **{key: value}))
        yield Line("evaluate run --json", edit=environment(**{key: values[0]}))
        yield Line("evaluate run --report page.html", edit=environment(**{key: values[1]}))
        yield Line("evaluate run", edit=environment(**{key: ...}))
    for key, value in product(("tenfold", "torch", "processor", "cores", "started", "new"), (3, ["a"], {"a": {}})):
        yield Line("evaluate run --report page.html --json", (0, 2), environment(**{key: value}))
    outcome = "studies/s/quick-seed0/evaluation.json"
    yield Line("study study.toml --processes 1", (1, 2), _as_study(write(outcome, "{}")))
    for key, value in product(("temperature", "accuracy", "interval"), ("a", None, [1], True, -1e300, 10**400)):
        edit = alter("run/evaluation.json", **{key: value})
        yield Line("evaluate run --report page.html --json", (0, 2) if value is None else (2,), edit)
    for key in ("temperature", "accuracy", "interval"):
        yield Line("evaluate run --report page.html --json", edit=alter("run/evaluation.json", **{key: float("nan")}))
    for value in ("a", None, [1], float("nan"), -1):
        yield Line("study study.toml --processes 1 --json", (1, 2), _as_study(alter(outcome, accuracy=value)))
    header = "epoch,loss,accuracy,validation_loss,validation_accuracy,learning_rate,seconds"
    table = f"""
1,~: 2,3 | ,,,,, | nan,0.5,0.5,0.5,0.01,1 | 0.5,inf,0.5,0.5,0.01,1 | 0.5,7,0.5,0.5,0.01,1 | 0.5,0.5,0.5,0.5,0.01,
1,0.5,~: 0.5,0.5,0.5,,1 | 0.5,0.5,,0.01,1 | 0.5,0.5,0.5,0.01,-1 | 0.5,0.5,0.5,0.01,1,8,9 | \0,0.5,0.5,0.01,1
1,~,0.5,0.5,0.5,0.01,1: 1e400 | a | "0.5
~,0.5,0.5,0.5,0.5,0.01,1: 7 | 1.5 | -1 | {"9" * 200_000} | {"9" * 5000}"""
    for rows in ("", "\0", "nonsense", header, *(f"{header}\n{row}" for row in fill(table))):
        yield Line("evaluate run --json", edit=write("run/history.csv", rows))
    commands = ("evaluate run --report page.html", "export run --to litert --out out", "predict seven.png --model run")
    for command in commands:
        for name in ("recipe.toml", "environment.json", "model.safetensors", "history.csv", "evaluation.json"):
            spare = name in ("history.csv", "evaluation.json") and "report" not in command
            yield Line(command, (0, 2) if spare else (2,), Path("run", name).unlink)
    for content in (b"", b"a", b"\0" * 100, b"\xff" * 8 + b"{}", (50).to_bytes(8, "little") + b"{" * 50):
        yield Line("evaluate run", edit=write("run/model.safetensors", content))
        yield Line("predict seven.png --model model.safetensors", edit=write("model.safetensors", content))
        yield Line("train --resume halted", edit=write("halted/checkpoint.safetensors", content))
    for content in ("", "{}", "[]", '{"row": 1}', '{"row": {"interval": 3}}', "[" * DEEP):
        yield Line(f"{COMPARE} --out c", edit=write("c/naive_bayes/row.json", content))
    yield from map(Line, ("train --resume run", "evaluate halted --report page.html"))
    table = f"""
~: train --resume halted | {COMPARE} --json | {COMPARE} --out run
evaluate ~ --json: halted | run second | --ensemble run second | run --error-rate 0.9"""
    yield from (Line(arguments, (0,)) for arguments in fill(table))


def _as_study(edit: Edit) -> Edit:
    """Put the finished run where the study keeps its own, and change something there."""

    def prepare() -> None:
        shutil.copytree("run", "studies/s/quick-seed0")
        shutil.copy("run/recipe.toml", "recipe.toml")
        alter("studies/s/quick-seed0/environment.json", data=str(Path("data").resolve()))()
        edit()

    return prepare
