import sys

import numpy as np
import pytest
import torch
from torch import nn

from tenfold import Evaluation, TenfoldError, build, recipes
from tenfold.data import Digits
from tenfold.evaluation import interpretation
from tenfold.training import out_of_fold


class OnePixel(nn.Module):
    """Reads a 1 where one pixel has ink, and looks nowhere else."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x):
        logits = torch.zeros(len(x), 10)
        logits[:, 1] = self.weight * x[:, 0, 14, 9]
        return logits


def test_occlusion_shows_where_a_network_looks():
    patch = 5
    image = np.full((28, 28), 255, np.uint8)
    drop = interpretation.occlusion(OnePixel(), image, 1, patch)
    reach = patch // 2
    seen = np.zeros((28, 28), bool)
    seen[14 - reach : 15 + reach, 9 - reach : 10 + reach] = True
    assert (drop[seen] > 1).all()
    assert not drop[~seen].any()
    against = interpretation.occlusion(OnePixel(), image, 7, patch)
    assert (against[seen] < 0).all()
    assert not interpretation.occlusion(OnePixel(), np.zeros((28, 28), np.uint8), 1, patch).any()


def test_gradients_show_where_a_network_looks():
    pytest.importorskip("captum")
    image = np.full((28, 28), 255, np.uint8)
    maps = interpretation.saliency(OnePixel(), image, 1)
    assert list(maps) == ["gradients", "integrated gradients"]  # no convolution, no Grad-CAM
    for found in maps.values():
        assert np.argwhere(found).tolist() == [[14, 9]]
    assert maps["gradients"][14, 9] == 1  # the weight
    assert maps["integrated gradients"][14, 9] == pytest.approx(1 / interpretation.preprocess.STD, rel=1e-4)
    for name in ("cnn", "shift_tta_cnn"):
        grad_cam = interpretation.saliency(build(name), image, 1)["Grad-CAM"]
        assert grad_cam.shape == (28, 28)
        assert grad_cam.min() >= 0


def test_shuffled_weights_are_the_same_numbers_elsewhere():
    network = build("cnn", width=8)
    before, after = (one.state_dict() for one in (network, interpretation.shuffle_weights(network)))
    weights = before["0.weight"]
    assert not torch.equal(after["0.weight"], weights)
    torch.testing.assert_close(after["0.weight"].flatten().sort().values, weights.flatten().sort().values)


def test_filters_are_the_weights_that_meet_the_pixels():
    for name, shape in {"cnn": (32, 5, 5), "shift_tta_cnn": (32, 5, 5), "softmax": (10, 28, 28)}.items():
        assert interpretation.first_filters(build(name)).shape == shape
    softmax = build("softmax")
    np.testing.assert_array_equal(interpretation.first_filters(softmax)[3].ravel(), softmax[1].weight[3].detach())
    with pytest.raises(TenfoldError, match="does not look at pixels"):
        interpretation.first_filters(nn.Sequential(nn.Flatten(), nn.Unflatten(1, (4, 14, 14)), nn.Conv2d(4, 8, 3)))


def test_feature_maps_come_from_every_convolutional_layer(few):
    shapes = {
        "lenet5": [(6, 28, 28), (16, 10, 10)],
        "shift_tta_cnn": [(32, 12, 12), (32, 12, 12), (48, 6, 6), (64, 4, 4), (64, 2, 2)],
        "resnet": [(32, 12, 12), (32, 12, 12), (64, 6, 6), (64, 6, 6), (64, 4, 4)],
        "mlp": [],
    }
    for name, expected in shapes.items():
        assert [maps.shape for maps in interpretation.feature_maps(build(name), few.images[0])] == expected


def test_features_lead_to_the_logits(few):
    for name in ("softmax", "cnn"):
        model = build(name).eval()
        features = torch.from_numpy(interpretation.features(model, few))
        expected = interpretation.predict_logits(model, interpretation.preprocess.to_tensor(few.images))
        torch.testing.assert_close(model[-1](features).detach(), expected, rtol=1e-4, atol=1e-4)
    assert interpretation.features(build("shift_tta_cnn"), few[:3]).shape == (3, 256)  # of the image, not of its shifts
    with pytest.raises(TenfoldError, match="no linear layer"):
        interpretation.features(nn.Sequential(nn.Conv2d(1, 10, 28), nn.Flatten()), few)


def test_extremes_are_nearest_to_and_farthest_from_the_mean_of_their_class():
    features = np.array([[0, 0], [9, 0], [3, 0], [5, 5], [-8, 0]], np.float32)
    labels = np.array([4, 4, 4, 7, 4], np.uint8)  # the mean of the fours is (1, 0)
    found = interpretation.extremes(features, labels)
    assert found == {4: (0, 4), 7: (3, 3)}


def test_a_map_keeps_groups_apart():
    pytest.importorskip("sklearn")
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 20)
    features = (generator.normal(size=(60, 64)) + 20 * np.eye(3, 64)[labels]).astype(np.float32)
    points = interpretation.plane(features)
    assert list(points) == ["PCA", "t-SNE"]
    for where in points.values():
        distances = np.linalg.norm(where[:, None] - where, axis=2) + 1e9 * np.eye(60)
        assert (labels[distances.argmin(1)] == labels).all()
    np.testing.assert_array_equal(interpretation.plane(features)["t-SNE"], points["t-SNE"])
    assert all(where.shape == (3, 2) for where in interpretation.plane(features[:3]).values())
    with pytest.raises(TenfoldError, match="at least 3 images, not 1"):
        interpretation.plane(features[:1])


def test_planted_wrong_labels_are_found_by_networks_that_did_not_learn_them(mnist, tiny_recipe):
    pytest.importorskip("cleanlab")
    truth = mnist[0][:3000]
    planted = np.random.default_rng(0).choice(3000, 30, replace=False)
    labels = truth.labels.copy()
    labels[planted] = (labels[planted] + 5) % 10
    digits = Digits(truth.images, labels)
    answers = Evaluation(out_of_fold(digits, tiny_recipe, folds=3), labels)
    doubtful = interpretation.doubtful_labels(answers)
    assert set(doubtful) <= set(np.flatnonzero(answers.predictions != labels))
    # one label of a hundred is planted
    assert np.isin(doubtful[:20], planted).mean() > 0.5
    assert np.isin(planted, doubtful).mean() > 0.5


def test_every_image_is_read_by_a_network_that_has_not_seen_it(few, tiny_recipe):
    """Random labels cannot be guessed, only be learned by heart."""
    digits = Digits(few.images[:200], np.random.default_rng(0).integers(0, 10, 200, np.uint8))
    recipe = recipes.load("quick", {"epochs": 20, "batch_size": 20, "precision": "float32"})
    logits = out_of_fold(digits, recipe, folds=2)
    assert np.isfinite(logits).all()
    assert (logits.argmax(1) == digits.labels).mean() < 0.25
    for folds in (1, 201):
        with pytest.raises(TenfoldError, match="choose 2 to 200"):
            out_of_fold(digits, tiny_recipe, folds)


def test_a_missing_package_is_one_line(monkeypatch):
    answers = Evaluation(np.eye(10, dtype=np.float32), np.arange(10, dtype=np.uint8))
    for missing, extra, call in (
        ("sklearn", "classical", lambda: interpretation.plane(np.zeros((5, 2), np.float32))),
        ("cleanlab", "interpret", lambda: interpretation.doubtful_labels(answers)),
    ):
        for module in {missing, *(name for name in sys.modules if name.startswith(f"{missing}."))}:
            monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(TenfoldError, match=rf"pip install 'tenfold\[{extra}\]'$"):
            call()
