"""Data sets in one file, as Keras, Kaggle, MATLAB, and Hugging Face have them; no code from a file runs."""

import json
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.base.errors import TenfoldError
from tenfold.base.extras import needed_by
from tenfold.base.files import DATA, check_size
from tenfold.base.form import SIDE
from tenfold.data.arrays import to_digits
from tenfold.data.classes import from_zero, look_up_classes
from tenfold.data.digits import Digits, split
from tenfold.data.hand import read_hand

MNIST_IMAGES, MNIST_TRAIN = 70_000, 60_000
PICKLES = (".pkl", ".pickle", ".pkl.gz", ".pickle.gz")
# how the arrays for training and testing are called, the first as in Keras' mnist.npz
PARTS = (
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("trainx", "trainy", "testx", "testy"),
)
WHOLE = (("images", "labels"), ("data", "label"))  # and where they are together
NAMES = "class names"  # the key of the names of the classes, which no file uses
LABEL_COLUMNS = ("label", "class")  # in the first line of a CSV file; without one, the first column
COMPRESSED = 15  # the type of a compressed variable in a .mat file
CHUNK = 1 << 20

Arrays = dict[str, Any]


def load_file(path: Path) -> tuple[Digits, Digits]:
    """Load the digits in one file: .npz, .mat, .csv, .parquet, or .hand.

    If there are no test images in it, they come from a labeled file beside it that is named alike, with `test` for
    `train`; without one, a sixth of each class is held out for testing.

    Raises:
        TenfoldError: if it is another kind of file, is damaged, or does not hold what it should.
        OSError: if it cannot be read.
    """
    if path.name.lower().endswith(PICKLES):
        raise TenfoldError(
            f"{path}: a pickle, which can run any code when it is loaded; if you trust it, convert it: python -c "
            f"\"import gzip, pickle, numpy as np; (a, b), (c, d), (e, f) = pickle.load(gzip.open('{path.name}'), "
            "encoding='latin1'); np.savez('mnist.npz', x_train=np.r_[a, c], y_train=np.r_[b, d], x_test=e, y_test=f)\""
        )
    if path.suffix.lower() not in FILES:
        raise TenfoldError(
            f"{path}: not a data set ({', '.join(FILES)}); for IDX files or pictures give the folder that holds them"
        )
    parts, classes = _read(path)
    if len(parts) == 4:
        digits = to_digits(parts[:2], f"{path} (train)", classes)
        return digits, to_digits(parts[2:], f"{path} (test)", digits.classes)
    digits = to_digits(parts, str(path), classes)
    beside = path.with_name(path.name.replace("train", "test"))
    if beside != path and beside.is_file() and (path.suffix.lower() != ".csv" or _header(beside)[2] == SIDE**2 + 1):
        return digits, to_digits(_read(beside)[0], str(beside), digits.classes)
    if len(digits) == MNIST_IMAGES:  # all of MNIST, in its order
        return digits[:MNIST_TRAIN], digits[MNIST_TRAIN:]
    return hold_out_sixth(digits)


def hold_out_sixth(digits: Digits) -> tuple[Digits, Digits]:
    """Hold a sixth of each class out for testing, as many as in MNIST; always the same ones.

    Raises:
        TenfoldError: if there are fewer than 6.
    """
    if len(digits) < 6:
        raise TenfoldError(f"{digits.source}: {len(digits)} pictures are too few to hold out a sixth for testing")
    return split(digits, len(digits) // 6)


def _read(path: Path) -> tuple[tuple[Any, ...], tuple[str, ...] | None]:
    """The images and labels in a file, or those for training and those for testing; and their classes, if known."""
    check_size(path, DATA)
    with path.open("rb"):  # let the system report an unreadable file, not a parser
        pass
    arrays = {name.lower(): array for name, array in FILES[path.suffix.lower()](path).items()}
    for names in (*PARTS, *WHOLE):
        if all(name in arrays for name in names):
            found = [arrays[name] for name in names]
            classes = arrays.get(NAMES)
            if not classes:
                classes = look_up_classes(path)
                found[1::2] = [from_zero(labels, classes) for labels in found[1::2]]
            return tuple(found), classes
    missing = [name for name in PARTS[0] if name not in arrays]
    raise TenfoldError(f"{path}: lacks {', '.join(missing)}; Keras' mnist.npz has {', '.join(PARTS[0])}")


def _check_memory(path: Path, size: int) -> None:
    if size > DATA:
        raise TenfoldError(f"{path}: too large, its arrays hold more than {DATA >> 20} MiB")


def _read_npz(path: Path) -> Arrays:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            # zipfile decompresses no more of an array than is declared here
            _check_memory(path, sum(part.file_size for part in archive.zip.infolist()))
            known = {name for names in (*PARTS, *WHOLE) for name in names}
            return {name: archive[name] for name in archive if name.lower() in known}
    except TenfoldError:
        raise
    except Exception:  # on damaged files, NumPy and zipfile raise nearly anything
        raise TenfoldError(f"{path}: damaged, or not an .npz of plain arrays (pickled objects are refused)") from None


def _header(path: Path) -> tuple[bool, int, int]:
    """Of a CSV file: whether its first line names the columns, which one holds the labels, and how many there are."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        names = [name.strip().strip("\"'").lower() for name in file.readline(DATA).split(",")]
    labels = [names.index(name) for name in LABEL_COLUMNS if name in names]
    return not names[0].replace(".", "").isdecimal(), labels[0] if labels else 0, len(names)


def _read_csv(path: Path) -> Arrays:
    has_names, label, columns = _header(path)
    if columns != SIDE**2 + 1:
        hint = "there are no labels in it; give Kaggle's train.csv" if columns == SIDE**2 else "is it another data set?"
        raise TenfoldError(f"{path}: needs a label and 784 pixels in each row, not {columns} columns; {hint}")
    try:
        with path.open(encoding="utf-8-sig") as file:
            table = np.loadtxt(file, np.float32, delimiter=",", quotechar='"', skiprows=int(has_names), ndmin=2)
    except ValueError as error:
        raise TenfoldError(f"{path}: damaged ({_first_line(error)})") from None
    if not len(table):
        raise TenfoldError(f"{path}: holds no images")
    images = np.delete(table, label, axis=1)
    if path.name.lower().startswith("emnist"):
        images = turn(images)
    return {"images": images, "labels": table[:, label]}


def turn(images: np.ndarray) -> np.ndarray:
    """Turn the images of EMNIST, which are stored column by column, upright."""
    return np.ascontiguousarray(images.reshape(-1, SIDE, SIDE).transpose(0, 2, 1))


def _read_mat(path: Path) -> Arrays:
    with needed_by(f"{path}:"):
        import scipy.io
    try:
        _check_mat(path)
        try:
            arrays = scipy.io.loadmat(path, simplify_cells=True)
        except NotImplementedError:  # MATLAB's format 7.3
            arrays = _read_hdf5(path)
        arrays = {name: value for name, value in arrays.items() if not name.startswith(("_", "#"))}
        if isinstance(dataset := arrays.get("dataset"), Mapping):  # EMNIST's
            # which label stands for which character, by its code; the letters' labels begin with 1
            mapping = np.asarray(dataset.get("mapping", [(digit, 48 + digit) for digit in range(10)]), np.int64)
            parts = [dataset[part] for part in ("train", "test")]
            values = [
                value
                for part in parts
                for value in (turn(np.asarray(part["images"])), np.asarray(part["labels"]) - mapping[0, 0])
            ]
            return dict(zip(PARTS[0], values, strict=True)) | {NAMES: tuple(map(chr, mapping[:, 1]))}
        if {f"{part}{digit}" for part in ("train", "test") for digit in range(10)} <= set(arrays):  # a matrix for each
            for part in ("train", "test"):
                classes = [arrays[f"{part}{digit}"] for digit in range(10)]
                arrays[f"x_{part}"] = np.concatenate(classes)
                arrays[f"y_{part}"] = np.repeat(np.arange(10), [len(images) for images in classes])
        if "data" in arrays and len(arrays["data"]) == SIDE**2:  # an image in each column
            arrays["data"] = arrays["data"].T
        return arrays
    except TenfoldError:
        raise
    except Exception as error:  # on damaged files, SciPy and h5py raise nearly anything
        raise TenfoldError(f"{path}: damaged, or not a .mat file of digits ({type(error).__name__})") from None


def _check_mat(path: Path) -> None:
    """Check what the compressed variables of a .mat file hold, before SciPy decompresses them into memory."""
    content = path.read_bytes()
    order = ">" if content[126:128] == b"MI" else "<"
    position, size = 128, 0  # after the header
    while position + 8 <= len(content):
        kind, length = struct.unpack_from(f"{order}2I", content, position)
        data = content[position + 8 : position + 8 + length]
        unpacker = zlib.decompressobj()
        while kind == COMPRESSED and data and not unpacker.eof:
            size += len(unpacker.decompress(data, CHUNK))
            _check_memory(path, size)
            data = unpacker.unconsumed_tail
        position += 8 + length


def _read_hdf5(path: Path) -> Arrays:
    with needed_by(f"{path}: MATLAB's format 7.3"):
        import h5py

    def read(group: Any) -> Arrays:
        # MATLAB stores columns first
        return {
            name: read(part) if isinstance(part, h5py.Group) else part[()].T
            for name, part in group.items()
            if not name.startswith("#")
        }

    sizes: list[int] = []
    with h5py.File(path) as file:
        file.visititems(lambda _, part: sizes.append(getattr(part, "nbytes", 0)))
        _check_memory(path, sum(sizes))
        return read(file)


def _read_parquet(path: Path) -> Arrays:
    with needed_by(f"{path}:"):
        from pyarrow import ArrowException, parquet
    from tenfold.imaging.load import load_picture  # here, because few callers need OpenCV

    try:
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            groups = [file.metadata.row_group(index) for index in range(file.num_row_groups)]
            _check_memory(path, sum(group.total_byte_size for group in groups))
            columns = file.read(["image", "label"]).to_pydict()
            about = json.loads((file.schema_arrow.metadata or {}).get(b"huggingface", b"{}"))
            names = about.get("info", {}).get("features", {}).get("label", {}).get("names") or ()
        encoded = [image["bytes"] if isinstance(image, dict) else image for image in columns["image"]]
    except (ArrowException, AttributeError, KeyError, OSError, ValueError) as error:
        raise TenfoldError(f"{path}: damaged, or without the columns image and label ({_first_line(error)})") from None
    try:
        images = [np.asarray(load_picture(data).convert("L")) for data in encoded]
    except TenfoldError as error:
        raise TenfoldError(f"{path}: {error}") from None
    if odd := [image.shape for image in images if image.shape != (SIDE, SIDE)]:
        raise TenfoldError(f"{path}: images must be 28 by 28 pixels, one is {odd[0][1]} by {odd[0][0]}")
    pixels = np.array(images).reshape(-1, SIDE, SIDE)
    return {"images": pixels, "labels": np.array(columns["label"]), NAMES: tuple(map(str, names))}


def _read_hand(path: Path) -> Arrays:
    hand = read_hand(path)
    return {"images": hand.images, "labels": hand.labels}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


FILES: dict[str, Callable[[Path], Arrays]] = {
    ".npz": _read_npz,
    ".csv": _read_csv,
    ".mat": _read_mat,
    ".parquet": _read_parquet,
    ".hand": _read_hand,
}
