"""The form of the images that networks read: MNIST's, and that of text lines."""

CLASSES = 10  # digits
SIDE = 28  # pixels on each side of an image
INK_SIDE = 20  # pixels on the longer side of the digit in it
CENTER = 14  # the row and the column of the pixel at its center of mass; the mean over MNIST is 14.0 both ways
LINE_SIDE, LINE_COLUMNS = 40, (64, 128)  # pixels: the height of a text line's image, and its width, short or long
LINE_STEP = 2  # columns of a text line's image for each answer
