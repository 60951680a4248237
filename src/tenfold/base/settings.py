"""Settings in TOML files, read into dataclasses that check every key and value."""

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic_core import PydanticCustomError

from tenfold.base.errors import TenfoldError, nearest
from tenfold.base.files import TEXT, read_bytes

MAX_NAME = 100  # bytes: two names and a seed fit into the 255 bytes that a file system allows
DEVICES = {"aux", "con", "nul", "prn"} | {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}


def _check_name(name: str) -> str:
    if not re.fullmatch(r"\w([\w .,+-]*[\w+-])?", name):
        raise PydanticCustomError(
            "name",
            "a name is made of letters, digits, spaces, and _ . , + -; it begins with a letter, a digit, or _, "
            "and does not end with a space, a period, or a comma",
        )
    if len(name.encode()) > MAX_NAME:
        raise PydanticCustomError("name", f"a name has at most {MAX_NAME} characters")
    if name.partition(".")[0].lower() in DEVICES:
        raise PydanticCustomError("name", "this is the name of a device on Windows; choose another")
    return name


def _check_place(place: str) -> str:
    if not place or "\0" in place:
        raise PydanticCustomError("place", "a name or a path has at least one character, and none of them is null")
    return place


Name = Annotated[str, AfterValidator(_check_name)]  # becomes the name of a folder
Place = Annotated[str, AfterValidator(_check_place)]  # a name or a path that the system accepts
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Count = Annotated[int, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]

# What a value of the wrong type should have been, by pydantic's name for the problem.
TYPES = {
    "bool_type": "true or false",
    "dataclass_exact_type": "a table",
    "dataclass_type": "a table",
    "dict_type": "a table",
    "float_type": "a number",
    "int_type": "an integer",
    "list_type": "a list",
    "string_type": "text",
}
MANY_DOTS = re.compile(r"(?:[^.\n]{0,50}\.){100}")

Settings = TypeVar("Settings")


class InOneLine(type):
    """The metaclass of settings dataclasses: wrong values raise an error of one line, as they do in a file."""

    def __call__(cls, *args: Any, **values: Any) -> Any:
        """Make an instance; raises a TenfoldError if a key is unknown or missing, or a value is wrong."""
        try:
            return super().__call__(*args, **values)
        except ValidationError as error:
            fields = {field.name: field.type for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
            raise TenfoldError(f"{cls.__name__}: {explain(error, fields)}") from None


def names(package: str) -> list[str]:
    """Return the names of the TOML files that come with a package, sorted and without the suffix."""
    return sorted(Path(entry.name).stem for entry in resources.files(package).iterdir() if entry.name.endswith(".toml"))


def find(name: str, package: str, kind: str) -> tuple[dict[str, Any], str]:
    """Read a TOML file by its path, or one that comes with a package by its name.

    Args:
        name: a path that ends in `.toml`, or one of `names(package)`.
        package: the package that holds the named files.
        kind: what kind of file it is, for the error messages.

    Returns:
        The values, and in words where they come from.

    Raises:
        TenfoldError: if the name is unknown, or the file is not valid TOML.
        OSError: if the file cannot be read.
    """
    if name.endswith(".toml"):
        return read(name), name
    if name not in names(package):
        raise TenfoldError(f"there is no {kind} {name!r}{nearest(name, names(package))}")
    with resources.as_file(resources.files(package).joinpath(f"{name}.toml")) as path:
        return read(path), f"{kind} {name!r}"


def read(path: str | os.PathLike) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        TenfoldError: if it is not valid TOML, or too large.
        OSError: if it cannot be read.
    """
    return parse_toml(read_bytes(path, TEXT), str(path))


def parse_toml(text: bytes | str, name: str) -> dict[str, Any]:
    """Parse TOML; `name` identifies it in error messages.

    Raises:
        TenfoldError: if it is not valid TOML.
    """
    try:
        text = text.decode() if isinstance(text, bytes) else text
        if MANY_DOTS.search(text):  # memory and time grow with the square of the number of parts in a key
            raise RecursionError
        return tomllib.loads(text)
    except ValueError as error:  # not TOML, or not even UTF-8
        raise TenfoldError(f"{name}: not valid TOML: {error}") from None
    except RecursionError:
        raise TenfoldError(f"{name}: not valid TOML: nested too deeply") from None


def change(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with some of them changed; a key of the form `table.key` reaches into a table."""
    changed = dict(values)
    for key, value in changes.items():
        table, dot, inner = key.partition(".")
        old = changed.get(table)
        changed[table] = {**(old if isinstance(old, dict) else {}), inner: value} if dot else value
    return changed


def parse(kind: type[Settings], values: Mapping[str, Any], origin: str) -> Settings:
    """Build a pydantic dataclass from plain values.

    Args:
        kind: the dataclass.
        values: the values of its fields; a table for a field that is itself a dataclass.
        origin: where the values come from, for the error messages.

    Raises:
        TenfoldError: if a key is unknown or missing, or a value has the wrong type or range.
    """
    fields: dict[str, Any] = {field.name: field.type for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    tables = {
        name: parse(fields[name], value, f"{origin}, [{name}]")
        for name, value in values.items()
        if dataclasses.is_dataclass(fields.get(name)) and isinstance(value, dict)
    }
    try:
        return type.__call__(kind, **{**values, **tables})  # the error names the origin instead of the class
    except ValidationError as error:
        raise TenfoldError(f"{origin}: {explain(error, fields)}") from None


def check(kind: type[BaseModel], values: Any, origin: str) -> None:
    """Check plain values against a pydantic model.

    Raises:
        TenfoldError: if a key is missing, or a value has the wrong type or range.
    """
    try:
        kind.model_validate(values)
    except ValidationError as error:
        raise TenfoldError(f"{origin}: damaged, {explain(error, kind.model_fields)}") from None


def explain(error: ValidationError, known: Mapping[str, Any]) -> str:
    """Say in one line what is wrong with the keys and values of a file whose keys should be `known`.

    An unknown key comes first: it is probably the reason why another key is missing.
    """
    problems = error.errors()
    unknown = [problem for problem in problems if problem["type"] == "unexpected_keyword_argument"]
    first = (unknown or problems)[0]
    # where several types are allowed, pydantic tries each; the attempt that got furthest says what is wrong
    tried = [problem for problem in problems if problem["loc"][:1] == first["loc"][:1]]
    problem = max(tried, key=lambda problem: (problem["type"] not in TYPES, len(problem["loc"])))
    # pydantic adds the type it tried: "constrained-int"
    key = ".".join(part for part in map(str, problem["loc"][:2]) if re.fullmatch(r"\w+", part))
    if unknown:
        return f"there is no key {key!r}{nearest(key, known)}"
    if problem["type"] in ("missing", "missing_argument"):
        return f"{key!r} is missing"
    message = f"{problem['msg'][0].lower()}{problem['msg'][1:]}"
    if problem["type"] in TYPES:
        alike = [other["type"] for other in tried if len(other["loc"]) == len(problem["loc"])]
        message = f"must be {' or '.join(dict.fromkeys(TYPES[kind] for kind in alike if kind in TYPES))}"
    elif problem["type"] == "too_short":
        message = "must not be empty"
    if problem["type"].startswith("dataclass"):
        message += f"; set its values one by one, such as {key}.{dataclasses.fields(known[key])[0].name}"
    return f"{key} = {_shown(problem['input'])}: {message}" if key else message


def _shown(value: Any) -> str:
    """Return a value as Python writes it, cut off if it is too long for one line."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # a number with more digits than Python will print
        return "..."
    return text if len(text) <= 100 else f"{text[:100]}..."
