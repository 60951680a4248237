"""Reading many pictures, from files, folders, and standard input, on all cores or on a cluster."""

import importlib.util
import os
import pickle
import sys
import time
import uuid
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import cv2

from tenfold.base.errors import NoDigitsError, TenfoldError, TenfoldWarning
from tenfold.base.files import DATA, read_stream
from tenfold.imaging import SUFFIXES, open_page
from tenfold.imaging.page import WHOLE
from tenfold.reader.digits import Digit
from tenfold.reader.form import Form
from tenfold.reader.known import NOTHING_KNOWN, Known
from tenfold.reader.numbers import Number, to_value
from tenfold.reader.reader import NO_FIT, NO_SHAPE, Reader, is_idx, read_idx_images
from tenfold.reader.reading import Reading, to_text
from tenfold.reader.show import annotate, explain, write

CHUNK = 20  # files that are handed to a worker at a time
PATIENCE = 3.0  # seconds before workers are started; about as long as they take to start

Failure = TenfoldError | OSError


@dataclass(frozen=True)
class Answer:
    """What was read in a source: its digits; if numbers were asked for, these and the digits in them."""

    readings: list[Reading]
    numbers: list[Number]
    reason: str = ""  # why there are none


@dataclass(frozen=True)
class Source:
    """Something to read.

    Attributes:
        path: the path of a picture or an IDX file; `-` for standard input; a folder only if it holds no pictures.
        name: the name of the file, or its path within the folder that was given.
        data: the bytes from standard input.
    """

    path: Path
    name: Path
    data: bytes | None = None


@dataclass(frozen=True)
class Options:
    """What to do with each source.

    Attributes:
        single: whether every picture is known to show one digit.
        numbers: whether to read numbers, too, not only digits.
        known: what is known about the numbers beforehand.
        form: where on every picture each number is, and what is known about it.
        annotated: the folder for annotated pictures, named `NAME-read.png`; or the file, if there is only one picture.
        explained: the folder for pictures of the steps of reading, in a folder `NAME` for each source.
    """

    single: bool = False
    numbers: bool = False
    known: Known = NOTHING_KNOWN
    form: Form | None = None
    annotated: Path | None = None
    explained: Path | None = None


def find_sources(paths: Sequence[Path]) -> list[Source]:
    """Find everything that can be read at these paths.

    Args:
        paths: files; folders, which are searched for pictures at any depth; `-` for standard input.

    Raises:
        TenfoldError: if standard input holds too much.
    """
    found = []
    for path in paths:
        if str(path) == "-":
            found.append(Source(path, Path("stdin"), read_stream(sys.stdin.buffer, DATA, "standard input")))
            continue
        inside = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in SUFFIXES and file.is_file()]
        found += [Source(file, file.relative_to(path)) for file in inside] or [Source(path, Path(path.name))]
    return found


def read_sources(
    sources: Sequence[Source], reader: Reader, options: Options, cluster: str | None = None
) -> Iterator[tuple[Source, Answer | Failure]]:
    """Read sources one after the other, and spread them over all cores if that takes longer than a few seconds.

    Args:
        sources: what to read.
        reader: the reader; other processes get copies of it.
        options: what to do with each source.
        cluster: HOST:PORT of a Ray cluster to read on instead; its machines must see the files under the same paths.

    Yields:
        Each source, in order, with what was read (at least one digit, unless there is a form) or the error that says
        why nothing was.

    Raises:
        TenfoldError: if two pictures would be drawn into the same file, or the cluster does not answer.
    """
    _check_names(sources, options)
    waiting = iter(sources)
    if cluster is None:
        started = time.monotonic()
        for number, source in enumerate(waiting, 1):
            yield source, _read(source, reader, options)
            if time.monotonic() - started > PATIENCE and number < len(sources):
                if importlib.util.find_spec("joblib"):
                    break
                warnings.warn("reads on one core; for all of them, pip install joblib", TenfoldWarning, stacklevel=2)
    rest = list(waiting)
    if not rest:
        return
    from tenfold.jobs.workers import scatter  # here, because few pictures go without it

    chunks = list(enumerate(rest[start : start + CHUNK] for start in range(0, len(rest), CHUNK)))
    copy = uuid.uuid4().hex, pickle.dumps(reader)  # a worker that stays alive may hold readers of earlier calls
    early: dict[int, list[Answer | Failure]] = {}
    following = 0
    for (number, chunk), answers in scatter(partial(_read_chunk, copy, options, Path.cwd()), chunks, cluster=cluster):
        early[number] = [answers] * len(chunk) if isinstance(answers, TenfoldError) else answers
        while following in early:
            yield from zip(chunks[following][1], early.pop(following), strict=True)
            following += 1


def to_json(source: Source, answer: Answer, model: str, numbers: bool = False) -> dict[str, Any]:
    """What was read in a source, as plain values.

    Args:
        source: what was read.
        answer: what was read in it; if nothing, with the reason.
        model: the name of the model.
        numbers: whether numbers were asked for, too.
    """

    def plain(reading: Reading) -> dict[str, Any]:
        return {key: value for key, value in asdict(reading).items() if key != "model"}

    found: dict[str, Any] = {
        "file": str(source.path),
        "model": model,
        "text": to_text(answer.readings),
        "readings": [plain(reading) for reading in answer.readings],
    }
    if numbers:
        found["text"] = "\n".join(number.text for number in answer.numbers)
        found["numbers"] = [asdict(one) | {"digits": [plain(digit) for digit in one.digits]} for one in answer.numbers]
    return found | ({"reason": answer.reason} if answer.reason else {})


def _read_chunk(
    copy: tuple[str, bytes], options: Options, here: Path, job: tuple[int, list[Source]]
) -> list[Answer | Failure]:
    os.chdir(here)  # on a cluster, a worker starts elsewhere
    cv2.setNumThreads(1)  # because each core has its own process
    reader = _reader(*copy)
    return [_read(source, reader, options) for source in job[1]]


@lru_cache(maxsize=1)
def _reader(_: str, pickled: bytes) -> Reader:
    return pickle.loads(pickled)  # noqa: S301  # pickled by this program


def _read(source: Source, reader: Reader, options: Options) -> Answer | Failure:
    try:
        if source.path.is_dir():
            raise TenfoldError(f"{source.path}: no pictures in this folder ({' '.join(SUFFIXES)})")
        draws = options.annotated or options.explained
        if source.data is None and not draws and is_idx(source.path):
            readings = reader.read_images(read_idx_images(source.path))
            return Answer(readings, [_alone(reading) for reading in readings])
        part = options.form.part() if options.form else WHOLE
        page = open_page(source.path if source.data is None else source.data, part)
        lines: list[list[Digit]] = []
        numbers: list[Number] = []
        if options.form:
            numbers = reader.fill(page, options.form)
        else:
            page, lines = reader.find(page, options.single)
            if options.numbers and lines:
                numbers = reader.find_numbers(page, options.known, options.single)
                if not numbers:
                    raise NoDigitsError(NO_FIT if options.known else NO_SHAPE, str(source.path))
        readings = [reading for number in numbers for reading in number.digits]
        if not (options.form or options.numbers):
            readings = reader.to_readings(page, lines, options.single)
        if options.annotated:
            file = _annotated_file(source, options.annotated)
            file.parent.mkdir(parents=True, exist_ok=True)
            write(annotate(page.picture, readings), file)
        if options.explained:
            folder = options.explained / source.name.with_suffix("")
            folder.mkdir(parents=True, exist_ok=True)
            for name, step in explain(page, lines).items():
                write(step, folder / f"{name}.png")
        if not readings and not options.form:
            raise NoDigitsError(NO_SHAPE, str(source.path))
    except (TenfoldError, OSError) as error:
        return error
    return Answer(readings, numbers)


def _alone(reading: Reading) -> Number:
    """A digit that is a number by itself."""
    text = "?" if reading.label is None else str(reading.label)
    return Number(text, to_value(text), reading.probability, reading.box, [reading])


def _check_names(sources: Sequence[Source], options: Options) -> None:
    if not (options.annotated or options.explained):
        return
    if options.annotated and options.annotated.suffix.lower() in SUFFIXES:
        if len(sources) > 1:
            raise TenfoldError(f"{options.annotated}: is one file for {len(sources)} pictures; name a folder")
        if any(os.path.realpath(source.path) == os.path.realpath(options.annotated) for source in sources):
            raise TenfoldError(f"{options.annotated}: is the picture to read; name another")
    places: dict[Path, Path] = {}
    for source in sources:
        other = places.setdefault(source.name.with_suffix(""), source.path)
        if other is not source.path:
            raise TenfoldError(f"{other} and {source.path} would be drawn into the same file; read them separately")


def _annotated_file(source: Source, place: Path) -> Path:
    if place.suffix.lower() in SUFFIXES:
        return place
    return place / source.name.with_name(f"{source.name.stem}-read.png")
