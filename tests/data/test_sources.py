import gzip
import pickle
import shlex
import shutil
import subprocess
import sys
import urllib.error
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.io
from makers import write_csv, write_parquet
from PIL import Image

from tenfold.base.errors import TenfoldError, TenfoldWarning
from tenfold.data import files, load, sources, write_idx
from tenfold.data.download import SUMS

pytestmark = pytest.mark.fast

LABELS = np.arange(30, dtype=np.uint8) % 10
IMAGES = np.zeros((30, 28, 28), dtype=np.uint8)
IMAGES[:, 4:24, 12:16] = np.arange(200, 230)[:, None, None]  # ones, as large as the digits of MNIST and as centered
PARTS = {"train": (IMAGES[:20], LABELS[:20]), "t10k": (IMAGES[20:], LABELS[20:])}


@pytest.fixture
def idx_folder(tmp_path):
    for part, (images, labels) in PARTS.items():
        write_idx(tmp_path / f"{part}-images-idx3-ubyte", images)
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte", labels)
    return tmp_path


@pytest.fixture
def npz(tmp_path):
    def save(**changes):
        arrays = {"x_train": IMAGES[:20], "y_train": LABELS[:20], "x_test": IMAGES[20:], "y_test": LABELS[20:]}
        arrays = {name: array for name, array in (arrays | changes).items() if array is not None}
        np.savez(tmp_path / "mnist.npz", **arrays)
        return tmp_path / "mnist.npz"

    return save


def assert_is_the_data(loaded):
    for digits, (images, labels) in zip(loaded, PARTS.values(), strict=True):
        assert np.array_equal(digits.images, images)
        assert np.array_equal(digits.labels, labels)


def refused(source, *words):
    with pytest.raises(TenfoldError) as caught:
        load(source)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert str(word) in message
    return message


def test_bundled_is_mnist():
    train, test = load()
    assert train.counts().tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert test.counts().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_bundled_is_verified(tmp_path, monkeypatch):
    folder = shutil.copytree(sources.BUNDLED, tmp_path / "mnist")
    monkeypatch.setattr(sources, "BUNDLED", folder)
    name = "t10k-labels-idx1-ubyte.gz"
    labels = np.zeros(10_000, dtype=np.uint8)
    write_idx(folder / name, labels)  # a good IDX file, but not the right one
    refused("bundled", folder / name, "reinstall")
    (folder / name).unlink()
    refused("bundled", folder / name, "reinstall")


def test_idx_folders_by_any_of_their_names(tmp_path):
    names = {
        "mnist": lambda part, kind: f"{part}-{kind}-ubyte",
        "keras": lambda part, kind: f"{part}-{kind}-ubyte".replace("-idx", ".idx"),
        "emnist": lambda part, kind: f"emnist-digits-{part.replace('t10k', 'test')}-{kind}-ubyte",
    }
    for folder, name in names.items():
        for part, (images, labels) in PARTS.items():
            images = images.transpose(0, 2, 1) if folder == "emnist" else images
            for kind, values in (("images-idx3", images), ("labels-idx1", labels)):
                (tmp_path / folder).mkdir(exist_ok=True)
                write_idx(path := tmp_path / folder / name(part, kind), values)
                if part == "train":
                    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
                    path.unlink()
        (tmp_path / folder / "._train-images-idx3-ubyte").write_bytes(b"left behind by macOS")
        assert_is_the_data(load(str(tmp_path / folder)))


def test_the_root_of_torchvision(idx_folder, tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(idx_folder, root / "MNIST" / "raw")
    for folder in (root, root / "MNIST", root / "MNIST" / "raw"):
        assert_is_the_data(load(folder))
    shutil.copytree(idx_folder, root / "KMNIST" / "raw")
    refused(root, "holds KMNIST and MNIST; give one of them")


def test_bad_idx_folders(idx_folder):
    train_images, train_labels = idx_folder / "train-images-idx3-ubyte", idx_folder / "train-labels-idx1-ubyte"
    images, labels = train_images.read_bytes(), train_labels.read_bytes()

    train_images.write_bytes(labels)
    train_labels.write_bytes(images)
    refused(idx_folder, train_images, "swapped", train_labels.name)
    train_images.write_bytes(images)
    refused(idx_folder, train_labels, "swapped")

    train_labels.write_bytes(labels[:-1])
    refused(idx_folder, train_labels, "truncated")
    write_idx(train_labels, LABELS[:19])
    refused(idx_folder, f"{idx_folder} (train): 20 images but 19 labels")
    write_idx(train_labels, LABELS[:20] + np.uint8(1))
    refused(idx_folder, "label 10 at index 9")
    write_idx(train_labels, LABELS[:20].astype(np.int32))
    refused(idx_folder, "labels must be uint8", "int32")
    train_labels.write_bytes(labels)
    write_idx(train_images, np.zeros((20, 32, 32), dtype=np.uint8))
    refused(idx_folder, "images must be uint8 (n, 28, 28)", "(20, 32, 32)")

    (idx_folder / "kmnist-train-images-idx3-ubyte").write_bytes(images)
    refused(idx_folder, "train images could be kmnist-train-images-idx3-ubyte or train-images-idx3-ubyte")
    (idx_folder / "t10k-labels-idx1-ubyte").unlink()
    train_images.unlink()
    refused(idx_folder, "test labels are missing", "t10k-labels-idx1-ubyte.gz")


def test_keras_npz_and_packed_twins_of_idx_files(npz, idx_folder):
    assert_is_the_data(load(npz()))
    for path in list(idx_folder.glob("*ubyte")):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
    assert_is_the_data(load(idx_folder))


def test_keras_arrays_in_other_forms(npz):
    one_hot = np.eye(10)[LABELS]
    for images in (
        IMAGES / 255,
        (IMAGES / np.float32(255)).reshape(30, 784),
        IMAGES.reshape(30, 28, 28, 1),
        IMAGES.astype(np.int64).reshape(30, 1, 28, 28),
        (IMAGES / 255 - 0.1307) / 0.3081,
    ):
        path = npz(x_train=images[:20], x_test=images[20:], y_train=one_hot[:20], y_test=LABELS[20:, None].astype(str))
        assert_is_the_data(load(path))


def test_csv_files_of_kaggle_and_others(tmp_path):
    (kaggle := tmp_path / "kaggle").mkdir()
    write_csv(kaggle / "train.csv", IMAGES, LABELS)
    np.savetxt(kaggle / "test.csv", IMAGES.reshape(30, 784), "%d", ",", header=",".join(["pixel"] * 784), comments="")
    (kaggle / "sample_submission.csv").write_text("ImageId,Label\n1,0\n")
    train, test = load(kaggle)
    assert [part.counts().tolist() for part in load(kaggle / "train.csv")] == [
        part.counts().tolist() for part in (train, test)
    ]
    assert (len(train), len(test)) == (25, 5)
    refused(kaggle / "test.csv", "no labels", "train.csv")
    refused(kaggle / "sample_submission.csv", "not 2 columns")
    for number, (names, last) in enumerate(((False, False), (True, True))):
        for part, (images, labels) in PARTS.items():
            name = f"{number}_{part.replace('t10k', 'test')}.csv"
            write_csv(tmp_path / name, images, labels, names, last)
        assert_is_the_data(load(tmp_path / f"{number}_train.csv"))
    write_csv(tmp_path / "emnist-train.csv", IMAGES.transpose(0, 2, 1), LABELS)
    assert load(tmp_path / "emnist-train.csv")[0].images[0].tobytes() in {image.tobytes() for image in IMAGES}
    (tmp_path / "bad.csv").write_text("1" + ",0" * 784 + "\n2,x" + ",0" * 783)
    refused(tmp_path / "bad.csv", "damaged", "'x'")


def test_matlab_files(tmp_path, monkeypatch):
    flat, path = IMAGES.reshape(30, 784), tmp_path / "digits.mat"
    turned = IMAGES.transpose(0, 2, 1).reshape(30, 784)
    emnist = {
        part: {"images": turned[rows], "labels": LABELS[rows, None]}
        for part, rows in (("train", slice(20)), ("test", slice(20, 30)))
    }
    for compress in (False, True):
        scipy.io.savemat(path, {"dataset": emnist}, do_compression=compress)
        assert_is_the_data(load(path))
    scipy.io.savemat(path, {"trainX": flat[:20], "trainY": LABELS[:20], "testX": flat[20:], "testY": LABELS[20:]})
    assert_is_the_data(load(path))
    classes = {f"train{digit}": flat[digit == LABELS] for digit in range(10)}
    scipy.io.savemat(path, classes | {f"test{digit}": flat[digit == LABELS] for digit in range(10)})
    assert [part.counts().tolist() for part in load(path)] == [[3] * 10] * 2
    scipy.io.savemat(path, {"data": flat.T, "label": LABELS.astype(float)}, do_compression=True)  # mnist-original's
    assert [len(part) for part in load(path)] == [25, 5]
    content = path.read_bytes()
    for damaged in (content[:200], content[:300] + b"\x55" * 9 + content[309:], b"no MATLAB"):
        path.write_bytes(damaged)
        refused(path, path)
    path.write_bytes(content)
    monkeypatch.setattr(files, "DATA", 20_000)
    refused(path, "too large")


def test_matlab_files_in_format_7_3(tmp_path, monkeypatch):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "digits.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in (("x_train", IMAGES[:20]), ("x_test", IMAGES[20:])):
            file[name] = values.reshape(-1, 784).T
        file["y_train"], file["y_test"] = LABELS[None, :20], LABELS[None, 20:]
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    assert_is_the_data(load(path))
    monkeypatch.setitem(sys.modules, "h5py", None)
    refused(path, "format 7.3", "pip install 'tenfold[keras]'")


def test_parquet_files_of_hugging_face(tmp_path, monkeypatch):
    for part, (images, labels) in PARTS.items():
        write_parquet(tmp_path / f"{part.replace('t10k', 'test')}-00000-of-00001.parquet", images, labels)
    assert_is_the_data(load(tmp_path))
    path = tmp_path / "train-00000-of-00001.parquet"
    write_parquet(path, IMAGES[:20, :14], LABELS[:20])
    refused(path, "28 by 28 pixels, one is 28 by 14")
    path.write_bytes(path.read_bytes()[:100])
    refused(path, "damaged")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused(path, "pip install 'tenfold[parquet]'")


def test_a_pickle_is_refused_with_the_way_to_convert_it(tmp_path):
    parts = [(IMAGES[:10] / 255, LABELS[:10]), (IMAGES[10:20] / 255, LABELS[10:20]), (IMAGES[20:] / 255, LABELS[20:])]
    parts = [(images.reshape(-1, 784), labels) for images, labels in parts]
    with gzip.open(tmp_path / "mnist.pkl.gz", "wb") as file:
        pickle.dump(parts, file)
    message = refused(tmp_path / "mnist.pkl.gz", "can run any code")
    subprocess.run(shlex.split(message.split("convert it: ")[1].replace("python", sys.executable)), cwd=tmp_path)
    assert_is_the_data(load(tmp_path / "mnist.npz"))


def test_bad_npz(npz, tmp_path):
    path = npz(y_train=None, x_test=None)
    refused(path, path, "lacks y_train, x_test")
    refused(npz(y_train=np.array([object()] * 20)), path, "pickled")
    refused(npz(x_train=IMAGES[:20, :14]), f"{path} (train)", "(20, 14, 28)")
    refused(npz(x_train=IMAGES[:20] - 300.0), "from 0 to 1 or from 0 to 255", "from -300 to")
    refused(npz(x_train=IMAGES[:20] * np.nan), "nan")
    refused(npz(y_train=LABELS[:20] / 2), "label 0.5 at index 1 is not a digit")
    refused(npz(y_train=np.array(["zero"] * 20)), "labels must be the digits 0 to 9")
    refused(npz(y_test=LABELS[20:29]), f"{path} (test)", "10 images but labels of shape (9,)")
    content = npz().read_bytes()
    for damaged in (b"", b"PK", content[:1000], content[:1000] + b"\x55" + content[1001:]):
        path.write_bytes(damaged)
        refused(path, path, "damaged")
    np.save(tmp_path / "array.npy", IMAGES)
    (tmp_path / "array.npy").rename(path)
    refused(path, path, "not an .npz")
    path.rename(tmp_path / "mnist.zip")
    refused(tmp_path / "mnist.zip", "not a data set (.npz, .csv, .mat, .parquet, .hand)", "folder")


def write_pictures(folder, images, labels):
    for digit in range(10):
        (folder / str(digit)).mkdir(parents=True)
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        Image.fromarray(image).save(folder / str(label) / f"{index:02}.png")


def test_an_npz_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "DATA", 10_000)  # bytes
    np.savez_compressed(tmp_path / "mnist.npz", x_train=np.zeros(10_001, np.uint8))
    refused(tmp_path / "mnist.npz", "too large, its arrays hold more than")


def test_a_folder_of_pictures_is_split(tmp_path):
    write_pictures(tmp_path, IMAGES, LABELS)
    train, test = load(tmp_path)
    assert (len(train), len(test)) == (25, 5)
    label_of = {image.tobytes(): label for image, label in zip(IMAGES, LABELS, strict=True)}
    found = [(image.tobytes(), label) for part in (train, test) for image, label in zip(part.images, part.labels)]  # noqa: B905
    assert dict(found) == label_of
    assert load(tmp_path)[1].sha256() == test.sha256()
    for name, (images, labels) in zip(("train", "test"), PARTS.values(), strict=True):
        write_pictures(tmp_path / "parted" / name, images, labels)
    assert [part.counts().tolist() for part in load(tmp_path / "parted")] == [[2] * 10, [1] * 10]


def test_folders_of_pictures_with_other_names(tmp_path):
    numbers = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    parts = (("training", lambda digit: f"{digit} - {numbers[digit]}"), ("val", lambda digit: f"digit_{digit}"))
    for (name, class_name), (images, labels) in zip(parts, PARTS.values(), strict=True):
        write_pictures(tmp_path / name, images, labels)
        for digit in range(10):
            (tmp_path / name / str(digit)).rename(tmp_path / name / class_name(digit))
    assert [part.counts().tolist() for part in load(tmp_path)] == [[2] * 10, [1] * 10]
    (tmp_path / "val" / "digit_9").rename(tmp_path / "val" / "eight")
    refused(tmp_path, "two folders for one digit", "digit_8", "eight")
    shutil.rmtree(tmp_path / "val")
    refused(tmp_path, "no test/ or val/")


def test_bad_folders_of_pictures(tmp_path):
    refused(tmp_path, tmp_path, "neither IDX files", "nor pictures")
    write_pictures(tmp_path, IMAGES[:5], LABELS[:5])
    refused(tmp_path, "5 pictures are too few")
    (tmp_path / "0" / "notes.jpg").write_text("no picture")
    refused(tmp_path, tmp_path / "0" / "notes.jpg", "not a picture")
    (tmp_path / "10").mkdir()
    refused(tmp_path, "remove 10")


def test_what_is_no_picture_is_skipped_and_a_class_may_be_missing(tmp_path):
    write_pictures(tmp_path, IMAGES, LABELS)
    for name in ("0/.DS_Store", "0/Thumbs.db", "3/Thumbs.db", "7/notes.txt", "7/._07.png"):
        (tmp_path / name).write_bytes(b"no picture")
    shutil.rmtree(tmp_path / "9")
    with pytest.warns(TenfoldWarning) as told:
        train, test = load(tmp_path)
    assert len(train) + len(test) == sum(LABELS != 9)
    assert [str(warning.message) for warning in told] == [
        f"{tmp_path}: skipped 5 files that are not pictures (.DS_Store, ._07.png, Thumbs.db, ...)"
    ]


def test_a_source_that_does_not_exist(tmp_path):
    message = refused("bundeld", "did you mean 'bundled'?")
    assert all(name in message for name in ("bundled", "openml", "download"))
    assert "did you mean" not in refused(tmp_path / "missing", tmp_path / "missing", "openml")


def test_download_goes_to_the_cache_folder(tmp_path, monkeypatch):
    def copy(folder):
        shutil.copytree(sources.BUNDLED, folder)

    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    monkeypatch.setattr(sources, "download", copy)
    assert len(load("download")[0]) == 60_000
    assert all((tmp_path / "tenfold" / "mnist" / name).exists() for name in SUMS)


def test_openml(monkeypatch):
    class Openml:
        def __init__(self, answer):
            self.answer = answer

        def fetch_openml(self, *_, **__):
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

    def answer(value):
        monkeypatch.setitem(sys.modules, "sklearn.datasets", Openml(value))

    monkeypatch.setitem(sys.modules, "sklearn", SimpleNamespace())
    data, target = np.zeros((70_000, 784), dtype=np.int64), np.array(list("0123456789") * 7000, dtype=object)
    data[60_000, 28] = 255
    answer((data, target))
    train, test = load("openml")
    assert (len(train), len(test)) == (60_000, 10_000)
    assert test.images[0, 1, 0] == 255
    assert test.labels[:3].tolist() == [0, 1, 2]

    answer((data[:10], target[:10]))
    refused("openml", "(10, 784)")
    answer(urllib.error.URLError("no network"))
    refused("openml", "cannot fetch", "no network")
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    refused("openml", "pip install 'tenfold[classical]'")
