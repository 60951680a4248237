import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tenfold.base.errors import TenfoldError
from tenfold.data import parse_idx, read_idx, write_idx

pytestmark = pytest.mark.fast

DTYPES = st.sampled_from(["u1", "i1", "i2", "i4", "f4", "f8"])
ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_dims=4)))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("idx") / "file"


@given(array=ARRAYS, packed=st.booleans())
def test_what_is_written_is_read_again(file, array, packed):
    write_idx(file, array)
    if packed:
        file.write_bytes(gzip.compress(file.read_bytes()))
    again = read_idx(file)
    assert again.dtype == array.dtype
    assert again.shape == array.shape
    assert again.tobytes() == array.tobytes()
    assert not again.flags.writeable


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_would_fill_the_memory_is_refused(file, packed):
    header = bytes.fromhex("00000803 00100000 0000001c 0000001c")  # a million images
    file.write_bytes(gzip.compress(header) if packed else header)
    if not packed:
        with file.open("r+b") as sparse:
            sparse.truncate(2**30)
    with pytest.raises(TenfoldError, match=rf"{file}: too large, .* more than 256 MiB"):
        read_idx(file)


@given(array=ARRAYS, packed=st.booleans(), data=st.data())
def test_truncated_files_are_refused(file, array, packed, data):
    content = _content(file, array, packed)
    length = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(TenfoldError):
        parse_idx(content[:length])


@given(array=ARRAYS, packed=st.booleans(), extra=st.binary(min_size=1))
def test_trailing_bytes_are_refused(file, array, packed, extra):
    for content in (_content(file, array, packed) + extra, gzip.compress(_content(file, array, packed=False) + extra)):
        with pytest.raises(TenfoldError, match="more"):
            parse_idx(content)


@given(array=ARRAYS, data=st.data())
def test_a_flipped_bit_in_gzip_never_changes_the_values(file, array, data):
    content = bytearray(_content(file, array, packed=True))
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    content[bit // 8] ^= 1 << bit % 8
    try:
        values = parse_idx(bytes(content))
    except TenfoldError:
        return
    assert values.tobytes() == array.tobytes()  # the flip hit a field without meaning, such as the time


@given(
    start=st.sampled_from([b"", b"\0\0\x08\x01", b"\0\0\x08\x04\0\0\0\0", b"\0\0\x0e\x03", b"\x1f\x8b\x08\0"]),
    rest=st.one_of(st.binary(), st.lists(st.sampled_from([b"\0", b"\xff"]), max_size=40).map(b"".join)),
    packed=st.booleans(),
)
def test_arbitrary_bytes_raise_nothing_but_tenfold_errors(start, rest, packed):
    content = gzip.compress(start + rest) if packed else start + rest
    try:
        values = parse_idx(content, "file")
    except TenfoldError as error:
        assert str(error).startswith("file: ")  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert values.nbytes <= len(start + rest)


def test_the_bytes_are_those_of_the_format(file):
    write_idx(file, np.array([[1, -2]], dtype=np.int16))
    assert file.read_bytes() == bytes.fromhex("00000b02 00000001 00000002 0001fffe")
    for array in (np.zeros(3, dtype=np.int64), np.zeros((1,) * 9, dtype=np.uint8)):
        with pytest.raises(TenfoldError, match="IDX cannot hold"):
            write_idx(file, array)


def _content(file, array, packed):
    write_idx(file, array)
    return gzip.compress(file.read_bytes()) if packed else file.read_bytes()
