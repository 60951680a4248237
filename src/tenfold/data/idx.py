"""The IDX format: a four-byte magic number, the dimensions, then the values, all big-endian.

Source: Y. LeCun, "The MNIST database of handwritten digits", section "File formats".
"""

import io
import math
import os
import struct
import zlib

import numpy as np

from tenfold.base.errors import TenfoldError
from tenfold.base.files import DATA, read_bytes, write_atomically

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
CODES = {dtype: code for code, dtype in DTYPES.items()}
GZIP_MAGIC = b"\x1f\x8b"
MAX_DIMENSIONS = 8
CHUNK = 1 << 16


def read_idx(path: str | os.PathLike) -> np.ndarray:
    """Read an IDX file, compressed with gzip or not, into a read-only array.

    Args:
        path: the file.

    Returns:
        An array with the file's shape and type; `uint8` for MNIST's files.

    Raises:
        TenfoldError: if the file is not an IDX file, is truncated or damaged, or holds more than it declares.
        OSError: if the file cannot be read.
    """
    return parse_idx(read_bytes(path, DATA), str(path))


def parse_idx(data: bytes | memoryview, name: str = "IDX data") -> np.ndarray:
    """Parse the bytes of an IDX file, compressed with gzip or not, into a read-only array.

    Args:
        data: the bytes.
        name: identifies the data in error messages.

    Returns:
        An array with the declared shape and type; `uint8` for MNIST's files.

    Raises:
        TenfoldError: if the data are not in IDX format, are truncated or damaged, or hold more than they declare.
    """
    if data[:2] == GZIP_MAGIC:
        data = _unpack(bytes(data), name)
    shape, dtype, start = _header(data, name)
    expected = start + math.prod(shape) * dtype.itemsize
    if len(data) < expected:
        raise TenfoldError(f"{name}: truncated, {len(data)} of {expected} bytes; get the file again")
    if len(data) > expected:
        raise TenfoldError(f"{name}: more than the {expected} bytes its header declares; get the file again")
    try:
        values = np.frombuffer(data, dtype, offset=start).reshape(shape)
    except ValueError as error:
        # a shape such as (0, 2**32 - 1, 2**32 - 1, 2**32 - 1) holds nothing, and NumPy refuses it
        raise TenfoldError(f"{name}: its header declares an impossible shape ({error})") from None
    values = values.astype(dtype.newbyteorder("="), copy=False)
    values.flags.writeable = False
    return values


def write_idx(path: str | os.PathLike, array: np.ndarray) -> None:
    """Write `array` as an uncompressed IDX file.

    Raises:
        TenfoldError: if the format has no code for the array's type, or the array has more than 8 dimensions.
        OSError: if the file cannot be written.
    """
    big_endian = array.dtype.newbyteorder(">").str.replace("|", ">")
    if big_endian not in CODES or array.ndim > MAX_DIMENSIONS:
        raise TenfoldError(f"{path}: IDX cannot hold {array.dtype} with {array.ndim} dimensions")
    header = struct.pack(f">HBB{array.ndim}I", 0, CODES[big_endian], array.ndim, *array.shape)
    write_atomically(path, header + array.astype(big_endian).tobytes())


def _header(data: bytes | memoryview, name: str) -> tuple[tuple[int, ...], np.dtype, int]:
    """Parse the header: the shape, the type, and the position of the first value."""
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in DTYPES or data[3] > MAX_DIMENSIONS:
        raise TenfoldError(f"{name}: not an IDX file (its first four bytes are {data[:4].hex(' ') or 'missing'})")
    dimensions = data[3]
    start = 4 + 4 * dimensions
    if len(data) < start:
        raise TenfoldError(f"{name}: truncated inside its header; get the file again")
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    return shape, np.dtype(DTYPES[data[2]]), start


def _unpack(packed: bytes, name: str) -> memoryview:
    """Decompress gzip data, but no more than the IDX header inside declares and a file may hold."""
    stream, unpacked = io.BytesIO(packed), io.BytesIO()
    unpacker = zlib.decompressobj(wbits=31)
    try:
        head = zlib.decompressobj(wbits=31).decompress(packed[:CHUNK], 4 + 4 * MAX_DIMENSIONS)
        shape, dtype, start = _header(head, name)
        declared = start + math.prod(shape) * dtype.itemsize
        if declared > DATA:
            raise TenfoldError(f"{name}: too large, its header declares more than {DATA >> 20} MiB")
        while not unpacker.eof and unpacked.tell() <= declared and (chunk := stream.read(CHUNK)):
            unpacked.write(unpacker.decompress(chunk))
    except zlib.error as error:
        raise TenfoldError(f"{name}: damaged gzip data ({error}); get the file again") from None
    if not unpacker.eof and unpacked.tell() <= declared:
        raise TenfoldError(f"{name}: truncated, its gzip data has no end; get the file again")
    if unpacker.unused_data or stream.read(1):
        raise TenfoldError(f"{name}: more bytes follow its gzip data; get the file again")
    return unpacked.getbuffer()  # no copy
