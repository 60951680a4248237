"""Commands that read handwriting: predict, adapt, draw."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tenfold.base import strict_json
from tenfold.cli.common import app, fail, progress, say

# What loads PyTorch or matplotlib is imported inside the commands: --help must not wait for it.


@app.command()
def predict(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PICTURE...",
            help="Pictures, folders of pictures, IDX files, or - for a picture on standard input.",
            allow_dash=True,
        ),
    ],
    model: Annotated[
        Path | None,
        typer.Option(help="A run folder or a model file; by default the model that comes with tenfold."),
    ] = None,
    adapted: Annotated[
        Path | None, typer.Option(metavar="HAND", help="Read as adapted to one hand, by tenfold adapt or on the page.")
    ] = None,
    single: Annotated[bool, typer.Option("--single", help="Every picture shows exactly one digit.")] = False,
    annotate: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write annotated pictures: to OUT.png, or for several, into a folder OUT."),
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write a picture of every step of reading into this folder."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Read on this Ray cluster, which must share the folders with this machine."
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Name the model that gave each answer.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines, one object per file.")] = False,
) -> None:
    """Read the digits in pictures: photos, scans, drawings; several digits, several lines.

    A question mark stands for what is probably not a digit; a model without
    thresholds reads everything as digits. A model file may be .safetensors,
    .tflite, .onnx, .keras, or .h5. Lines that leave tenfold's own model in
    doubt are also read by its line model; any other model reads alone.

    Exit code 0 if digits were read in every file; 1 if some files hold none,
    or nothing but question marks, or could not be read; 2 if none could be.

    Example: tenfold predict note.jpg --annotate read.png
    """
    from dataclasses import asdict

    from tenfold.base.errors import NoDigitsError
    from tenfold.jobs.pictures import Options, find_sources, read_sources
    from tenfold.reader import Reader, to_text

    sources = find_sources(paths)
    reader = Reader(model, adapted=adapted)
    if convention := getattr(reader.model, "convention", None):
        say(f"{reader.name} {convention}")
    if reader.thresholds is None:
        say(f"{reader.name} has no thresholds for refusing what is not a digit, so everything is read as digits")
    failures = empty = 0
    with progress("pictures", len(sources)) as advance:
        for source, found in read_sources(sources, reader, Options(single, annotate, explain), cluster):
            advance(source)
            reason: dict[str, str] = {}
            if isinstance(found, NoDigitsError):
                fail(NoDigitsError(found.reason, str(source.path)))
                empty += 1
                reason, found = {"reason": found.reason}, []
            elif not isinstance(found, list):
                fail(found)
                failures += 1
                continue
            text = to_text(found)
            empty += bool(found) and all(one.label is None for one in found)
            if as_json:
                readings = [{key: value for key, value in asdict(one).items() if key != "model"} for one in found]
                answer = {"file": str(source.path), "model": reader.name, "text": text, "readings": readings}
                print(strict_json.dumps(answer | reason))
            elif found:
                sure = f" ({found[0].probability:.1%})" if len(found) == 1 else ""
                by = f", read by {reader.name}" if verbose else ""
                print(f"{source.path}: {text.replace(chr(10), ' / ')}{sure}{by}")
    if failures and len(sources) > 1:
        print(f"tenfold: {failures} of {len(sources)} files could not be read", file=sys.stderr)
    if failures or empty:
        raise typer.Exit(2 if failures == len(sources) else 1)


@app.command()
def adapt(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Pictures of one person's digits, sorted into folders 0 to 9.")
    ],
    out: Annotated[Path, typer.Option(metavar="HAND", help="The file to write, a few kilobytes.")],
    model: Annotated[
        Path | None, typer.Option(help="A run folder or a model file; by default the model that comes with tenfold.")
    ] = None,
) -> None:
    """Teach the reader how one person writes, from a few pictures of each digit.

    The pictures are kept in the file, as images of 28 by 28 pixels. It works
    with any model; the one named here only tells how much it helps: how many
    of the pictures are misread without it, and how many if each is read with
    all the others taught.

    Example: tenfold adapt my-digits --out my.hand && tenfold predict note.jpg --adapted my.hand
    """
    from tenfold.data import load_pictures, read_hand, write_hand
    from tenfold.reader import Reader
    from tenfold.reader.adaptation import Adapted

    if out.exists():
        read_hand(out)  # nothing else is replaced
    hand = load_pictures(folder)
    adapted = Adapted(Reader(model).model, hand)
    write_hand(out, hand)
    before, after = (int((found != hand.labels).sum()) for found in (adapted.before, adapted.after))
    print(f"{out}: {len(hand)} digits; misread before: {before}, each with the others taught: {after}")


@app.command()
def draw(
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Serve it on this port; by default 8028, or a free one if that is taken."),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
) -> None:
    """Open a page in the browser that reads what you draw or photograph, and serve it until Ctrl-C.

    Example: tenfold draw
    """
    from tenfold.serve import serve_page

    serve_page(port, not no_browser, lambda address: print(f"{address} (Ctrl-C ends it)", flush=True))
