"""Ink as a task of the training loop: for every pixel of a drawn scene, whether it is covered by writing."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from tenfold.data import Digits
from tenfold.recipes import Recipe
from tenfold.synthesis.scenes import draw_scene
from tenfold.synthesis.writing import make_alphabet
from tenfold.training.tasks import Loss, Task

SIDE = 192  # pixels: the random crop of a scene that is trained on
RARE = 2.0  # how much more a missed pixel of ink costs than one that is invented: most of a page is paper
OVERLAP, SMALL = 0.125, 20.0  # the weight of the overlap's loss, and the pixels of ink below which it hardly counts


@dataclass(frozen=True, eq=False)
class Scenes:
    """Drawn scenes.

    Attributes:
        pictures: red, green, and blue, 0 to 255.
        inks: how much of each pixel is covered by ink, 0 to 255.
    """

    pictures: UInt8[np.ndarray, "n side side 3"]
    inks: UInt8[np.ndarray, "n side side"]


def draw_scenes(digits: Digits, seeds: range, side: int = 256) -> Scenes:
    """Draw one scene for each seed, written with the given digits."""
    alphabet = make_alphabet(digits)
    drawn = Scenes(np.empty((len(seeds), side, side, 3), np.uint8), np.empty((len(seeds), side, side), np.uint8))
    for index, seed in enumerate(seeds):
        scene = draw_scene(alphabet, np.random.default_rng(seed), side)
        drawn.pictures[index], drawn.inks[index] = scene.picture, scene.ink
    return drawn


class InkMasks(Task):
    """Tell writing from everything else.

    Args:
        train: the scenes to train on.
        validation: held-out scenes.
        recipe: gives the batch size.
    """

    def __init__(self, train: Scenes, validation: Scenes, recipe: Recipe) -> None:
        self.train, self.validation = train, validation
        self.has_validation = len(validation.inks) > 0
        self.batch_size = min(recipe.batch_size, len(train.inks))
        self.steps_per_epoch = len(train.inks) // self.batch_size
        self.input_shape = (self.batch_size, 3, SIDE, SIDE)

    def batches(self) -> Iterator[Int64[Tensor, " batch"]]:
        """Indices of scenes."""
        order = torch.randperm(len(self.train.inks))
        yield from order[: self.steps_per_epoch * self.batch_size].split(self.batch_size)

    def augment(
        self, batch: Int64[Tensor, " batch"]
    ) -> tuple[Float[Tensor, "batch 3 192 192"], Float[Tensor, "batch 1 192 192"]]:
        """A random crop of each scene, turned by quarters, mirrored, its colors exchanged or inverted; and its ink."""
        pictures, inks = [], []
        room = self.train.inks.shape[1] - SIDE + 1
        for index in batch.tolist():
            top, left = torch.randint(room, (2,)).tolist()
            quarters, mirrored, exchanged, inverted = torch.randint(8, (4,)).tolist()
            rows, columns = slice(top, top + SIDE), slice(left, left + SIDE)
            picture, ink = self.train.pictures[index, rows, columns], self.train.inks[index, rows, columns]
            if mirrored < 4:  # strokes look alike in all directions
                picture, ink = picture[:, ::-1], ink[:, ::-1]
            if exchanged < 4:
                picture = picture[:, :, torch.randperm(3).numpy()]
            pictures.append(np.rot90(255 - picture if inverted < 1 else picture, quarters))
            inks.append(np.rot90(ink, quarters))
        return to_input(np.stack(pictures)), to_target(np.stack(inks))

    def loss(self, logits: Float[Tensor, "batch 1 h w"], target: Float[Tensor, "batch 1 h w"]) -> Loss:
        """Cross-entropy of the pixels in nats, and how little of the ink overlaps with what is found.

        Source: F. Milletari et al., "V-Net", 3DV 2016, section 3, for the overlap.
        """
        target = target.to(logits.device)
        cross_entropy = F.binary_cross_entropy_with_logits(logits, target, pos_weight=logits.new_tensor(RARE))
        found = logits.sigmoid()
        both, either = (found * target).sum(dim=(1, 2, 3)), (found + target).sum(dim=(1, 2, 3))
        overlap = (2 * both + SMALL) / (either + SMALL)
        right = ((logits > 0) == (target > 0.5)).float().mean(dim=(1, 2, 3)).sum().round().long()
        return cross_entropy + OVERLAP * (1 - overlap.mean()), cross_entropy, right

    @torch.inference_mode()
    def validate(self, model: nn.Module) -> tuple[float, float]:
        """Cross-entropy in nats, and the F1 score of the pixels of ink in held-out scenes."""
        model.eval()
        device = next(model.parameters()).device
        losses, hits, found, there = [], 0, 0, 0
        for start in range(0, len(self.validation.inks), self.batch_size):
            some = slice(start, start + self.batch_size)
            target = to_target(self.validation.inks[some]).to(device)
            logits = model(to_input(self.validation.pictures[some]).to(device)).float()
            losses.append(self.loss(logits, target)[1].item() * len(logits))
            hits += int(((logits > 0) & (target > 0.5)).sum())
            found, there = found + int((logits > 0).sum()), there + int((target > 0.5).sum())
        return sum(losses) / len(self.validation.inks), 2 * hits / max(1, found + there)


def to_input(pictures: UInt8[np.ndarray, "n h w 3"]) -> Float[Tensor, "n 3 h w"]:
    """Pictures as the network takes them: channels first, from -2 to 2."""
    pixels = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float()
    return (pixels / 64 - 2).contiguous(memory_format=torch.channels_last)


def to_target(inks: UInt8[np.ndarray, "n h w"]) -> Float[Tensor, "n 1 h w"]:
    """Ink as the network answers, from 0 to 1."""
    return torch.from_numpy(np.ascontiguousarray(inks)).unsqueeze(1).float() / 255
