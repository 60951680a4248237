"""`load`: the sources that digits can come from."""

import difflib
import os
import re
import warnings
from pathlib import Path

import numpy as np

from tenfold.base.errors import TenfoldError, TenfoldWarning, require_type
from tenfold.base.files import DATA, check_size, not_a_file
from tenfold.base.form import CLASSES, SIDE
from tenfold.data.digits import Digits, split
from tenfold.data.download import SUMS, download, is_intact
from tenfold.data.idx import read_idx

BUNDLED = Path(__file__).with_name("mnist")
IDX_NAME = re.compile(r"(?!\.).*?(train|t10k|test)[-_.](images|labels)[-_.]idx\d[-_.]ubyte(\.gz)?$", re.IGNORECASE)
KERAS_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
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
              EMNIST;
            - an `mnist.npz` like Keras';
            - a folder of pictures sorted into `0/` to `9/` (a sixth of each class is held out for testing), or into
              `train/0/` to `train/9/` and `test/0/` to `test/9/`; files without the suffix of a picture are skipped,
              with a warning.

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
        return _load_npz(path)
    if path.exists():
        raise not_a_file(path)
    close = difflib.get_close_matches(str(source), NAMED, n=1)
    hint = f"did you mean {close[0]!r}? Give" if close else "give"
    raise TenfoldError(
        f"{source}: no such source; {hint} {', '.join(NAMED)}, a folder of IDX files or pictures, or an mnist.npz"
    )


def _load_bundled() -> tuple[Digits, Digits]:
    for name in SUMS:
        if not is_intact(BUNDLED / name):
            raise TenfoldError(f"{BUNDLED / name}: missing, or its SHA-256 is wrong; reinstall tenfold")
    return _load_idx(BUNDLED, "MNIST as it comes with tenfold")


def _load_download() -> tuple[Digits, Digits]:
    import platformdirs

    folder = Path(platformdirs.user_cache_dir("tenfold"), "mnist")
    download(folder)
    return _load_idx(folder, "download")


def _load_openml() -> tuple[Digits, Digits]:
    try:
        from sklearn.datasets import fetch_openml
    except ImportError:
        raise TenfoldError("openml needs scikit-learn; pip install 'tenfold[classical]'") from None
    try:
        with warnings.catch_warnings(action="ignore"):  # it warns at every retry
            data, target = fetch_openml("mnist_784", version=1, as_frame=False, return_X_y=True)
    except (OSError, ValueError) as error:
        raise TenfoldError(f"openml: cannot fetch mnist_784 ({error}); try again later, or use bundled") from None
    if data.shape != (TRAIN_SIZE + TEST_SIZE, SIDE * SIDE):
        raise TenfoldError(f"openml: mnist_784 has shape {data.shape}, not ({TRAIN_SIZE + TEST_SIZE}, {SIDE * SIDE})")
    digits = Digits(data.reshape(-1, SIDE, SIDE).astype(np.uint8), target.astype(np.uint8), "openml")
    return digits[:TRAIN_SIZE], digits[TRAIN_SIZE:]


NAMED = {"bundled": _load_bundled, "openml": _load_openml, "download": _load_download}


def _load_folder(folder: Path) -> tuple[Digits, Digits]:
    if any(IDX_NAME.match(path.name) for path in folder.iterdir()):
        return _load_idx(folder, str(folder))
    if (folder / "train").is_dir() and (folder / "test").is_dir():
        return _load_pictures(folder / "train"), _load_pictures(folder / "test")
    if any((folder / str(digit)).is_dir() for digit in range(CLASSES)):
        digits = _load_pictures(folder)
        if len(digits) < 6:
            raise TenfoldError(f"{folder}: {len(digits)} pictures are too few to hold out a sixth for testing")
        return split(digits, len(digits) // 6)
    raise TenfoldError(f"{folder}: holds neither IDX files ({', '.join(SUMS)}) nor pictures in folders 0 to 9")


def _load_idx(folder: Path, source: str) -> tuple[Digits, Digits]:
    train, test = (
        _read_labeled(_find_idx(folder, part, "images"), _find_idx(folder, part, "labels"), f"{source} ({part})")
        for part in ("train", "test")
    )
    return train, test


def _find_idx(folder: Path, part: str, kind: str) -> Path:
    """Find the one IDX file for a split (train, test) and a kind (images, labels)."""
    found = {
        path.name.removesuffix(".gz"): path
        for path in sorted(folder.iterdir())  # of two copies the compressed one, with its checksum, comes last and wins
        if (match := IDX_NAME.match(path.name))
        and (match[1].lower() == "train") == (part == "train")
        and match[2].lower() == kind
    }
    if not found:
        canonical = f"{'t10k' if part == 'test' else part}-{kind}-idx{3 if kind == 'images' else 1}-ubyte.gz"
        raise TenfoldError(f"{folder}: {part} {kind} are missing; add {canonical}")
    if len(found) > 1:
        raise TenfoldError(f"{folder}: {part} {kind} could be {' or '.join(found)}; keep one data set in a folder")
    return found.popitem()[1]


def _read_labeled(images_path: Path, labels_path: Path, source: str) -> Digits:
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim == 1:
        raise TenfoldError(f"{images_path}: holds labels where images belong; is it swapped with {labels_path.name}?")
    if labels.ndim == 3:
        raise TenfoldError(f"{labels_path}: holds images where labels belong; is it swapped with {images_path.name}?")
    if images_path.name.lower().startswith("emnist") and images.ndim == 3:
        images = np.ascontiguousarray(images.transpose(0, 2, 1))  # EMNIST stores columns first
    return Digits(images, labels, source)


def _load_npz(path: Path) -> tuple[Digits, Digits]:
    if path.suffix.lower() != ".npz":
        raise TenfoldError(f"{path}: not an .npz file; for IDX files or pictures give the folder that holds them")
    check_size(path, DATA)
    with path.open("rb") as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                # zipfile decompresses no more of an array than is declared here
                if sum(part.file_size for part in archive.zip.infolist()) > DATA:
                    raise TenfoldError(f"{path}: too large, its arrays hold more than {DATA >> 20} MiB")
                arrays = {name: archive[name] for name in KERAS_ARRAYS if name in archive}
        except TenfoldError:
            raise
        except Exception:  # on damaged files, NumPy and zipfile raise nearly anything
            raise TenfoldError(
                f"{path}: damaged, or not an .npz of plain arrays (pickled objects are refused)"
            ) from None
    missing = [name for name in KERAS_ARRAYS if name not in arrays]
    if missing:
        raise TenfoldError(f"{path}: lacks {', '.join(missing)}; Keras' mnist.npz has {', '.join(KERAS_ARRAYS)}")
    return (
        Digits(arrays["x_train"], arrays["y_train"], f"{path} (train)"),
        Digits(arrays["x_test"], arrays["y_test"], f"{path} (test)"),
    )


def _load_pictures(folder: Path) -> Digits:
    from tenfold.imaging import SUFFIXES, read_pictures  # here, because few callers need OpenCV

    folders = {path.name: path for path in folder.iterdir() if path.is_dir() and path.name.isdecimal()}
    if too_many := sorted(set(folders) - {str(digit) for digit in range(CLASSES)}):
        raise TenfoldError(f"{folder}: needs folders of pictures named 0 to 9 only; remove {', '.join(too_many)}")
    files = [path for name in sorted(folders) for path in sorted(folders[name].iterdir()) if path.is_file()]
    paths = [path for path in files if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    if skipped := sorted({path.name for path in files} - {path.name for path in paths}):
        names = ", ".join(skipped[:3]) + (", ..." if len(skipped) > 3 else "")
        warnings.warn(
            f"{folder}: skipped {len(files) - len(paths)} files that are not pictures ({names})",
            TenfoldWarning,
            stacklevel=2,
        )
    labels = np.array([int(path.parent.name) for path in paths], dtype=np.uint8)
    return Digits(read_pictures(paths), labels, str(folder))
