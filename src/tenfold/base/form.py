"""The form of the images that networks read: MNIST's, and that of text lines."""

CLASSES = 10  # digits
SIDE = 28  # pixels on each side of an image
INK_SIDE = 20  # pixels on the longer side of the digit in it
LINE_SIDE, LINE_COLUMNS = 40, (64, 128)  # pixels: the height of a text line's image, and its width, short or long
LINE_STEP = 2  # columns of a text line's image for each answer
