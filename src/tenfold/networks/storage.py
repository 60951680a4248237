"""Weights on disk: `save` and `restore`, in safetensors, which holds numbers and text but no code."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import shorten
from typing import Any, TypeVar, overload

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from tenfold.base import strict_json
from tenfold.base.errors import TenfoldError
from tenfold.base.extras import needed_by
from tenfold.base.files import DATA, check_size, not_a_file, write_atomically
from tenfold.base.form import DIGITS
from tenfold.base.refusal import Thresholds
from tenfold.networks import Network, build

HUB = "hf:"  # what the name of a network on the Hugging Face Hub begins with
LONGEST = 200  # characters to quote in an error message
Module = TypeVar("Module", bound=nn.Module)


def save(model: nn.Module, path: str | os.PathLike) -> None:
    """Write a network's weights to one safetensors file, atomically, and its name, options, and thresholds, if any.

    Args:
        model: a network made by `tenfold.build`, or any other module; for that, the file holds only the weights.
        path: the file, `….safetensors`; an existing one is replaced.

    Raises:
        TenfoldError: if the file's name promises another format, or the state of the module holds more than tensors.
        OSError: if the file cannot be written.

    Example:
        >>> tenfold.save(tenfold.build("cnn", width=8), "model.safetensors")
        >>> tenfold.restore("model.safetensors").options
        {'width': 8}
    """
    if Path(path).suffix != ".safetensors":
        raise TenfoldError(f"{path}: the format is safetensors, so name it {Path(path).stem}.safetensors")
    about = {"network": describe(model)} if isinstance(model, Network) else {"module": type(model).__name__}
    tensors = model.state_dict()
    if other := [name for name, value in tensors.items() if not isinstance(value, Tensor)]:
        raise TenfoldError(f"cannot save this {type(model).__name__}: {other[0]} in its state is not a tensor")
    write_tensors(path, tensors, about)


def describe(model: Network) -> str:
    """The name, the options, the classes, and the thresholds of a network as JSON, from which `restore` rebuilds it."""
    description: dict[str, Any] = {"name": model.name, "options": model.options}
    if model.classes != DIGITS:
        description["classes"] = model.classes
    if model.thresholds:
        description["thresholds"] = vars(model.thresholds)
    return strict_json.dumps(description)


@overload
def restore(path: str | os.PathLike) -> Network: ...


@overload
def restore(path: str | os.PathLike, module: Module) -> Module: ...


def restore(path: str | os.PathLike, module: nn.Module | None = None) -> nn.Module:
    """Rebuild a network from a file that `save` wrote; its logits are bit-identical to the original's.

    Args:
        path: the file, or a run folder; or "hf:owner/name" for what `tenfold.push` published on the Hugging Face Hub.
        module: a module to load the weights into, in place; for modules that `tenfold.build` did not make.

    Returns:
        The network on the CPU, or the module; in evaluation mode.

    Raises:
        TenfoldError: if there is no such file, or it is damaged, or holds no tenfold network, or the weights do not fit
            the module, or `huggingface_hub` is missing.
        OSError: if the file cannot be read.

    Example:
        >>> model = tenfold.build("softmax")
        >>> tenfold.save(model, "model.safetensors")
        >>> torch.equal(tenfold.restore("model.safetensors")[1].weight, model[1].weight)
        True
    """
    path = _download(path[len(HUB) :]) if isinstance(path, str) and path.startswith(HUB) else Path(path)
    if path.is_dir():
        path = path / "model.safetensors"
    tensors, metadata = read_tensors(path)
    if module is not None:
        try:
            module.load_state_dict(tensors)
        except RuntimeError as error:
            raise TenfoldError(f"{path}: does not fit this {type(module).__name__} ({_reason(error)})") from None
        return module.eval()
    if "module" in metadata:
        name = metadata["module"]
        raise TenfoldError(f"{path}: holds the weights of a {name}; give one: tenfold.restore(path, {name}())")
    if "network" not in metadata:
        raise TenfoldError(f"{path}: holds no tenfold network; write one with tenfold.save()")
    try:
        description = strict_json.loads(metadata["network"], str(path))
        options = {"classes": description.get("classes", DIGITS), **description["options"]}
        with torch.device("meta"):  # takes no memory, whatever size is asked for
            build(description["name"], **options).load_state_dict(tensors, assign=True)
        model = build(description["name"], **options)
        model.load_state_dict(tensors)
        if "thresholds" in description:  # older files have none
            model.thresholds = Thresholds(**description["thresholds"])
    except (ArithmeticError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise TenfoldError(
            f"{path}: its weights do not fit the network {metadata['network'][:LONGEST]}; "
            f"another version may have written them ({_reason(error)})"
        ) from None
    return model.eval()


def _download(repository: str) -> Path:
    """The weights in a repository on the Hugging Face Hub, in its cache on this machine."""
    with needed_by(f"{HUB}{repository}"):
        from huggingface_hub import hf_hub_download
    try:
        return Path(hf_hub_download(repository, "model.safetensors", library_name="tenfold"))
    except Exception as error:  # its own, those of its HTTP library, and the system's
        reason = shorten(str(error), LONGEST, placeholder=" …")
        raise TenfoldError(f"{HUB}{repository}: cannot be fetched from the Hub ({reason})") from None


def _reason(error: Exception) -> str:
    """The end of a message; PyTorch lists what does not fit, one line each."""
    return (str(error).splitlines() or [""])[-1].strip()[:LONGEST]


def write_tensors(path: str | os.PathLike, tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
    """Write tensors, from any device and in any memory layout, with text and a SHA-256 of everything, atomically.

    All text goes into one metadata entry, so that the bytes are always the same: safetensors writes several entries in
    no fixed order.

    Args:
        path: the file; an existing one is replaced.
        tensors: the tensors, by name.
        metadata: the text, by name.
    """
    # copies, because safetensors refuses tensors that share memory, as tied weights do
    contiguous = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()
    }
    text = json.dumps({"sha256": _sha256(contiguous, metadata), **metadata})
    write_atomically(path, safetensors.torch.save(contiguous, {"tenfold": text}))


def read_tensors(path: str | os.PathLike) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read the tensors and the text that `write_tensors` wrote.

    Files from earlier versions have no SHA-256 and are read without a check.

    Raises:
        TenfoldError: if there is no such file, or it is not a safetensors file, or has changed since it was written.
    """
    if not Path(path).is_file():
        raise not_a_file(path)
    check_size(path, DATA)
    try:
        with _in_utf8(path) as name, safetensors.safe_open(name, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            metadata = file.metadata() or {}
    except safetensors.SafetensorError as error:
        if missing := _missing(Path(path).read_bytes()):
            raise TenfoldError(f"{path}: truncated, its last {missing:,} bytes are missing; get it again") from None
        raise TenfoldError(f"{path}: not a safetensors file, or a damaged one ({error})") from None
    if "tenfold" not in metadata:
        return tensors, metadata
    try:
        stored, *texts = json.loads(metadata["tenfold"]).items()
        intact = stored == ("sha256", _sha256(tensors, dict(texts)))
    except (AttributeError, RecursionError, TypeError, ValueError):  # the text itself has changed
        intact = False
    if not intact:
        raise TenfoldError(f"{path}: damaged, its SHA-256 is not the one stored in it; copy it again, or train again")
    return tensors, dict(texts)


def _sha256(tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> str:
    """The checksum of the tensors' names, types, shapes and values, and of the text."""
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _missing(content: bytes) -> int:
    """How many bytes are missing from the end of a safetensors file, as far as its header tells."""
    start = 8 + int.from_bytes(content[:8], "little")
    try:
        header, _ = json.JSONDecoder().raw_decode(content[8:start].decode())
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        return max(0, start + max(ends) - len(content))
    except (AttributeError, KeyError, IndexError, RecursionError, TypeError, ValueError):
        # no complete header; if it begins like one, the rest is missing
        return max(0, start - len(content)) if content[8:9] == b"{" and len(content) < start < DATA else 0


@contextmanager
def _in_utf8(path: str | os.PathLike) -> Iterator[str]:
    """A UTF-8 path to a file, as safetensors needs: its own, or that of a link to it."""
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        with TemporaryDirectory() as folder:
            link = Path(folder, "link")
            link.symlink_to(Path(path).absolute())
            yield str(link)
    else:
        yield os.fspath(path)
