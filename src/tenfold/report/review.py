"""The page on which a person types the numbers that were read with doubt."""

import json
from collections.abc import Mapping, Sequence
from importlib import resources

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup


def render(name: str, place: str, columns: Sequence[str], rows: Sequence[Mapping[str, str]], plain: str) -> str:
    """Write the review page of a table of numbers, as HTML.

    Args:
        name: the name of the table's file.
        place: its full path, under which the browser keeps what was typed.
        columns: the columns of the table, in order.
        rows: the rows, by column; those whose `review` is "yes" are shown, with the crop `crops/NUMBER.png` of each.
        plain: a regular expression for a plain number, whose first group is its value.

    Returns:
        A document that needs no connection, and no other file but the crops.
    """
    jinja = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = jinja.from_string(resources.files(__package__).joinpath("review.html.j2").read_text("utf-8"))
    facts = {"name": name, "place": place, "columns": columns, "rows": rows, "plain": plain}
    table = Markup(json.dumps(facts).replace("<", "\\u003c"))  # noqa: S704  # cannot end the script element
    doubtful = [{**row, "number": number} for number, row in enumerate(rows) if row["review"] == "yes"]
    return template.render(name=name, table=table, doubtful=doubtful)
