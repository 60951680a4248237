"""Rows of digits to learn from, and the training of the network that reads them."""

from tenfold.rows.training import Example, draw_examples, fit_rows

__all__ = ["Example", "draw_examples", "fit_rows"]
