"""Models run by PyTorch."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, UInt8

from tenfold.models.base import Checked, look_up

if TYPE_CHECKING:
    from torch import nn


class TorchModel(Checked):
    """A PyTorch module, run in evaluation mode and float32.

    Args:
        network: the module.
        path: the file or run folder that it was read from, if any.

    Attributes:
        network: the module.
        name: the path as given; without one, the name of the network or of its class.
    """

    def __init__(self, network: "nn.Module", path: Path | None = None) -> None:
        self.network = network
        self.name = getattr(network, "name", type(network).__name__)
        if path is not None:
            self.name, self.thresholds, _ = look_up(path)
        self.thresholds = getattr(network, "thresholds", None) or self.thresholds
        self.classes = getattr(network, "classes", self.classes)
        self._lock = threading.Lock()  # one thread would leave evaluation mode while another reads

    def _logits(self, images: UInt8[np.ndarray, "n 28 28"]) -> Float[np.ndarray, "n classes"]:
        from tenfold.data import preprocess
        from tenfold.networks import predict_logits

        with self._lock:
            return predict_logits(self.network, preprocess.to_tensor(images)).numpy()


class TorchLineModel(Checked):
    """A network that reads text lines, run by PyTorch."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        from tenfold.networks import build
        from tenfold.networks.storage import read_tensors

        self._network = build("text_line_cnn")
        self._network.load_state_dict(read_tensors(path)[0])
        self._network.eval()

    def _logits(self, images: UInt8[np.ndarray, "40 columns"]) -> Float[np.ndarray, "answers 21"]:
        import torch

        from tenfold.data import preprocess

        pixels = preprocess.astype(torch.from_numpy(images)[None, None])  # (1, 1, 40, columns)
        with torch.inference_mode():
            return self._network(preprocess.standardize(preprocess.normalize(pixels)))[0].T.numpy()
