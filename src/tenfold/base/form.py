"""The form of the images that networks read: MNIST's, and that of text lines."""

from tenfold.base.constants import constants

shared = constants("form")
CLASSES: int = shared["CLASSES"]  # digits
DIGITS = tuple(map(str, range(CLASSES)))  # by name
MOST_CLASSES = 62  # that other data may have: digits, capital and small letters
SIDE: int = shared["SIDE"]  # pixels on each side of an image
INK_SIDE: int = shared["INK_SIDE"]  # pixels on the longer side of the digit in it
# The row and the column of the pixel at its center of mass; the mean over MNIST is 14.0 both ways
CENTER: int = shared["CENTER"]
# Mean and standard deviation of all 47,040,000 training pixels of MNIST, on the scale 0 to 1
MEAN: float = shared["MEAN"]
STD: float = shared["STD"]
LINE_SIDE: int = shared["LINE_SIDE"]  # pixels: the height of a text line's image
LINE_COLUMNS: tuple[int, ...] = tuple(shared["LINE_COLUMNS"])  # pixels: its width, short or long
LINE_STEP: int = shared["LINE_STEP"]  # columns of a text line's image for each answer
LINE_SIGNS: str = shared["LINE_SIGNS"]  # the signs that the text line network tells from digits and from one another
CHARACTERS = "".join(DIGITS) + LINE_SIGNS  # of a text line, in the order of its network's answers
