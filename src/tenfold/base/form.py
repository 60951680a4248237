"""The form of the images that networks read: MNIST's, and that of text lines."""

CLASSES = 10  # digits
SIDE = 28  # pixels, of an image
INK_SIDE = 20  # pixels, the longer side of the digit in it
LINE_SIDE, LINE_COLUMNS = 40, (64, 128)  # pixels, of an image of a text line, which may be short or long
LINE_STEP = 2  # of its columns for each answer
