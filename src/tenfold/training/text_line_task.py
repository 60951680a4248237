"""Text lines as a task of the training loop: drawn lines, cut out as the reader cuts them, and what they say."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor, nn

from tenfold.base.errors import TenfoldError
from tenfold.base.form import CHARACTERS, LINE_SIDE, LINE_STEP
from tenfold.data import Digits, preprocess
from tenfold.imaging import Page
from tenfold.imaging.ink import look
from tenfold.imaging.lines import Line, find_lines
from tenfold.imaging.page import page_of_ink
from tenfold.imaging.strips import cut_strip, ink_of
from tenfold.recipes import Recipe
from tenfold.synthesis.scenes import SceneCharacter, draw_lines
from tenfold.synthesis.writing import make_alphabet
from tenfold.training.tasks import Loss, Task

WIDEST = 480  # columns of a strip to train on, at most
SORTED = 75  # batches sorted together by width, so that strips need little padding
ROUNDED = 32  # widths are multiples of this many columns: convolutions are compiled for every new width
SHIFT, TALLER, SHEAR, WAVE = 2.0, 0.1, 0.25, 2.5  # pixel rows, the share of the height, columns per row, columns
WIDER = 0.35  # the binary logarithm of the widest stretch
WAVELENGTH = 60  # columns: within it, digits become wider and narrower again
CANVAS = 448  # pixels: the side of the scenes in which lines are drawn
NEAT = 0.5  # the share of scenes by hands that take care: much of what the others write, people cannot read either
BLANK = len(CHARACTERS)


@dataclass(frozen=True, eq=False)
class Example:
    """A strip as the reader cuts it out.

    Attributes:
        image: the ink in it, 0 to 255.
        text: the digits and signs that can be seen in it.
        written: the same with those for which no ink was found.
    """

    image: UInt8[np.ndarray, "40 columns"]
    text: str
    written: str


def draw_examples(digits: Digits, count: int, seed: int) -> list[Example]:
    """Draw text lines, and cut out their strips as the reader does.

    Args:
        digits: the digits to write with.
        count: how many lines.
        seed: starts all random numbers.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    alphabet = make_alphabet(digits)
    examples: list[Example] = []
    while len(examples) < count:
        scene = draw_lines(alphabet, random, CANVAS, neat=random.random() < NEAT)
        try:
            page = page_of_ink("", Image.fromarray(scene.picture), look(scene.picture))
        except TenfoldError:  # too faint to find any ink
            continue
        examples += filter(None, cut_out(page, scene.characters))
    return examples[:count]


def cut_out(page: Page, drawn: Sequence[SceneCharacter]) -> list[Example | None]:
    """Cut the lines with their digits and signs out of a drawn page.

    Args:
        page: the page.
        drawn: all digits and signs that were drawn on the page, in the order of writing.

    Returns:
        The page's lines, from top to bottom; None for one that is too wide, no single line, or cut off by the picture's
        edge.
    """
    lines = [Line(components) for components in find_lines(page.components)]
    digits = [one for one in drawn if one.value.isdigit()]
    nearest = {one: int(np.argmin([_distance(one, line) for line in lines])) for one in digits if lines}
    owned: list[list[SceneCharacter]] = [[] for _ in lines]
    for one in drawn:  # signs are where the digits beside them are
        beside = [digit for digit in nearest if digit.line == one.line]
        if beside:
            owned[nearest[min(beside, key=lambda digit: abs(digit.x - one.x))]].append(one)
    return [_cut_out(page, line, some) for line, some in zip(lines, owned, strict=True)]


def _distance(character: SceneCharacter, line: Line) -> float:
    """How far, in pixels, the center of a character is from the closest box of a component of a line, and then from the
    middle of the line: of lines whose boxes overlap there, the one at its height comes first.
    """
    boxes = np.array([(one.x, one.y, one.right, one.bottom) for one in line.components])
    center = np.array((character.x, character.y))
    outside = np.maximum(0, np.maximum(boxes[:, :2] - center, center - boxes[:, 2:]))
    return float(np.hypot(*outside.T).min() + 0.01 * abs(character.y - line.middle(character.x)))


def _cut_out(page: Page, line: Line, owned: Sequence[SceneCharacter]) -> Example | None:
    ink = ink_of(line, page)
    visible = page.mask & (ink > 0)
    strip = cut_strip(ink, line, line.height)
    columns = strip.image.shape[1]
    left, right = strip.left, strip.left + columns / strip.scale
    near = [one for one in owned if abs(one.y - line.middle(one.x)) < 0.6 * line.height and left < one.x < right]
    digits = [one for one in near if one.value.isdigit()]
    whole = all(one.height / 2 < place < CANVAS - one.height / 2 for one in near for place in (one.x, one.y))
    is_line = all(0.5 < one.height / line.height < 2 for one in digits)
    if columns > WIDEST or not (whole and is_line):
        return None
    text = written = ""
    starts = {one.line: one.x for one in reversed(near)}
    for one in sorted(near, key=lambda one: starts[one.line]):  # each drawn line in the order of writing
        if one.value in CHARACTERS:
            reach = math.ceil(one.height / 2)
            rows, across = (slice(max(0, round(at) - reach), round(at) + reach + 1) for at in (one.y, one.x))
            text += one.value if visible[rows, across].any() else ""
            written += one.value
    return Example(strip.image, text, written)


class TextLines(Task):
    """Read the digits and signs of a whole text line, from left to right.

    Args:
        train: the lines to train on.
        validation: held-out lines; may be empty.
        recipe: gives the batch size.
    """

    def __init__(self, train: Sequence[Example], validation: Sequence[Example], recipe: Recipe) -> None:
        self.train, self.validation = train, validation
        self.has_validation = len(validation) > 0
        self.batch_size = min(recipe.batch_size, len(train))
        self.steps_per_epoch = len(train) // self.batch_size

    def batches(self) -> Iterator[list[Example]]:
        """All lines in random order, in batches of about the same width."""
        order = torch.randperm(len(self.train)).tolist()
        batches: list[list[Example]] = []
        for start in range(0, len(order), SORTED * self.batch_size):
            some = [self.train[index] for index in order[start : start + SORTED * self.batch_size]]
            batches += _by_width(some, self.batch_size)
        yield from (batches[index] for index in torch.randperm(len(batches)).tolist())

    def augment(self, batch: Sequence[Example]) -> tuple[Float[Tensor, "batch 1 40 columns"], Sequence[Example]]:
        """Lines at random fainter, shifted, higher, wider or narrower, slanted, uneven; padded to one width."""
        varied = [replace(example, image=_vary(example.image)) for example in batch]
        return _to_tensor([example.image for example in varied]), varied

    def loss(self, logits: Float[Tensor, "batch 21 columns"], batch: Sequence[Example]) -> Loss:
        """The negative log-likelihood in nats of what is written, over all alignments with the columns.

        Source: A. Graves et al., "Connectionist Temporal Classification", ICML 2006.
        """
        columns = torch.tensor([-(-example.image.shape[1] // LINE_STEP) for example in batch])
        characters = torch.tensor([CHARACTERS.index(one) for example in batch for one in example.text])
        counts = torch.tensor([len(example.text) for example in batch])
        answers = F.log_softmax(logits, dim=1).permute(2, 0, 1)  # (columns, batch, 21)
        loss = F.ctc_loss(answers, characters.to(logits.device), columns, counts, blank=BLANK, zero_infinity=True)
        found = zip(logits.detach().cpu(), columns.tolist(), strict=True)
        read = [best_path(answer[:, :width]) for answer, width in found]
        right = sum(text == example.text for text, example in zip(read, batch, strict=True))
        return loss, loss, torch.tensor(right)

    @torch.inference_mode()
    def validate(self, model: nn.Module) -> tuple[float, float]:
        """Loss in nats, and the fraction of held-out lines read without a mistake."""
        model.eval()
        device = next(model.parameters()).device
        sizes, losses, rights = [], [], []
        for batch in _by_width(self.validation, self.batch_size):
            images = _to_tensor([example.image for example in batch]).to(device)
            _, loss, right = self.loss(model(images).float(), batch)
            sizes.append(len(batch))
            losses.append(loss.item() * len(batch))
            rights.append(int(right))
        return sum(losses) / sum(sizes), sum(rights) / sum(sizes)


def _vary(image: UInt8[np.ndarray, "40 columns"]) -> UInt8[np.ndarray, "40 varied"]:
    """Write a strip a little differently."""
    height, columns = image.shape
    shift, taller, wider, shear, wave, phase, level, contrast = torch.rand(8).tolist()
    stretch = 2 ** (WIDER * (2 * wider - 1))
    y, x = np.mgrid[:height, : max(2, round(columns * stretch))].astype(np.float32)
    x /= stretch
    y -= height / 2
    x += SHEAR * (2 * shear - 1) * y + WAVE * wave * np.sin(2 * np.pi * (x / WAVELENGTH + phase))
    y = (1 + TALLER * (2 * taller - 1)) * y + height / 2 + SHIFT * (2 * shift - 1)
    moved = cv2.remap(image, x, y, cv2.INTER_LINEAR) / 255
    return np.asarray(255 * (0.6 + 0.4 * level) * moved**2 ** (2 * contrast - 1), np.uint8)


def best_path(logits: Float[Tensor, "21 columns"]) -> str:
    """What is on the best path: the most probable answer in every column, repeats collapsed, blanks removed."""
    answers = torch.unique_consecutive(logits.argmax(dim=0)).tolist()
    return "".join(CHARACTERS[answer] for answer in answers if answer < BLANK)


def _by_width(examples: Sequence[Example], size: int) -> list[list[Example]]:
    """Batches of examples of about the same width; only a single batch may be smaller than `size`."""
    ordered = sorted(examples, key=lambda example: example.image.shape[1])
    last = max(len(ordered) - size, 0)
    return [ordered[start : start + size] for start in range(0, last + 1, size)]


def _to_tensor(images: Sequence[Float[np.ndarray, "40 _"] | UInt8[np.ndarray, "40 _"]]) -> Float[Tensor, "n 1 40 _"]:
    """Standardized images, padded on the right with background to the width of the widest."""
    widest = max(image.shape[1] for image in images)
    filled = np.zeros((len(images), LINE_SIDE, -(-widest // ROUNDED) * ROUNDED), np.uint8)
    for place, image in zip(filled, images, strict=True):
        place[:, : image.shape[1]] = image
    pixels = torch.from_numpy(filled).unsqueeze(1)  # (n, 1, 40, columns)
    return preprocess.standardize(preprocess.normalize(preprocess.astype(pixels)))
