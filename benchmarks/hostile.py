"""The hostile command lines of `benchmarks.command_lines`, by what is wrong with them."""

import json
import os
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

from PIL import Image

import tenfold
from tenfold import recipes

TRAIN = "train --recipe quick --data data --set validation=50 --set network_options.width=8 --set batch_size=50"
COMPARE = "compare --models naive_bayes --data data --processes 1"
NETWORK = "train --recipe quick --data data --network"
DEEP = 100_000  # levels: more than any parser follows
NAME = os.fsdecode(b"\xff\xfe")  # no UTF-8
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
    path, data = Path(name), content if isinstance(content, bytes) else content.encode()
    return lambda: (path.parent.mkdir(parents=True, exist_ok=True), path.write_bytes(data))


def alter(name: str, **values: object) -> Edit:
    """Change values in a JSON file; `...` takes the key out."""

    def edit() -> None:
        changed = json.loads(Path(name).read_text()) | values
        Path(name).write_text(json.dumps({key: value for key, value in changed.items() if value is not ...}))

    return edit


def pictures(files: dict[str, bytes | int]) -> Edit:
    """Fill the folder `own2` with files: bytes, or the training image with that number."""

    def edit() -> None:
        for name, data in files.items():
            write(f"own2/{name}", data if isinstance(data, bytes) else b"")()
            if isinstance(data, int):
                Image.fromarray(tenfold.load()[0].images[data]).save(f"own2/{name}")

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


def paths() -> Iterator[Line]:
    """Unusable paths, paths that are no UTF-8, and files that may not be read."""

    def loop() -> None:
        Path("loop").symlink_to("loop")

    table = """
~: data --data @ | train --recipe quick --data @ | train --data data --recipe @.toml | train --resume @
evaluate ~: @ | @.tflite | @.onnx | run --data @
~: study @ | compare --models naive_bayes --data @ | export @ --all
predict ~: @ | seven.png --model @ | seven.png --model @.keras"""
    for number, place in enumerate(fill(table)):
        yield Line(place.replace("@", NAME))
        yield Line(place.replace("@", (LONG, "/dev/null", "loop", "'line\nfeed'")[number % 4]), edit=loop)
    table = f"""
~: data --plot @ | {TRAIN} --out @ | study study.toml --processes 1 --out @ | {COMPARE} --out @
~: evaluate run --interpret @ | evaluate run --report @ | export run --to onnx --out @
predict seven.png ~: --annotate @/a.png | --explain @"""
    for place in fill(table):
        yield from (Line(place.replace("@", name), (2,), loop) for name in ("seven.png/x", "/proc/x"))
        yield Line(place.replace("@", "''"), (0, 2), loop)
        yield Line(place.replace("@", NAME), (0,))
    for old, arguments in (
        ("data", "data --data @"),
        ("own", "data --data @ --json"),
        ("data", "train --recipe quick --data @ --set validation=50"),
        ("own", "train --recipe quick --data @ --json"),
        ("run", "evaluate @ --json"),
        ("run", "evaluate @ --report @.html"),
        ("run", "evaluate @ --interpret @-i"),
        ("halted", "train --resume @"),
        ("study.toml", "study @ --processes 1"),
        ("seven.png", "predict @.png --json --annotate @-a --explain @-e"),
        ("model.safetensors", "evaluate @.safetensors --data data --report page.html"),
    ):
        new = NAME + (Path(old).suffix if "@." in arguments.replace("@.html", "") else "")
        yield Line(arguments.replace("@", NAME), (0,), partial(Path(old).rename, new))
    both = lambda: (Path("own").rename(NAME), Path("model.safetensors").rename(f"{NAME}.safetensors"))  # noqa: E731
    yield Line(f"predict {NAME} --model {NAME}.safetensors", (0,), both)

    def lock() -> None:
        Path("locked").mkdir()
        for path in Path().iterdir():
            path.chmod(0)

    table = f"""
~: data --data data | data --data own | train --recipe quick --data data | train --resume halted
~: {TRAIN} --out locked/x | study study.toml | export run --all | compare --models naive_bayes --data data
evaluate run~:  |  --data own |  --report locked/page.html
predict ~: seven.png | own | seven.png --model run | seven.png --annotate locked/a.png"""
    yield from (Line(arguments, (2,), lock, unprivileged=True) for arguments in fill(table))


def data() -> Iterator[Line]:
    """Folders of pictures, IDX files and arrays, as people keep them."""
    names = [f"{label}/{index}.png" for index, label in enumerate(tenfold.load()[0].labels[:60])]
    each: dict[str, bytes | int] = {name: index for index, name in enumerate(names)}
    few = dict(list(each.items())[:14])
    junk = each | dict.fromkeys(("3/Thumbs.db", "4/.DS_Store", "5/notes.txt", "6/._1.png"), b"junk")
    seven = {name: content for name, content in each.items() if name.startswith("7/")}
    both = {f"{part}/{name}": content for part in ("train", "test") for name, content in few.items()}
    folders: tuple[tuple[dict[str, bytes | int], tuple[int, ...]], ...] = (
        *((each, (0,)), (few, (0,)), (junk, (0,)), (both, (0,)), (seven, (0, 2))),
        ({name: content for name, content in each.items() if name not in seven}, (0,)),
        *((each | extra, (2,)) for extra in ({"3/broken.png": b"junk"}, {"3/empty.jpg": b""}, {"10/a.png": 3})),
        *(({"7/a.png": 1}, (2,)), ({"7/notes.txt": b"a"}, (2,)), ({"a.png": 1}, (2,)), ({"train/1/a.png": 1}, (2,))),
        ({"train/1/a.png": 1, "test/1/a.txt": b"a"}, (2,)),
        ({"train/1/a.png": 1, "train/2/b.png": 2, "test/3/a.png": 5}, (0, 2)),
    )
    yield from (Line("train --recipe quick --data own2", codes, pictures(files)) for files, codes in folders)
    yield Line("train --recipe quick --data own2", edit=Path("own2").mkdir)
    yield Line("train --data own2 --epochs 1 --json", (0,), pictures(each))
    yield Line("data --data own2 --json", (0,), pictures(junk))
    yield Line("compare --models naive_bayes --data own2 --processes 1", (0, 1), pictures(junk))
    yield Line("evaluate run --data own2", (0,), pictures(junk))
    for content in (b"", b"\0" * 100, b"\x1f\x8b", b"PK\3\4", bytes(range(256)) * 100, b"\0\0\x08\x03" + b"\xff" * 12):
        yield Line("data --data bad.npz", edit=write("bad.npz", content))
        yield Line("train --data data", edit=write("data/train-images-idx3-ubyte", content))
        yield Line("evaluate run", edit=write("data/t10k-labels-idx1-ubyte", content))
        yield Line("predict bad-images-idx3-ubyte", edit=write("bad-images-idx3-ubyte", content))
    yield from map(Line, fill("data --data ~: /dev/full | / | ."))


def no_pictures() -> Iterator[Line]:
    """Files that are not pictures, and pictures of nothing."""
    for name, content in (
        *(("a.png", b""), ("a.png", b"\x89PNG\r\n\x1a\n"), ("a.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 100)),
        *(("a.gif", b"GIF89a" + b"\xff" * 100), ("a.svg", b"<svg/>"), ("a.pdf", b"%PDF-1.4"), ("a.txt", b"7")),
        *(("a", b"P5 99999 99999 255\n"), ("a.ppm", b"P6 1 1 65535\n"), ("a.tif", b"II*\0" + b"\xff" * 100)),
        ("a.webp", b"RIFF\xff\xff\xff\xffWEBPVP8 "),
    ):
        yield Line(f"predict {name}", edit=write(name, content))
        yield Line(f"predict --json {name}", edit=write(name, content))
    yield from map(Line, fill("predict ~: own own --annotate a | own --annotate a.png | -"))
    table = "predict seven.png ~: --json --single | --annotate seven | --annotate seven.txt"
    yield from (Line(arguments, (0,)) for arguments in fill(table))
    yield Line("predict seven.png a.png", (1,), write("a.png", b"junk"))
    yield Line("predict empty", edit=Path("empty").mkdir)
    for suffix in ("tflite", "onnx", "keras", "h5", "safetensors", "pt"):
        yield Line(f"predict seven.png --model bad.{suffix}", edit=write(f"bad.{suffix}", b"junk" * 100))
        yield Line(f"evaluate bad.{suffix} --data data", edit=write(f"bad.{suffix}", b""))


def environment() -> Iterator[Line]:
    """Streams that are closed, full or in another encoding, and environments that lack something."""
    train, data, evaluate = f"tenfold {TRAIN}", "tenfold data --data data", "tenfold evaluate run"
    table = f"""
tenfold ~: data --data data | data --data data --json | evaluate run | evaluate run second | predict seven.png
tenfold ~: {TRAIN} | study study.toml --processes 1 | {COMPARE} | --help | --version | predict nowhere.png"""
    for command in fill(table):
        code = 2 if "nowhere" in command else 0
        for line in fill("~: PYTHONIOENCODING=latin-1 @ | PYTHONIOENCODING=ascii @ | @ >&- | @ 2>&-"):
            yield Line(f"$ {line.replace('@', command)}", (code,))
        yield Line(f"$ {command} >/dev/full")
        yield Line(f"$ {command} 2>/dev/full", (2 if command == train else code,))
    program = f"{sys.executable} -m tenfold"
    table = f"""
~: {data} <&- >&- 2>&- | {train} <&- >&- 2>&- && test -s runs/quick/report.html | {train} 2>&1 @ head -1
~: tenfold predict nowhere.png 2>&1 @ true | tenfold predict - < seven.png
env -u HOME {program} ~: data --data data | {TRAIN} | predict seven.png | --help | evaluate run
~ {train}: HOME=/nowhere MPLCONFIGDIR= | TMPDIR=/nowhere
~ {evaluate}: COLUMNS=abc LINES=-1 | COLUMNS=1 | TERM="""
    yield from (Line(f"$ {line.replace('@', '|')}", (0,)) for line in fill(table))
    for line in ("tenfold evaluate run | head -1", "tenfold evaluate run --json | true"):
        yield Line(f"$ set -o pipefail; {line}", (0, 1))
    for command in (data, train, "tenfold predict seven.png", "tenfold --help", evaluate):
        yield Line(f"$ mkdir gone; cd gone; rmdir ../gone; {command}")
    accent, cyrillic = (partial(shutil.copy, "seven.png", name) for name in ("é.png", "п.png"))
    for command in (data, evaluate, train, "tenfold predict 'é.png'"):
        yield Line(f"$ LC_ALL=C LANG=C  {command}", (0,), accent)
        yield Line(f"$ LC_ALL=C LANG=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 {command}", (0,), accent)
    yield Line("$ PYTHONIOENCODING=latin-1 tenfold predict 'п.png'", (0,), cyrillic)
    yield Line("$ PYTHONIOENCODING=ascii tenfold predict 'п2.png'")
    yield from map(Line, ("$ tenfold predict - <&-", "$ TENFOLD_DEBUG=1 tenfold predict nowhere.png"))
    yield Line("draw --no-browser --port 1", unprivileged=True)

    def take_port() -> None:
        socket.create_server(("127.0.0.1", 8029)).detach()  # open until the process ends

    yield Line("draw --no-browser --port 8029", edit=take_port)
    yield Line(f"$ timeout -s INT 5 {program} draw --no-browser", (0, 2, 124))


TABLES: dict[str, Callable[[], Iterator[Line]]] = {
    table.__name__: table for table in (usage, recipe, toml, run_folder, paths, data, no_pictures, environment)
}
