"""From a picture of any kind to images like MNIST's, in steps that can be used and seen alone."""

from tenfold.pictures.load import SUFFIXES, Picture
from tenfold.pictures.page import Page, open_page, picture_to_image, read_pictures
from tenfold.pictures.parts import Part

__all__ = ["SUFFIXES", "Page", "Part", "Picture", "open_page", "picture_to_image", "read_pictures"]
