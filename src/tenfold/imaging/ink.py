"""From pixels to ink: a network says how probably each pixel is covered by writing, and at what scale to look."""

import threading
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from tenfold.base.constants import constants
from tenfold.base.files import SHIPPED
from tenfold.base.processes import PerProcess, start_litert
from tenfold.imaging.stroke_width import weighted_median

shared = constants("ink")
TILES = tuple(shared["TILES"])  # pixels: the sides of the squares that the network takes
OVERLAP = shared["OVERLAP"]  # pixels that neighboring tiles share: near its edge, a tile sees too little
TYPICAL = shared["TYPICAL"]  # pixels: the height of digits at which the network sees them best, ...
NEAR = shared["NEAR"]  # ... and by what factor it may be off
COARSE = shared["COARSE"]  # pixels: the longer side of the picture when the search for the scale begins
LONGEST = shared["LONGEST"]  # pixels: the longer side of the picture, at most
LARGEST = shared["LARGEST"]  # by how much a picture is enlarged, at most
TRIES = shared["TRIES"]  # scales that are tried, at most
BLOT = shared["BLOT"]  # of its length: the width of a stroke, at most
# Of 255: pixels above WEAK are ink where they touch some above STRONG
WEAK = shared["WEAK"]
STRONG = shared["STRONG"]


class InkModel(PerProcess):
    """The network that comes with tenfold and finds ink, run by LiteRT on one core, or without LiteRT by PyTorch."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # an interpreter computes in place
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError:
            self._run = _load_with_torch()
            return
        with start_litert():
            self._interpreter = Interpreter(str(SHIPPED / "ink-int8.tflite"), num_threads=1)
            self._interpreter.allocate_tensors()
            runners = {side: self._interpreter.get_signature_runner(f"t{side}") for side in TILES}
        self._run = lambda tile: runners[len(tile)](images=tile[None])["ink"][0]

    def __call__(self, tile: UInt8[np.ndarray, "side side 3"]) -> UInt8[np.ndarray, "side side"]:
        """How probably each pixel of a picture is covered by ink, 0 to 255; `side` is one of `TILES`."""
        self.settle()
        with self._lock:
            return np.rint(255 * self._run(tile)).astype(np.uint8)


def find_ink(picture: UInt8[np.ndarray, "h w 3"]) -> tuple[UInt8[np.ndarray, "rows columns"], float]:
    """Find the ink in a picture.

    The network is shown the whole picture, reduced; then again at the scale at which what it found has the height of
    the digits it was trained on, until that no longer changes.

    Args:
        picture: red, green and blue.

    Returns:
        How probably each pixel is ink, 0 to 255, at the scale that was found; and how many pixels of that make up one
        pixel of the picture, along each axis.
    """
    longer = max(picture.shape)
    most = min(LONGEST / longer, LARGEST)
    scale = min(COARSE / longer, most)
    tried: list[float] = []
    while True:
        ink = look(resize(picture, scale))
        tried.append(scale)
        height = typical_height(find_mask(ink))
        wanted = min(scale * (TYPICAL / height if height else 2.0), most)
        if len(tried) == TRIES or any(1 / NEAR < wanted / other < NEAR for other in tried):
            return ink, scale
        scale = wanted


def find_mask(ink: UInt8[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Separate ink from paper with two thresholds: weak pixels are ink only where they are connected to strong ones.

    Source: hysteresis as in J. Canny, "A computational approach to edge detection", PAMI 8(6), 1986, section VIII.
    """
    _, labels = cv2.connectedComponents((ink > WEAK).astype(np.uint8))
    found = np.zeros(labels.max() + 1, dtype=bool)
    found[labels[ink > STRONG]] = True
    found[0] = False
    return found[labels]


def typical_height(mask: Bool[np.ndarray, "h w"]) -> float:
    """The median height of connected components in pixels, weighted by their ink; 0 if there are none.

    From far away, a sheet of paper on a table may be taken for ink. It is not a stroke, and is left out.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    widths = np.zeros(len(stats), np.float32)
    np.maximum.at(widths, labels.ravel().astype(np.intp), 2 * depth.ravel())
    longer = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    strokes = stats[(widths < BLOT * longer) & (np.arange(len(stats)) > 0)]
    high = np.maximum(strokes[:, cv2.CC_STAT_HEIGHT], strokes[:, cv2.CC_STAT_WIDTH] // 2)
    return weighted_median(high, strokes[:, cv2.CC_STAT_AREA])


def look(picture: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w"]:
    """How probably each pixel is ink, 0 to 255, tile by tile."""
    height, width = picture.shape[:2]
    side = next((tile for tile in TILES if tile >= max(height, width)), TILES[-1])
    step, edge = side - OVERLAP, OVERLAP // 2
    found = np.empty((height, width), np.uint8)
    for top in range(0, max(height - OVERLAP, 1), step):
        for left in range(0, max(width - OVERLAP, 1), step):
            part = picture[top : top + side, left : left + side]
            missing = side - part.shape[0], side - part.shape[1]
            # in the middle of the tile, so that all four edges of the picture look alike
            above, before = (length // 2 for length in missing)
            around = above, missing[0] - above, before, missing[1] - before
            tile = cv2.copyMakeBorder(part, *around, cv2.BORDER_REPLICATE)
            first, start = (edge if place else 0 for place in (top, left))
            seen = _model()(tile)[above:, before:][first : part.shape[0], start : part.shape[1]]
            found[top + first : top + part.shape[0], left + start : left + part.shape[1]] = seen
    return found


def resize(picture: UInt8[np.ndarray, "h w 3"], scale: float) -> UInt8[np.ndarray, "h2 w2 3"]:
    """Scale a picture."""
    height, width = (max(1, round(scale * length)) for length in picture.shape[:2])
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


@cache
def _model() -> InkModel:
    return InkModel()


def _load_with_torch() -> Callable[[UInt8[np.ndarray, "side side 3"]], Float[np.ndarray, "side side"]]:
    import torch

    from tenfold.networks import build
    from tenfold.networks.storage import read_tensors

    network = build("ink_unet")
    network.load_state_dict(read_tensors(SHIPPED / "ink.safetensors")[0])
    network.eval()

    def run(tile: UInt8[np.ndarray, "side side 3"]) -> Float[np.ndarray, "side side"]:
        pixels = torch.from_numpy(tile).permute(2, 0, 1)[None].float() / 64 - 2
        with torch.inference_mode():
            return network(pixels).sigmoid()[0, 0].numpy()

    return run
