"""Finding ink: crops and their masks stay together, and a network learns."""

import numpy as np
import pytest
import torch

from tenfold import recipes
from tenfold.networks import build
from tenfold.training import Training, run
from tenfold.training.ink_task import SIDE, InkMasks, Scenes, draw_scenes


def test_a_crop_and_its_ink_are_turned_and_mirrored_alike():
    inks = np.random.default_rng(0).integers(0, 256, (8, SIDE + 20, SIDE + 20), dtype=np.uint8)
    scenes = Scenes(np.repeat(inks[..., None], 3, axis=3), inks)
    task = InkMasks(scenes, Scenes(scenes.pictures[:0], inks[:0]), recipes.load("ink"))
    torch.manual_seed(0)
    inputs, target = task.augment(torch.arange(8))
    shown = (inputs.mean(dim=1, keepdim=True) + 2) * 64 / 255
    same = (shown - target).abs().amax(dim=(1, 2, 3)) < 1e-3
    inverted = (1 - shown - target).abs().amax(dim=(1, 2, 3)) < 1e-3
    assert (same ^ inverted).all()


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_a_network_learns_where_ink_is(mnist, device):
    scenes = draw_scenes(mnist[0], range(8), side=SIDE)
    recipe = recipes.load("ink", {"batch_size": 4, "epochs": 4})
    torch.manual_seed(0)
    task = InkMasks(scenes, scenes, recipe)
    network = build("ink_unet", width=6)
    history = run(Training(network, task, recipe, torch.device(device)))
    assert history["loss"][-1] < 0.95 * history["loss"][0]
    assert task.validate(network)[0] == history["validation_loss"][-1]
