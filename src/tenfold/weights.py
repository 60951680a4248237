"""Weights on disk: `save` and `restore`, in safetensors, which holds numbers and text but no code."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import safetensors
import safetensors.torch
from torch import Tensor, nn

from tenfold import strict_json
from tenfold.errors import TenfoldError
from tenfold.files import write_atomically
from tenfold.networks import Network, build


def save(model: nn.Module, path: str | os.PathLike) -> None:
    """Write a network, its name, options and weights, into one safetensors file, atomically.

    Args:
        model: a network made by `tenfold.build`.
        path: the file; an existing one is replaced.

    Raises:
        TenfoldError: if the model was not made by `tenfold.build`.
        OSError: if the file cannot be written.
    """
    if not isinstance(model, Network):
        raise TenfoldError(f"cannot save a {type(model).__name__}: restore() rebuilds only networks of tenfold.build()")
    description = strict_json.dumps({"name": model.name, "options": model.options})
    write_tensors(path, model.state_dict(), {"network": description})


def restore(path: str | os.PathLike) -> Network:
    """Rebuild a network from what `save` wrote; its logits are bit-identical to those before.

    Args:
        path: the file, or a run folder.

    Returns:
        The network on the CPU, in evaluation mode.

    Raises:
        TenfoldError: if there is no such file, it is damaged, or it holds no network of tenfold.
        OSError: if the file cannot be read.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "model.safetensors"
    tensors, metadata = read_tensors(path)
    if "network" not in metadata:
        raise TenfoldError(f"{path}: holds no tenfold network; write one with tenfold.save()")
    try:
        description = strict_json.loads(metadata["network"], str(path))
        model = build(description["name"], **description["options"])
        model.load_state_dict(tensors)
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[-1].strip()  # PyTorch lists what does not fit, a line each
        raise TenfoldError(
            f"{path}: its weights do not fit the network {metadata['network']}; "
            f"another version may have written them ({reason})"
        ) from None
    return model.eval()


def write_tensors(path: str | os.PathLike, tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> None:
    """Write tensors from any device and in any memory layout, atomically, with text beside them.

    One entry of text gives the same bytes each time; safetensors writes several in no fixed order.
    """
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, safetensors.torch.save(contiguous, metadata))


def read_tensors(path: str | os.PathLike) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read what `write_tensors` wrote: the tensors and the text.

    Raises:
        TenfoldError: if there is no such file or it is no safetensors file.
    """
    if not Path(path).is_file():
        raise TenfoldError(f"{path}: no such file")
    try:
        with _in_utf8(path) as name, safetensors.safe_open(name, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except safetensors.SafetensorError as error:
        raise TenfoldError(f"{path}: truncated or not a safetensors file ({error})") from None


@contextmanager
def _in_utf8(path: str | os.PathLike) -> Iterator[str]:
    """A name of a file that is UTF-8, as safetensors wants it: its own, or that of a link to it."""
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        with TemporaryDirectory() as folder:
            link = Path(folder, "link")
            link.symlink_to(Path(path).absolute())
            yield str(link)
    else:
        yield os.fspath(path)
