"""What surrounds paper, what falls on it, and what a camera makes of it. Pixels are red, green and blue, 0 to 255."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from tenfold.synthesis.pen import Canvas

Color = Float[np.ndarray, "3"]
Page = Float[np.ndarray, "side side 3"]


@dataclass(frozen=True, eq=False)
class Colors:
    """The colors of a scene.

    Attributes:
        gray: whether all are gray.
        paper: lighter than the ink.
        ink: the color of the pen.
    """

    gray: bool
    paper: Color
    ink: Color

    @classmethod
    def choose(cls, clean: bool, random: np.random.Generator) -> "Colors":
        """Choose at random; in flawless drawings, paper is mostly white or gray."""
        gray = random.random() < (0.7 if clean else 0.35)
        paper = _tint(
            random.uniform(130, 252) if random.random() < 0.85 else random.uniform(70, 160), 14.0, gray, random
        )
        if clean and random.random() < 0.8:
            paper = np.full(3, random.choice((255, 255, 254, random.uniform(180, 255))), np.float32)
        contrast = random.uniform(0.45, 0.95) if random.random() < 0.75 else random.uniform(0.15, 0.45)
        ink = _tint(float(paper.mean()) * (1 - contrast), 30.0 if random.random() < 0.5 else 5.0, gray, random)
        bright = (paper * random.uniform(0.3, 1, 3)).astype(np.float32)  # yellow, orange, light blue
        if not gray and random.random() < 0.1 and np.abs(bright - paper).max() > 40:
            ink = bright
        if clean and random.random() < 0.5:
            ink = np.zeros(3, np.float32)
        return cls(gray, paper, ink)

    def choose_print(self, random: np.random.Generator) -> Color:
        """The color of something printed: darker than the paper, in any hue, or that of the ink."""
        if random.random() < 0.1:
            return self.ink
        if self.gray or random.random() < 0.5:
            return self.paper * np.float32(1 - random.uniform(0.08, 0.75))
        return (self.paper * random.uniform(0.35, 1, 3)).astype(np.float32)


def cloud(coarse: tuple[int, int], shape: tuple[int, ...], random: np.random.Generator) -> Canvas:
    """A smooth random field with a standard deviation of about 1, from -2 to 2."""
    field = random.normal(0, 1, coarse).astype(np.float32)
    return cv2.resize(field, shape[1::-1], interpolation=cv2.INTER_CUBIC).clip(-2, 2)


def lay_on_table(page: Page, paper: Canvas, colors: Colors, random: np.random.Generator) -> Page:
    """Show what is around the paper: wood, cloth, objects and hands, edges; and the paper's shadow on it.

    Args:
        page: the picture of the paper.
        paper: where the paper is.
        colors: of the scene.
        random: where the random numbers come from.
    """
    side = len(page)
    table = np.empty_like(page)
    table[:] = _tint(random.uniform(10, 235), 25.0, colors.gray, random)
    kind = random.integers(5)
    if kind == 0:
        grain = cloud((3, 40), page.shape, random) + cloud((5, 90), page.shape, random) / 2
        table *= (1 + 0.15 * random.random() * (grain if random.random() < 0.5 else grain.T))[..., None]
    elif kind == 1:
        threads = 0.2 * random.random() * cloud((60, 60), page.shape, random)
        table *= (1 + threads + 0.1 * cloud((6, 6), page.shape, random))[..., None]
    elif kind == 2:
        for _ in range(random.integers(1, 5)):
            middle, axes = side * random.random(2), side * random.uniform((0.05, 0.03), (0.4, 0.2))
            color = _tint(random.uniform(20, 240), 25.0, colors.gray, random).tolist()
            ellipse = tuple(middle.tolist()), tuple((2 * axes).tolist()), random.uniform(0, 180)
            cv2.ellipse(table, ellipse, color, -1, cv2.LINE_AA)
        table = cv2.GaussianBlur(table, (0, 0), random.uniform(1, 6))
    elif kind == 3:  # stone, leather, a carpet: clouds within clouds
        cells, fades = random.uniform(2, 5), random.uniform(1.3, 2.5)
        for octave in range(4):
            cell = round(cells * 3**octave)
            table *= (1 + 0.12 * random.random() * fades**-octave * cloud((cell, cell), page.shape, random))[..., None]
    else:
        for _ in range(random.integers(2, 9)):
            start, end = (side * random.uniform(-0.2, 1.2, (2, 2))).astype(int).tolist()
            color = _tint(random.uniform(10, 240), 20.0, colors.gray, random).tolist()
            cv2.line(table, start, end, color, int(random.integers(1, max(2, side // 16))), cv2.LINE_AA)
    if random.random() < 0.6:
        shadow = cv2.GaussianBlur(np.roll(paper, random.integers(-6, 7, 2), (0, 1)), (0, 0), random.uniform(1, 8))
        table *= (1 - random.uniform(0.1, 0.6) * shadow)[..., None]
    return table + paper[..., None] * (page - table)


def shade(page: Page, random: np.random.Generator) -> Page:
    """Let light fall on it from one side, and sometimes a shadow, soft or sharp."""
    side = len(page)
    y, x = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
    angle = random.uniform(0, 2 * math.pi)
    light = 1 - random.uniform(0, 0.45) * (x * math.cos(angle) + y * math.sin(angle) + 0.4)
    if random.random() < 0.4:
        angle = random.uniform(0, 2 * math.pi)
        away = (x - random.uniform(-0.4, 0.4)) * math.cos(angle) + (y - random.uniform(-0.4, 0.4)) * math.sin(angle)
        away += 0.06 * random.random() * cloud((3, 3), page.shape, random)
        sharpness = math.exp(random.uniform(2, 5.5))
        light *= 1 - random.uniform(0.1, 0.55) / (1 + np.exp(-np.clip(sharpness * away, -30, 30)))
    return page * light[..., None].astype(np.float32)


def degrade(page: Page, gray: bool, clean: bool, random: np.random.Generator) -> Page:
    """Lose resolution, sharpness and contrast, and gain noise, each in some of the pictures."""
    side = len(page)
    if random.random() < 0.2:  # few pixels, enlarged
        few = max(8, int(side * random.uniform(0.25, 0.7)))
        small = cv2.resize(page, (few, few), interpolation=cv2.INTER_AREA)
        way = (cv2.INTER_CUBIC, cv2.INTER_LINEAR, cv2.INTER_NEAREST)[random.integers(3)]
        page = cv2.resize(small, (side, side), interpolation=way)
    if random.random() < (0.2 if clean else 0.6):
        page = cv2.GaussianBlur(page, (0, 0), random.uniform(0.3, 1.1))
    if random.random() < 0.35:
        low, high = np.sort(random.uniform(0, 255, 2))
        if high - low > 60:
            page = low + page * ((high - low) / 255)
    if clean and random.random() < 0.15:  # nothing but two colors
        page = np.where(page > page.mean(), page.max(), page.min())
    if random.random() < (0.1 if clean else 0.6):
        channels = 1 if gray or random.random() < 0.5 else 3
        noise = random.normal(0, 1, (side, side, channels)).astype(np.float32)
        if random.random() < 0.3:
            blurred = cv2.GaussianBlur(noise, (0, 0), random.uniform(0.4, 0.9))
            noise = 2 * np.asarray(blurred, np.float32).reshape(noise.shape)
        page = page + noise * min(abs(random.normal(0, 7)), 25)
    return np.asarray(page, np.float32)


def compress(page: Page, clean: bool, random: np.random.Generator) -> UInt8[np.ndarray, "side side 3"]:
    """Round to 8 bits, and sometimes compress as JPEG."""
    picture = np.clip(page, 0, 255).astype(np.uint8)
    if random.random() < (0.25 if clean else 0.5):
        quality = int(random.uniform(25, 92))
        _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))
    return picture


def _tint(level: float, spread: float, gray: bool, random: np.random.Generator) -> Color:
    """A color around a gray level."""
    return np.clip(level + (0.0 if gray else spread) * random.normal(0, 1, 3), 0, 255).astype(np.float32)
