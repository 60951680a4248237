"""`load`: the sources that digits can come from."""

import difflib
import os
import re
import warnings
from pathlib import Path

import numpy as np

from tenfold.base.errors import TenfoldError, TenfoldWarning, require_type
from tenfold.base.extras import needed_by
from tenfold.base.files import not_a_file
from tenfold.base.form import CLASSES, SIDE
from tenfold.data.arrays import to_digits
from tenfold.data.classes import from_zero, look_up_classes, number_classes
from tenfold.data.digits import Digits
from tenfold.data.download import SUMS, download, is_intact
from tenfold.data.files import FILES, hold_out_sixth, load_file, turn
from tenfold.data.idx import read_idx

BUNDLED = Path(__file__).with_name("mnist")
IDX_NAME = re.compile(r"(?!\.)(.*?)(train|t10k|test)[-_.](images|labels)[-_.]idx\d[-_.]ubyte(\.gz)?$", re.IGNORECASE)
# folders of pictures for training and for testing; those for validation are for testing if there are no others
TRAIN = re.compile("train(ing)?", re.IGNORECASE)
TEST = re.compile("test(ing)?", re.IGNORECASE)
VALIDATION = re.compile("val(id(ation)?)?", re.IGNORECASE)
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
# of a folder of pictures: 3, three, digit_3, class 3, 3 - three
CLASS_NAME = re.compile(rf"(?:(?:digit|class)[ _-]?)?(\d+|{'|'.join(WORDS)})(?: ?[_-] ?[a-z]+)?", re.IGNORECASE)
TRAIN_SIZE, TEST_SIZE = 60_000, 10_000


def locate(source: str | os.PathLike) -> str:
    """Return a source in a form that `load` finds from any folder: names stay, paths become absolute."""
    return str(source) if str(source) in NAMED else str(Path(source).resolve())


def load(source: str | os.PathLike = "bundled") -> tuple[Digits, Digits]:
    """Load digits for training and testing.

    Args:
        source: one of

            - `"bundled"`: the MNIST that comes with tenfold, verified by its SHA-256;
            - `"openml"`: scikit-learn's `fetch_openml("mnist_784")`;
            - `"download"`: MNIST from a mirror, kept in the user's cache folder;
            - a folder of four IDX files, compressed or not, named like those of MNIST, Fashion-MNIST, KMNIST, or
              EMNIST, or the root that torchvision puts them in; where there are several sets, one of the files;
            - an `.npz` like Keras' `mnist.npz`, or a `.mat` from MATLAB, with images (n, 28, 28), (n, 28, 28, 1), or
              (n, 784) from 0 to 255 or from 0 to 1, and labels as digits or one-hot;
            - a `.csv` with a label and 784 pixels in each row, such as Kaggle's `train.csv`;
            - a `.parquet` from the Hugging Face Hub, with the columns `image` and `label`;
            - a `.hand` with the digits that were taught on the page, or to `tenfold adapt`;
            - a folder that holds one of these files;
            - a folder of pictures sorted into `0/` to `9/` (or `zero/`, or `digit_0/`), or into such folders in
              `train/` and `test/` (or `training/` and `testing/`, or `val/`); files without the suffix of a picture are
              skipped, with a warning.

            Where no test images come with it, a sixth of each class is held out for testing. The classes are the ten
            digits, or what the data have instead: EMNIST's letters, the clothes of Fashion-MNIST, the characters of
            KMNIST, or at most 62 classes numbered from 0.

    Returns:
        `(train, test)`; their arrays may be read-only.

    Raises:
        TenfoldError: if the source does not exist or does not hold what it should.
        OSError: if a file cannot be read or, for `"download"`, written.

    Example:
        >>> import tenfold
        >>> train, test = tenfold.load()
        >>> len(train), len(test)
        (60000, 10000)
        >>> test.labels[:5]
        array([7, 2, 1, 0, 4], dtype=uint8)
    """
    if isinstance(source, str) and source in NAMED:
        return NAMED[source]()
    require_type(source, str | os.PathLike, f"a source is one of {', '.join(NAMED)}, or a path")
    path = Path(source)
    if path.is_dir():
        return _load_folder(path)
    if path.is_file():
        return _load_idx(path.parent, str(path), match[1]) if (match := IDX_NAME.match(path.name)) else load_file(path)
    if path.exists():
        raise not_a_file(path)
    close = difflib.get_close_matches(str(source), NAMED, n=1)
    hint = f"did you mean {close[0]!r}? Give" if close else "give"
    raise TenfoldError(
        f"{source}: no such source; {hint} {', '.join(NAMED)}, a folder of IDX files or pictures, or a file "
        f"({', '.join(FILES)})"
    )


def _load_bundled() -> tuple[Digits, Digits]:
    for name in SUMS:
        if not is_intact(BUNDLED / name):
            raise TenfoldError(f"{BUNDLED / name}: missing, or its SHA-256 is wrong; reinstall tenfold")
    return _load_idx(BUNDLED, "MNIST as it comes with tenfold")


def _load_download() -> tuple[Digits, Digits]:
    with needed_by("download"):
        import platformdirs

    folder = Path(platformdirs.user_cache_dir("tenfold"), "mnist")
    download(folder)
    return _load_idx(folder, "download")


def _load_openml() -> tuple[Digits, Digits]:
    with needed_by("openml"):
        from sklearn.datasets import fetch_openml
    try:
        with warnings.catch_warnings(action="ignore"):  # it warns at every retry
            data, target = fetch_openml("mnist_784", version=1, as_frame=False, return_X_y=True)
    except (OSError, ValueError) as error:
        raise TenfoldError(f"openml: cannot fetch mnist_784 ({error}); try again later, or use bundled") from None
    if data.shape != (TRAIN_SIZE + TEST_SIZE, SIDE * SIDE):
        raise TenfoldError(f"openml: mnist_784 has shape {data.shape}, not ({TRAIN_SIZE + TEST_SIZE}, {SIDE * SIDE})")
    digits = to_digits((data, target), "openml")
    return digits[:TRAIN_SIZE], digits[TRAIN_SIZE:]


NAMED = {"bundled": _load_bundled, "openml": _load_openml, "download": _load_download}


def _load_folder(folder: Path) -> tuple[Digits, Digits]:
    if any(IDX_NAME.match(path.name) for path in folder.iterdir()):
        return _load_idx(folder, str(folder))
    if raw := [path for path in sorted([*folder.glob("raw"), *folder.glob("*/raw")]) if path.is_dir()]:  # torchvision's
        if len(raw) > 1:
            raise TenfoldError(f"{folder}: holds {' and '.join(path.parent.name for path in raw)}; give one of them")
        return _load_folder(raw[0])
    if train := _find_folder(folder, TRAIN):
        if test := _find_folder(folder, TEST) or _find_folder(folder, VALIDATION):
            return load_pictures(train), load_pictures(test)
        raise TenfoldError(f"{folder}: holds {train.name}/ but no test/ or val/; add one, or give {train}")
    if class_folders(folder):
        return hold_out_sixth(load_pictures(folder))
    files = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in FILES and path.is_file()]
    # Kaggle's other two files, and the one that `load_file` finds by itself
    files = [path for path in files if not re.search("test|submission", path.name, re.IGNORECASE)]
    if len(files) > 1:
        raise TenfoldError(f"{folder}: holds {', '.join(path.name for path in files)}; give one of them")
    if files:
        return load_file(files[0])
    raise TenfoldError(f"{folder}: holds neither IDX files ({', '.join(SUMS)}) nor pictures in folders 0 to 9")


def _find_folder(folder: Path, name: re.Pattern) -> Path | None:
    return next((path for path in sorted(folder.iterdir()) if path.is_dir() and name.fullmatch(path.name)), None)


def class_folders(folder: Path) -> dict[Path, int]:
    """The folders of pictures in a folder, each with the number in its name."""
    matches = {path: CLASS_NAME.fullmatch(path.name) for path in sorted(folder.iterdir()) if path.is_dir()}
    numbers = {path: match[1].lower() for path, match in matches.items() if match}
    return {path: WORDS.index(number) if number in WORDS else int(number) for path, number in numbers.items()}


def _load_idx(folder: Path, source: str, prefix: str | None = None) -> tuple[Digits, Digits]:
    """Load the IDX files of a folder, if there is a prefix those whose names begin with it."""
    paths = [[_find_idx(folder, part, kind, prefix) for kind in ("images", "labels")] for part in ("train", "test")]
    train = _read_labeled(paths[0], f"{source} (train)", look_up_classes(paths[0][0]))
    return train, _read_labeled(paths[1], f"{source} (test)", train.classes)


def _find_idx(folder: Path, part: str, kind: str, prefix: str | None) -> Path:
    """Find the one IDX file for a split (train, test) and a kind (images, labels)."""
    found = {
        path.name.removesuffix(".gz"): path
        for path in sorted(folder.iterdir())  # of two copies the compressed one, with its checksum, comes last and wins
        if (match := IDX_NAME.match(path.name))
        and prefix in (None, match[1])
        and (match[2].lower() == "train") == (part == "train")
        and match[3].lower() == kind
    }
    if not found:
        canonical = f"{'t10k' if part == 'test' else part}-{kind}-idx{3 if kind == 'images' else 1}-ubyte.gz"
        raise TenfoldError(f"{folder}: {part} {kind} are missing; add {canonical}")
    if len(found) > 1:
        raise TenfoldError(f"{folder}: {part} {kind} could be {' or '.join(found)}; give one of the files")
    return found.popitem()[1]


def _read_labeled(paths: list[Path], source: str, classes: tuple[str, ...] | None) -> Digits:
    images_path, labels_path = paths
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim == 1:
        raise TenfoldError(f"{images_path}: holds labels where images belong; is it swapped with {labels_path.name}?")
    if labels.ndim == 3:
        raise TenfoldError(f"{labels_path}: holds images where labels belong; is it swapped with {images_path.name}?")
    if images_path.name.lower().startswith("emnist") and images.ndim == 3:
        images = turn(images)
    return Digits(images, from_zero(labels, classes), source, classes=classes or number_classes(labels))


def load_pictures(folder: Path) -> Digits:
    """Load all pictures of a folder, none held out.

    Args:
        folder: holds folders named `0/` to `9/` (or `zero/`, or `digit_0/`), each with pictures of that digit.

    Raises:
        TenfoldError: if it does not hold such folders, holds two for one digit, or a file in it is not a picture,
            is damaged, or shows no digit.
        OSError: if a file cannot be read.
    """
    from tenfold.imaging import SUFFIXES, read_pictures  # here, because few callers need OpenCV

    if not (folders := class_folders(folder)):
        raise TenfoldError(f"{folder}: holds no folders 0 to 9 of pictures")
    if too_many := sorted(path.name for path, number in folders.items() if number >= CLASSES):
        raise TenfoldError(f"{folder}: needs folders of pictures named 0 to 9 only; remove {', '.join(too_many)}")
    if len(set(folders.values())) < len(folders):
        names = ", ".join(path.name for path in folders)
        raise TenfoldError(f"{folder}: two folders for one digit ({names}); put their pictures together")
    files = [path for part in folders for path in sorted(part.iterdir()) if path.is_file()]
    paths = [path for path in files if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    if skipped := sorted({path.name for path in files} - {path.name for path in paths}):
        names = ", ".join(skipped[:3]) + (", ..." if len(skipped) > 3 else "")
        warnings.warn(
            f"{folder}: skipped {len(files) - len(paths)} files that are not pictures ({names})",
            TenfoldWarning,
            stacklevel=2,
        )
    labels = np.array([folders[path.parent] for path in paths], dtype=np.uint8)
    return Digits(read_pictures(paths), labels, str(folder))
