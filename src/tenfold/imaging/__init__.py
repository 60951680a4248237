"""From a picture of any kind to images like MNIST's, in steps that can be used and inspected one by one."""

from tenfold.imaging.components import Component
from tenfold.imaging.load import SUFFIXES, Picture
from tenfold.imaging.page import Page, open_page, picture_to_image, read_pictures

__all__ = ["SUFFIXES", "Component", "Page", "Picture", "open_page", "picture_to_image", "read_pictures"]
