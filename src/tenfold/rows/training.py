"""Training of the network that reads rows, from pictures of rows that went the reader's own way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from tenfold import preprocess, recipes
from tenfold.data import CLASSES, Digits
from tenfold.errors import TenfoldError
from tenfold.models import ROW_SIDE, ROW_STEP
from tenfold.pictures import open_page
from tenfold.reader.lines import Line, find_lines
from tenfold.reader.row import cut_strip
from tenfold.rows.writing import draw_row, make_alphabet
from tenfold.training.devices import autocast
from tenfold.training.optimization import make_optimizers, schedule

RECIPE = replace(
    recipes.load("reader"),
    epochs=5,
    batch_size=64,
    peak_lr=0.005,
    muon_momentum=0.9,
    momentum=0.9,
    beta2=0.98,
    weight_decay=0.02,
    warmup=0.02,
)
WIDEST = 480  # columns of a strip to learn from
SORTED = 75  # batches whose strips are sorted by width, so that little is filled up
ROUNDED = 32  # columns that widths are multiples of: convolutions are compiled for every new width
SHIFT = 2  # rows, up or down


@dataclass(frozen=True, eq=False)
class Example:
    """A strip as the reader cuts it, and the digits in it."""

    image: UInt8[np.ndarray, "40 columns"]
    digits: list[int]


def draw_examples(digits: Digits, count: int, seed: int) -> list[Example]:
    """Draw rows, and take the reader's way to their strips.

    Args:
        digits: to write with.
        count: how many rows.
        seed: of all that is random.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    alphabet = make_alphabet(digits)
    examples: list[Example] = []
    while len(examples) < count:
        row = draw_row(alphabet, random)
        try:
            page = open_page(row.picture)
        except TenfoldError:  # too faint to be seen
            continue
        lines = [Line(parts) for parts in find_lines(page.parts)]
        line = max(lines, key=lambda line: sum(part.area for part in line.parts))
        strip = cut_strip(page, line, line.height)
        columns = strip.image.shape[1]
        places = [(center * page.scale - strip.left) * strip.scale for center in row.centers]
        inside = [digit for digit, place in zip(row.digits, places, strict=True) if 0 < place < columns]
        if columns <= WIDEST:
            examples.append(Example(strip.image, inside))
    return examples


def fit_rows(network: nn.Module, examples: Sequence[Example], seed: int = 0) -> Iterator[float]:
    """Train a network to read strips, in place.

    Args:
        network: as `tenfold.networks.row_cnn` makes it.
        examples: to learn from.
        seed: of the order and of all else that is random.

    Yields:
        The mean loss of each epoch.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    optimizers = make_optimizers(network, RECIPE)
    steps = len(examples) // RECIPE.batch_size
    precision = autocast(torch.device("cpu"), RECIPE.precision)
    network.train()
    for epoch in range(int(RECIPE.epochs)):
        losses: list[float] = []
        for batch in _batches(examples, random)[:steps]:
            with precision:
                logits = network(_to_tensor(batch, random))  # (batch, 11, columns / 2)
            loss = _loss(logits.float(), batch)
            network.zero_grad()
            loss.backward()
            progress = (epoch * steps + len(losses) + 0.5) / (RECIPE.epochs * steps)
            for optimizer in optimizers:
                optimizer.step(schedule(RECIPE, progress))
            losses.append(loss.item())
        yield float(np.mean(losses))
    network.eval()


def _batches(examples: Sequence[Example], random: np.random.Generator) -> list[list[Example]]:
    """All examples in random order, those of about the same width together."""
    order = random.permutation(len(examples))
    batches: list[list[Example]] = []
    size = RECIPE.batch_size
    for start in range(0, len(order), SORTED * size):
        some = sorted(order[start : start + SORTED * size], key=lambda index: examples[index].image.shape[1])
        batches += [[examples[index] for index in some[i : i + size]] for i in range(0, len(some) - size + 1, size)]
    return [batches[index] for index in random.permutation(len(batches))]


def _to_tensor(batch: Sequence[Example], random: np.random.Generator) -> Float[Tensor, "batch 1 40 columns"]:
    """Strips of one width, some fainter, some higher or lower."""
    columns = max(example.image.shape[1] for example in batch)
    images = np.zeros((len(batch), ROW_SIDE, -(-columns // ROUNDED) * ROUNDED), np.uint8)
    for image, example in zip(images, batch, strict=True):
        shift = int(random.integers(-SHIFT, SHIFT + 1))
        strip = np.roll(example.image * random.uniform(0.6, 1.0), shift, axis=0)
        image[:, : strip.shape[1]] = strip
    pixels = torch.from_numpy(images).unsqueeze(1)  # (batch, 1, 40, columns)
    return preprocess.standardize(preprocess.normalize(preprocess.astype(pixels)))


def _loss(logits: Float[Tensor, "batch 11 columns"], batch: Sequence[Example]) -> Float[Tensor, ""]:
    """How much the right digits surprise, however they are laid on the columns (Graves et al. 2006)."""
    columns = torch.tensor([-(-example.image.shape[1] // ROW_STEP) for example in batch])
    digits = torch.tensor([digit for example in batch for digit in example.digits])
    counts = torch.tensor([len(example.digits) for example in batch])
    answers = F.log_softmax(logits, dim=1).permute(2, 0, 1)  # (columns, batch, 11)
    return F.ctc_loss(answers, digits, columns, counts, blank=CLASSES, zero_infinity=True)
