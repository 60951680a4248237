import json

import numpy as np
import pytest
import torch
from torch import nn

from tenfold import TenfoldError
from tenfold.data import preprocess
from tenfold.evaluation import attacks, autoattack, wilson_interval
from tenfold.networks import build
from tenfold.training.adversarial import fgsm, length, pgd

ATTACKS = {
    "fgsm": fgsm,
    "pgd": pgd,
    "apgd": autoattack.apgd,
    "targeted apgd": autoattack.targeted_apgd,
    "targeted fab": autoattack.targeted_fab,
}


class Plane(nn.Module):
    """Tells class 0 from class 1 by which side of a plane an image is on, and never sees the others."""

    def __init__(self, normal):
        super().__init__()
        self.normal = nn.Parameter(normal)

    def forward(self, x):
        pixels = x * preprocess.STD + preprocess.MEAN
        side = ((pixels - 0.5).flatten(1) @ self.normal)[:, None]
        return torch.cat((side, -side, torch.arange(-11.0, -3).expand(len(x), 8)), dim=1)


@pytest.fixture(scope="module")
def plane() -> Plane:
    return Plane(torch.randn(784, generator=torch.Generator().manual_seed(0)) / 28)


@pytest.fixture(scope="module")
def gray(plane) -> torch.Tensor:
    """An image near gray, on the side of class 0."""
    image = 0.5 + 0.1 * torch.rand(784, generator=torch.Generator().manual_seed(1))
    return (image + plane.normal.detach() * 0.1).view(1, 1, 28, 28)


@pytest.mark.parametrize("norm", ["Linf", "L2"])
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_succeeds_just_beyond_the_distance_to_the_boundary(plane, gray, name, norm, monkeypatch):
    monkeypatch.setattr(autoattack, "STEPS", 30)
    label = torch.zeros(1, dtype=torch.int64)
    normal = plane.normal.detach()
    distance = float((gray.flatten() - 0.5) @ normal) / float(normal.abs().sum() if norm == "Linf" else normal.norm())
    torch.manual_seed(0)
    for epsilon, expected in ((0.97 * distance, 0), (1.03 * distance, 1)):
        moved = ATTACKS[name](plane, gray, label, epsilon, norm)
        assert length(moved - gray, norm) <= epsilon + 1e-5
        assert autoattack.read(plane, moved).argmax() == expected


@pytest.mark.parametrize("norm", ["Linf", "L2"])
def test_square_finds_the_way_without_gradients(plane, gray, norm, monkeypatch):
    monkeypatch.setattr(autoattack, "QUERIES", 200)
    label = torch.zeros(1, dtype=torch.int64)
    epsilon = {"Linf": 0.15, "L2": 2.5}[norm]
    torch.manual_seed(0)
    moved = autoattack.square(plane, gray, label, epsilon, norm)
    assert (length(moved - gray, norm) <= epsilon + 1e-5).all()
    assert ((moved >= 0) & (moved <= 1)).all()
    assert (autoattack.read(plane, moved).argmax(dim=1) == 1).all()


def test_a_change_to_the_plane_is_the_shortest_within_the_limits_of_the_pixels():
    images = torch.full((1, 1, 28, 28), 0.5)
    images[..., 0] = 0.95  # nothing more than 0.05 goes here
    normal = torch.ones_like(images)
    change = autoattack._to_plane(images, normal, torch.tensor([28 * 0.05 + 756 * 0.1]), "Linf")
    torch.testing.assert_close(change[..., 0], torch.full_like(change[..., 0], 0.05))
    torch.testing.assert_close(change[..., 1:], torch.full_like(change[..., 1:], 0.1))


@pytest.fixture(scope="module")
def result(mnist) -> tuple[nn.Module, attacks.AttackResult]:
    """Softmax regression whose templates are the mean digits, under short attacks."""
    train, test = mnist[0][:5000], mnist[1][:12]
    network = build("softmax")
    means = np.stack([train.images[train.labels == digit].mean(axis=0).ravel() / 255 for digit in range(10)])
    with torch.no_grad():
        network[1].weight.copy_(torch.tensor(means - means.mean(axis=0)) / 4)
        network[1].bias.copy_(torch.tensor(-(means**2).sum(axis=1) / 8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(autoattack, "STEPS", 10)
        patch.setattr(autoattack, "QUERIES", 20)
        patch.setattr(attacks, "RIVALS", 3)
        return network, attacks.attack(network, test)


def test_accuracies_fall_with_the_size_of_the_change_and_the_strength_of_the_attack(result):
    network, found = result
    assert found.n == 12
    for norm, epsilons in attacks.EPSILONS.items():
        for name in attacks.ATTACKS:
            curve = found.find(name, norm)
            assert [one.epsilon for one in curve] == [*(attacks.PUBLISHED[norm] if name == "AutoAttack" else epsilons)]
            accuracies = [found.clean.accuracy, *(one.accuracy.accuracy for one in curve)]
            assert accuracies == sorted(accuracies, reverse=True)
            assert all(one.accuracy.interval == wilson_interval(round(12 * one.accuracy.accuracy), 12) for one in curve)
    assert found.clean.accuracy > 0.5
    assert found.find("AutoAttack", "Linf")[-1].accuracy.accuracy <= 0.1
    for one in found.attacked:  # pictures: rounded to 256 levels
        change = torch.tensor((one.images.astype(float) - found.clean_images) / 255)
        assert length(change[:, None], one.norm).max() < one.epsilon + (0.003 if one.norm == "Linf" else 0.06)
    assert len(json.loads(json.dumps(found.to_dict()))["attacked"]) == len(found.attacked) == 23
    assert network.training  # as it was


def test_what_cannot_be_attacked_is_one_line(nearest, mnist):
    digits = mnist[1][:20]
    with pytest.raises(TenfoldError, match=r"SimpleNamespace: has no gradients.*\.safetensors"):
        attacks.attack(nearest, digits)
    with pytest.raises(TenfoldError, match="gradients are all zero"):
        attacks.attack(build("integer_cnn"), digits)
    with pytest.raises(TenfoldError, match="four classes"):
        attacks.attack(build("softmax", classes=("a", "b", "c")), digits)
