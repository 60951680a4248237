"""Headless Chromium, and digits to draw in it."""

import math

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

Stroke = list[tuple[float, float]]


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float, n: int = 12) -> Stroke:
    """Points on an ellipse around (x, y), from one angle to another in degrees, clockwise from the right."""
    angles = [math.radians(start + (end - start) * i / (n - 1)) for i in range(n)]
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


# The strokes of each digit, in a box of height 1 from the upper left.
DIGITS: dict[int, list[Stroke]] = {
    0: [arc(0.32, 0.5, 0.26, 0.42, -80, 280, 24)],
    1: [[(0.36, 0.06), (0.3, 0.94)]],
    2: [[*arc(0.33, 0.3, 0.24, 0.23, -160, 40), (0.1, 0.92), (0.6, 0.9)]],
    3: [[*arc(0.3, 0.28, 0.22, 0.2, -150, 80), *arc(0.3, 0.7, 0.26, 0.23, -80, 150)]],
    4: [[(0.34, 0.06), (0.06, 0.6), (0.64, 0.58)], [(0.48, 0.34), (0.45, 0.95)]],
    5: [[(0.55, 0.08), (0.18, 0.08), (0.14, 0.45), *arc(0.3, 0.66, 0.26, 0.25, -110, 140)]],
    6: [[(0.48, 0.06), (0.22, 0.35), *arc(0.32, 0.7, 0.22, 0.22, 190, -170, 18)]],
    7: [[(0.08, 0.1), (0.34, 0.08), (0.58, 0.1), (0.26, 0.94)]],
    8: [
        [
            *arc(0.32, 0.28, 0.2, 0.2, 90, -180),
            *arc(0.32, 0.28, 0.2, 0.2, 180, 90),
            *arc(0.32, 0.71, 0.24, 0.23, -90, 270, 18),
        ]
    ],
    9: [[*arc(0.3, 0.3, 0.2, 0.22, -20, -380, 18), (0.48, 0.4), (0.42, 0.94)]],
}
