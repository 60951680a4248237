"""Where to train, and in which number format."""

import warnings
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from tenfold.base.errors import TenfoldError


def choose_device(name: str | None = None) -> torch.device:
    """The device called `name`, or by default the fastest available: CUDA, then Apple's MPS, then the CPU.

    Raises:
        TenfoldError: if this machine has no such device.
    """
    available = ["cpu"]
    if torch.cuda.is_available():
        available.append("cuda")
    if torch.backends.mps.is_available():
        available.append("mps")
    if name is None:
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if kind in available))
    if name not in available:
        raise TenfoldError(f"device {name!r} is not available here; choose from: {', '.join(available)}")
    return torch.device(name)


def autocast(device: torch.device, precision: str) -> AbstractContextManager:
    """A context in which convolutions and matrix products run in the recipe's precision.

    Args:
        device: where they run.
        precision: "float32", "bfloat16", or "auto": bfloat16 where the hardware computes in it.
    """
    if precision == "bfloat16" or (precision == "auto" and computes_in_bfloat16(device)):
        # each weight is cast once per step, so there is nothing to cache, and CUDA graphs forbid caching
        return torch.autocast(device.type, torch.bfloat16, cache_enabled=False)
    return nullcontext()


def capture_cuda_graph(model: nn.Module, shape: tuple[int, ...], precision: AbstractContextManager) -> None:
    """Make a model replay its forward and backward passes as CUDA graphs while training, until `release_cuda_graph`.

    A step of a small network is dozens of short kernels; launching them one by one takes longer than running them.

    Args:
        model: a model on a CUDA device, without control flow that depends on the data.
        shape: the shape of every batch to come.
        precision: the context from `autocast` in which the model will run.

    Source: `torch.cuda.make_graphed_callables`, which replaces the `forward` of this one instance.
    """
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    blank = torch.zeros(shape, device=next(model.parameters()).device)
    model.train()
    # gradients are accumulated on the stream of the graph, and PyTorch warns of what is meant to be
    torch.autograd.graph.set_warn_on_accumulate_grad_stream_mismatch(False)
    with precision, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries loaded only now; as an error, it ends the capture
        torch.cuda.make_graphed_callables(model, (blank,))
    model.load_state_dict(weights)  # capturing ran the model, which moved BatchNorm's statistics


def release_cuda_graph(model: nn.Module) -> None:
    """Give a model its own `forward` back; does nothing if no graph was captured."""
    model.__dict__.pop("forward", None)


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether the hardware has bfloat16 instructions; emulating them would be slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return any(capabilities.get(key, False) for key in ("avx512_bf16", "amx_bf16", "bf16"))
    return False
