"""Commands that read handwriting: predict, adapt, draw, serve."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenfold.base import strict_json
from tenfold.cli.common import app, fail, kept, progress, say

if TYPE_CHECKING:
    from tenfold.jobs.pictures import Answer

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
    numbers: Annotated[
        bool, typer.Option("--numbers", help="Read whole numbers, with signs; options about numbers mean it, too.")
    ] = False,
    length: Annotated[int | None, typer.Option(help="Every number has this many digits.")] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            metavar="FORM", help="Every number looks like this: d is a digit, ? after it: at most one, *: any number."
        ),
    ] = None,
    within: Annotated[
        str | None, typer.Option("--range", metavar="LOW:HIGH", help="Every number is one between these two.")
    ] = None,
    check: Annotated[
        str | None, typer.Option(help="Every number ends with this check digit: luhn, ean13, isbn13, or mod97.")
    ] = None,
    form: Annotated[
        Path | None,
        typer.Option(metavar="TEMPLATE", help="Every picture is the form that this TOML file describes."),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option("--csv", metavar="TABLE", help="Write a row for each number into this CSV file; it is continued."),
    ] = None,
    review: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write a page for typing the uncertain numbers of the table."),
    ] = None,
    error_rate: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Of the numbers that need no review, this share may be wrong; by default, the lowest that is known.",
        ),
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

    With --numbers, the signs . , : - = / + % ( ) are read, too. What is known
    beforehand (--length, --pattern, --range, --check, --form) makes reading
    numbers more certain. A question mark stands for what is probably not a digit; a model without
    thresholds reads everything as digits. A model file may be .safetensors,
    .tflite, .onnx, .keras, or .h5. Lines that leave tenfold's own model in
    doubt are also read by its line model; any other model reads alone.

    Exit code 0 if digits were read in every file; 1 if some files hold none,
    or nothing but question marks, or could not be read; 2 if none could be.

    Example: tenfold predict note.jpg --annotate read.png

    Example: tenfold predict meters --length 6 --csv meters.csv --review check
    """
    from tenfold.base.errors import NoDigitsError, TenfoldError
    from tenfold.jobs.pictures import Answer, Options, find_sources, read_sources, to_json
    from tenfold.jobs.table import Table
    from tenfold.reader import Form, Known, Reader

    known = Known(length, pattern, within, check)
    if form and (known or single):
        raise TenfoldError("--form: the template says what is known about each number; leave out the other options")
    if review and not table:
        raise TenfoldError("--review: needs --csv TABLE, the table to review")
    if error_rate is not None and not table:
        raise TenfoldError("--error-rate: needs --csv TABLE, whose column review it decides")
    if single and (numbers or known):
        raise TenfoldError("--single: reads one digit and no number; leave it out, or the options about numbers")
    reader = Reader(model, adapted=adapted)
    numbers |= bool(table or form or known)
    options = Options(single, numbers, known, Form.read(form) if form else None, annotate, explain)
    rows = Table(table, reader.calibration.threshold(error_rate), review) if table else None
    named = sources = find_sources(paths)
    if rows:
        sources = rows.remaining(named)
        if len(sources) < len(named):
            say(f"{table}: {len(named) - len(sources)} of {len(named)} files have rows, and are not read again")
    if convention := getattr(reader.model, "convention", None):
        say(f"{reader.name} {convention}")
    if reader.thresholds is None:
        say(f"{reader.name} has no thresholds for refusing what is not a digit, so everything is read as digits")
    failures = empty = 0
    with kept("rows") if rows else nullcontext(), progress("pictures", len(sources)) as advance:
        for source, found in read_sources(sources, reader, options, cluster):
            advance(source)
            if isinstance(found, NoDigitsError):
                fail(NoDigitsError(found.reason, str(source.path)))
                empty += 1
                found = Answer([], [], found.reason)
            elif not isinstance(found, Answer):
                fail(found)
                failures += 1
                continue
            empty += bool(found.readings) and all(one.label is None for one in found.readings)
            if rows:
                rows.add(source, found.numbers)
            elif as_json:
                print(strict_json.dumps(to_json(source, found, reader.name, numbers)))
            elif found.readings or found.numbers:
                by = f", read by {reader.name}" if verbose else ""
                print(f"{source.path}: {_to_line(found, numbers)}{by}")
    for problem in rows.write_page() if rows else ():
        fail(problem)
    if failures and len(named) > 1:
        say(f"{failures} of {len(named)} files could not be read")
    if failures or empty:
        raise typer.Exit(2 if failures == len(named) else 1)


def _to_line(found: "Answer", numbers: bool) -> str:
    """What was read, on one line."""
    from tenfold.reader import to_text

    if numbers:
        named = [(f"{one.field}: " if one.field else "", one) for one in found.numbers]
        return " / ".join(f"{field}{one.text} ({one.probability:.1%})" for field, one in named)
    text = to_text(found.readings).replace("\n", " / ")
    return f"{text} ({found.readings[0].probability:.1%})" if len(found.readings) == 1 else text


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


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Listen on this address; any but the default can be reached from other machines.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Listen on this port; 0 picks a free one.")] = 8029,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Read this many pictures at a time; by default, one per core.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="A run folder or a model file; by default the model that comes with tenfold.")
    ] = None,
) -> None:
    """Read pictures that other programs send over HTTP, until Ctrl-C.

    POST a picture to /read; the answer is what predict --json prints. The
    address that this command prints leads to a page that says more.

    Example: tenfold serve --port 9000
    """
    from tenfold.serve.api import serve_api

    serve_api(host, port, workers, model, lambda address: print(f"{address} (Ctrl-C ends it)", flush=True))
