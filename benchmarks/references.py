"""Well-known recipes, reimplemented from what was published, to be measured beside tenfold's.

Each takes uint8 images `(n, 28, 28)`, labels and a seed, trains, and returns the seconds from those arrays to the last
weight update, and a function that reads images.
"""

import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

Predict = Callable[[np.ndarray], np.ndarray]

# The first optimizer of torch.optim imports PyTorch's compiler for about a second, which should not count as training.
torch.optim.SGD([nn.Parameter(torch.zeros(1))])


def train_mnist_fast(images: np.ndarray, labels: np.ndarray, seed: int, bfloat16: bool) -> tuple[float, Predict]:
    """The final recipe of tuomaso/train_mnist_fast: one epoch of Adam with a one-cycle rate, unshuffled.

    In bfloat16, the optimizer updates a float32 copy of the weights. The channels-last layout and the fused optimizer,
    which the published recipe does not have, make it about twice as fast on a processor.
    """
    torch.manual_seed(seed)
    started = time.perf_counter()
    dtype = torch.bfloat16 if bfloat16 else torch.float32
    inputs, targets = _standardize(images).to(dtype), torch.tensor(labels, dtype=torch.int64)
    model = nn.Sequential(
        *(nn.Conv2d(1, 24, 5), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Conv2d(24, 32, 3), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(800, 256), nn.ReLU(), nn.Linear(256, 10)),
    )
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    master = [parameter.detach().clone() for parameter in model.parameters()]
    low = list(model.to(dtype).parameters())
    optimizer = torch.optim.Adam(master, lr=0.01, betas=(0.7, 0.9), fused=True)
    batches = list(zip(inputs.split(256), targets.split(256), strict=True))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=len(batches), cycle_momentum=False)
    with torch.no_grad():
        torch._foreach_copy_(low, master)
    for x, y in batches:
        model.zero_grad()
        F.cross_entropy(model(x).float(), y).backward()
        for copy, parameter in zip(master, low, strict=True):
            copy.grad = parameter.grad.float()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            torch._foreach_copy_(low, master)
    return time.perf_counter() - started, _predictor(model, dtype)


def pytorch_example(images: np.ndarray, labels: np.ndarray, seed: int, epochs: int) -> tuple[float, Predict]:
    """The `mnist` example of pytorch/examples: two convolutions, Dropout, Adadelta, batch 64."""
    torch.manual_seed(seed)
    started = time.perf_counter()
    inputs, targets = _standardize(images), torch.tensor(labels, dtype=torch.int64)
    model = nn.Sequential(
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)),
        *(nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)),
    )
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    for _ in range(epochs):
        for batch in torch.randperm(len(inputs)).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(inputs[batch]), targets[batch]).backward()
            optimizer.step()
        schedule.step()
    return time.perf_counter() - started, _predictor(model, torch.float32)


def keras_convnet(images: np.ndarray, labels: np.ndarray, seed: int, epochs: int) -> tuple[float, Predict]:
    """Keras' `mnist_convnet` example, on whichever backend Keras is set to."""
    import keras

    keras.utils.set_random_seed(seed)
    started = time.perf_counter()
    inputs = images[..., None].astype("float32") / 255
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
    model.fit(inputs, labels, batch_size=128, epochs=epochs, verbose=0)

    def predict(pixels: np.ndarray) -> np.ndarray:
        return model.predict(pixels[..., None].astype("float32") / 255, verbose=0).argmax(axis=1)

    return time.perf_counter() - started, predict


def _standardize(images: np.ndarray) -> Tensor:
    return (torch.tensor(images).unsqueeze(1).float() / 255 - 0.1307) / 0.3081


def _predictor(model: nn.Module, dtype: torch.dtype) -> Predict:
    @torch.inference_mode()
    def predict(images: np.ndarray) -> np.ndarray:
        model.eval()
        return torch.cat([model(x).argmax(dim=1) for x in _standardize(images).to(dtype).split(1000)]).numpy()

    return predict
