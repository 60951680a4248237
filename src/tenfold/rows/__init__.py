"""Text lines: drawing them, and learning to read them."""

from tenfold.rows.training import Example, TextLines, draw_examples

__all__ = ["Example", "TextLines", "draw_examples"]
