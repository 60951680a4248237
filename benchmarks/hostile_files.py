"""More hostile command lines of `benchmarks.command_lines`: wrong paths, data, pictures and environments."""

import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from PIL import Image

import tenfold
from benchmarks.hostile import COMPARE, LONG, NAME, TRAIN, Edit, Line, fill, write

Files = Mapping[str, bytes | int]


def pictures(files: Files) -> Edit:
    """Fill the folder `own2` with files: bytes, or the training image with that number."""

    def edit() -> None:
        for name, data in files.items():
            write(f"own2/{name}", data if isinstance(data, bytes) else b"")()
            if isinstance(data, int):
                Image.fromarray(tenfold.load()[0].images[data]).save(f"own2/{name}")

    return edit


def paths() -> Iterator[Line]:
    """Unusable paths, paths that are not UTF-8, and files that may not be read."""

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
    each: Files = {name: index for index, name in enumerate(names)}
    few = dict(list(each.items())[:14])
    junk = {**each, **dict.fromkeys(("3/Thumbs.db", "4/.DS_Store", "5/notes.txt", "6/._1.png"), b"junk")}
    seven = {name: content for name, content in each.items() if name.startswith("7/")}
    both = {f"{part}/{name}": content for part in ("train", "test") for name, content in few.items()}
    extras: tuple[Files, ...] = ({"3/broken.png": b"junk"}, {"3/empty.jpg": b""}, {"10/a.png": 3})
    folders: tuple[tuple[Files, tuple[int, ...]], ...] = (
        *((each, (0,)), (few, (0,)), (junk, (0,)), (both, (0,)), (seven, (0, 2))),
        ({name: content for name, content in each.items() if name not in seven}, (0,)),
        *(({**each, **extra}, (2,)) for extra in extras),
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
