"""What a network looks at, how it arranges the digits, and which training labels look wrong."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from tenfold.base.errors import TenfoldError
from tenfold.base.extras import needed_by
from tenfold.data import SIDE, Digits, preprocess
from tenfold.evaluation.metrics import Evaluation
from tenfold.networks import predict_logits
from tenfold.networks.layers import Residual

ACTIVATIONS = (nn.ReLU, nn.GELU, nn.Sigmoid, nn.Tanh, Residual)


def first_filters(model: nn.Module) -> Float[np.ndarray, "filters height width"]:
    """The weights of a network's first layer, as a picture for every output.

    Raises:
        TenfoldError: if the first layer with weights is neither a convolution with one input channel nor a linear layer
            on all pixels.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d) and layer.in_channels == 1:
            return layer.weight.detach().float().cpu().numpy()[:, 0]
        if isinstance(layer, nn.Linear) and layer.in_features == SIDE**2:
            return layer.weight.detach().float().cpu().numpy().reshape(-1, SIDE, SIDE)
        if any(True for _ in layer.parameters(recurse=False)):
            break
    raise TenfoldError("the first layer does not look at pixels; its weights cannot be shown as pictures")


def feature_maps(
    model: nn.Module, image: UInt8[np.ndarray, "28 28"]
) -> list[Float[np.ndarray, "channels height width"]]:
    """The feature maps of one image after each activation, in the order in which the layers run.

    Args:
        model: takes standardized images `(batch, 1, 28, 28)`.
        image: the image, 255 is ink.

    Returns:
        The maps of each layer; an empty list for a network without convolutions.
    """
    maps: list[np.ndarray] = []

    def record(_: nn.Module, __: Any, output: Tensor) -> None:
        if output.ndim == 4 and output.shape[2] > 1:
            maps.append(output[0].float().cpu().numpy())  # the first: the others may be shifted views of the image

    layers = [layer for layer in model.modules() if isinstance(layer, ACTIVATIONS)]
    inside = {inner for layer in layers for inner in layer.modules() if inner is not layer}
    _watch([layer for layer in layers if layer not in inside], record, model, image[None])
    return maps


def occlusion(
    model: nn.Module, image: UInt8[np.ndarray, "28 28"], label: int, patch: int = 5
) -> Float[np.ndarray, "28 28"]:
    """Cover an image with a blank patch around every pixel in turn, and measure how much less probable a digit becomes.

    Args:
        model: takes standardized images `(batch, 1, 28, 28)` and returns logits `(batch, 10)`.
        image: the image.
        label: the digit whose probability to watch, usually the true one.
        patch: the side of the square in pixels, odd.

    Returns:
        By how much the logarithm of the probability falls, in nats, for a patch around each pixel. Positive: the ink
        there speaks for the digit. Negative: it speaks against it. Zero: there is nothing to cover.

    Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2, with the
    probability itself, which hardly changes when a network is confident.
    """
    covered = np.repeat(image[None], SIDE**2 + 1, axis=0)  # the last one stays whole
    for place in range(SIDE**2):
        row, column = (max(0, center - patch // 2) for center in divmod(place, SIDE))
        bottom, right = (center + patch // 2 + 1 for center in divmod(place, SIDE))
        covered[place, row:bottom, column:right] = 0
    log_probability = predict_logits(model, preprocess.to_tensor(covered)).log_softmax(dim=1)[:, label].numpy()
    return (log_probability[-1] - log_probability[:-1]).reshape(SIDE, SIDE)


def saliency(model: nn.Module, image: UInt8[np.ndarray, "28 28"], label: int) -> dict[str, Float[np.ndarray, "28 28"]]:
    """Ask gradients which pixels speak for a digit.

    Args:
        model: any differentiable module that takes standardized images `(batch, 1, 28, 28)` and returns logits
            `(batch, 10)`.
        image: the image.
        label: the digit whose logit to explain, usually the true one.

    Returns:
        By method, a number for each pixel, positive where it speaks for the digit. "gradients": how fast the logit
        rises with the pixel. "integrated gradients": the pixel's share in the difference between this image's logit and
        a blank one's; shares add up to that difference, nearly. "Grad-CAM": where the last convolution finds what
        raises the logit, on its coarse grid, never negative; missing for a network without convolutions.

    Raises:
        TenfoldError: if Captum is not installed.

    Sources: Simonyan, Vedaldi, and Zisserman, "Deep Inside Convolutional Networks", ICLR 2014 workshop; Sundararajan,
    Taly, and Yan, "Axiomatic Attribution for Deep Networks", ICML 2017; Selvaraju et al., "Grad-CAM", ICCV 2017.
    """
    with needed_by("saliency"):
        from captum.attr import IntegratedGradients, LayerAttribution, LayerGradCam, Saliency
    device, mode = next(model.parameters()).device, model.training
    pixels = preprocess.to_tensor(np.stack((image, np.zeros_like(image)))).to(device)
    whole, blank = pixels[:1].requires_grad_(), pixels[1:]
    model.eval()
    try:
        maps = {
            "gradients": Saliency(model).attribute(whole, target=label, abs=False),
            "integrated gradients": IntegratedGradients(model).attribute(whole, blank, target=label),
        }
        if convolutions := [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]:
            coarse = LayerGradCam(model, convolutions[-1]).attribute(whole, target=label, relu_attributions=True)
            # the first: the others may be shifted views of the image
            maps["Grad-CAM"] = LayerAttribution.interpolate(coarse[:1], (SIDE, SIDE), "bilinear")
    finally:
        model.train(mode)
    return {method: found.detach().float().cpu().numpy()[0, 0] for method, found in maps.items()}


def shuffle_weights(model: nn.Module, seed: int = 0) -> nn.Module:
    """Copy a network, with the weights within each tensor in random order, so that all that it has learned is gone.

    The sanity check of a saliency map: one that stays the same shows the image, not what the network makes of it.

    Source: Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018; shuffled instead of drawn anew, which works
    for any module.
    """
    shuffled, generator = copy.deepcopy(model), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in shuffled.parameters():
            weights.copy_(weights.flatten()[torch.randperm(weights.numel(), generator=generator)].view_as(weights))
    return shuffled


def features(model: nn.Module, digits: Digits) -> Float[np.ndarray, "n features"]:
    """The features of each image: the inputs of the last linear layer; for softmax regression, the pixels.

    Args:
        model: takes standardized images `(batch, 1, 28, 28)`.
        digits: the images.

    Raises:
        TenfoldError: if the network has no linear layer.
    """
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    if not linear:
        raise TenfoldError("the network has no linear layer; there are no features before it")
    found: list[np.ndarray] = []

    def record(_: nn.Module, inputs: tuple[Tensor, ...], __: Tensor) -> None:
        found.append(inputs[0].float().cpu().numpy())

    batch_size = 1000
    for start in range(0, len(digits), batch_size):
        images = digits.images[start : start + batch_size]
        _watch(linear[-1:], record, model, images)
        found[-1] = found[-1][: len(images)]  # the first: the others may be shifted views of the images
    return np.concatenate(found)


def _watch(layers: Sequence[nn.Module], hook: Callable[..., None], model: nn.Module, images: np.ndarray) -> None:
    handles = [layer.register_forward_hook(hook) for layer in layers]
    try:
        predict_logits(model, preprocess.to_tensor(images))
    finally:
        for handle in handles:
            handle.remove()


def plane(features: Float[np.ndarray, "n features"]) -> dict[str, Float[np.ndarray, "n 2"]]:
    """Map images to points in the plane, with similar features close together.

    Args:
        features: the features of each image, from `features`.

    Returns:
        Points by method. "PCA" keeps the two directions in which the features vary most, so distances have a meaning;
        "t-SNE" keeps neighbors together, but distances between groups mean nothing.

    Raises:
        TenfoldError: if there are fewer than three images, or scikit-learn is not installed.

    Source: van der Maaten and Hinton, "Visualizing Data using t-SNE", JMLR 9, 2008, with PCA to at most 50 dimensions
    first, as in its section 4.2.
    """
    with needed_by("a map of the digits"):
        from sklearn.decomposition import PCA
        from sklearn.manifold import TSNE

    n, dimensions = features.shape
    if n < 3:
        raise TenfoldError(f"a map of the digits needs at least 3 images, not {n}")
    components = PCA(min(50, n, dimensions), random_state=0).fit_transform(features)
    tsne = TSNE(perplexity=min(30, (n - 1) / 3), init="pca", random_state=0)
    return {"PCA": components[:, :2], "t-SNE": tsne.fit_transform(components)}


def extremes(features: Float[np.ndarray, "n features"], labels: UInt8[np.ndarray, " n"]) -> dict[int, tuple[int, int]]:
    """Find the most typical and the oddest image of each class: nearest to, and farthest from, its mean features.

    Args:
        features: the features of each image, from `features`.
        labels: the labels of the images.

    Returns:
        The two indices by digit; a class without images is left out.

    Source: the mean of a class as its prototype from Snell, Swersky, and Zemel, "Prototypical Networks for Few-shot
    Learning", NeurIPS 2017, section 2.2.
    """
    found = {}
    for digit in np.unique(labels):
        members = np.flatnonzero(labels == digit)
        distances = np.linalg.norm(features[members] - features[members].mean(axis=0), axis=1)
        found[int(digit)] = int(members[distances.argmin()]), int(members[distances.argmax()])
    return found


def doubtful_labels(out_of_fold: Evaluation) -> Int64[np.ndarray, " doubtful"]:
    """Find likely label errors by confident learning.

    Args:
        out_of_fold: the answers of networks that were not trained on these images, from `tenfold.training.out_of_fold`;
            a network does not doubt labels that it has memorized.

    Returns:
        Indices of the images whose label is probably wrong, the least probable labels first.

    Raises:
        TenfoldError: if cleanlab is not installed.

    Source: Northcutt, Jiang, and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70, 2021.
    """
    with needed_by("the search for label errors"):
        from cleanlab.filter import find_label_issues

    return find_label_issues(
        out_of_fold.labels.astype(np.int64),
        out_of_fold.probabilities,
        return_indices_ranked_by="self_confidence",
        min_examples_per_class=0,  # a warning about small classes would not help here
        n_jobs=1,
    )
