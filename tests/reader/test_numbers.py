"""Whole numbers: what is known about them, the search, their probability, and forms."""

import itertools
import math
from decimal import Decimal

import numpy as np
import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tenfold.base.errors import NoDigitsError, TenfoldError
from tenfold.base.form import CHARACTERS
from tenfold.reader import Form, Known, Reader
from tenfold.reader.alignments import likely, log_sum_alignments
from tenfold.reader.known import NOTHING_KNOWN, Pattern
from tenfold.reader.numbers import Calibration, to_value
from tenfold.reader.search import SILENT, WHOLE, Arc, Arcs, find_best

pytestmark = pytest.mark.fast

NUMBERS = st.decimals(-2000, 2000, places=2, allow_nan=False)


@given(NUMBERS, NUMBERS, NUMBERS | st.integers(-2000, 2000))
def test_a_range_is_compared_digit_by_digit(one, other, value):
    low, high = sorted((one, other))
    known = Known(range=f"{low}:{high}")
    for text in (f"{value}", f"{value:.1f}", f"{low}", f"{high:.4f}".replace(".", ","), f"{value:08.2f}%"):
        assert known.fits(text) == (low <= Decimal(text.replace(",", ".").rstrip("%")) <= high)


def test_check_digits_and_patterns():
    assert Known(check="luhn").fits("79927398713")
    assert not Known(check="luhn").fits("79927398731")
    assert Known(check="ean13").fits("4006381333931")
    assert Known(check="isbn13").fits("978-0306406157")
    assert not Known(check="isbn13").fits("4006381333931")
    assert Known(check="mod97").fits(f"1234567{98 - 123456700 % 97:02}")
    assert Known(pattern="d*.dd?").fits("123.4")
    assert not Known(pattern="dd.dd").fits("1.234")
    assert not Known(length=2).fits("+-")


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({"pattern": "d{2}"}, "'{' cannot stand there"),
        ({"pattern": "?d"}, "'[?]' cannot stand there"),
        ({"pattern": "d" * 101}, "1 to 100 characters"),
        ({"length": 0}, "length 0"),
        ({"range": "5"}, "two numbers and a colon"),
        ({"range": "0:1e999"}, "two numbers and a colon"),
        ({"range": "5:1"}, "must not be larger"),
        ({"check": "luhm"}, "no such check digit"),
        ({"check": "ean13", "length": 12}, "no number fits length 12 and check ean13"),
        ({"pattern": "dd.dd", "length": 6}, "no number fits"),
        ({"length": 3, "range": "1000:2000"}, "no number fits"),
    ],
)
def test_what_cannot_be_known_is_told_in_one_line(known, told):
    with pytest.raises(TenfoldError, match=told) as error:
        Known(**known)
    assert "\n" not in str(error.value)


def test_the_value_of_a_number():
    texts = ("7", "-3,5", "+0.25", "20.-", "50//", "7%", "1.000.000", "12:30", "(7)", "4?", "")
    assert [to_value(text) for text in texts] == [7, -3.5, 0.25, 20, 50, 7, None, None, None, None, None]


def all_paths(arcs, node, last, signs):
    for sign in ("", *signs):  # that have no ink
        extra = SILENT if sign else 0.0
        if node == last:
            yield sign, extra
        for arc in arcs:
            if arc.first == node:
                for character, cost in arc.costs.items():
                    there = all_paths(arcs, arc.last, last, signs)
                    yield from ((sign + character + text, extra + cost + more) for text, more in there)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([Known(), Known(length=2), Known(pattern="1*.?2*"), Known(pattern="1*.2*"), Known(range="0:11")]),
)
def test_the_search_finds_what_trying_all_paths_finds(seed, known):
    random = np.random.default_rng(seed)
    spans = [(first, last) for first in range(4) for last in range(first + 1, min(first + 3, 5))]
    arcs = [Arc(*span, {one: float(random.exponential(2)) for one in "12." if random.random() < 0.7}) for span in spans]
    arcs += [Arc(node, node + 1, {"": float(random.exponential(4))}) for node in range(4)]
    arcs.sort(key=lambda arc: arc.first)
    temperature = 1.5
    costs: dict[str, float] = {}
    sums: dict[str, float] = {}
    for text, cost in all_paths(arcs, 0, 4, known.required_signs):
        if known.fits(text):
            costs[text] = min(cost, costs.get(text, math.inf))
            sums[text] = sums.get(text, 0) + math.exp(-cost / temperature)
    found = find_best(Arcs(arcs), known, temperature)
    expected = sorted(sorted(costs, key=lambda text: costs[text])[:6], key=lambda text: -sums[text])[:2]
    assert [path.text for path, _ in found] == expected
    assert [p for _, p in found] == pytest.approx([sums[text] / sum(sums.values()) for text in expected])


@given(st.integers(0, 2**32 - 1), st.sampled_from([Known(), Known(length=2), Known(pattern="1*.?2*"), Pattern("11")]))
def test_all_alignments_of_what_fits_are_summed(seed, known):
    random = np.random.default_rng(seed)
    used = [*map(CHARACTERS.index, "12."), len(CHARACTERS)]
    shares = random.dirichlet(np.full(len(used), 0.5), size=5)
    columns = np.full((5, len(CHARACTERS) + 1), -np.inf)
    columns[:, used] = np.log(np.maximum(shares, 0.001))
    expected = 0.0
    for alignment in itertools.product(used, repeat=len(columns)):
        text = "".join((*CHARACTERS, "")[one] for one, _ in itertools.groupby(alignment))
        state = known.start
        for character in text:
            state = None if state is None else known.step(state, character)
        if state is not None and known.accepts(state):
            expected += math.exp(sum(column[one] for column, one in zip(columns, alignment, strict=True)))
    assert math.exp(log_sum_alignments(likely(columns), known)) == pytest.approx(expected, rel=1e-3)


def test_what_the_line_model_says_counts_beside_the_lattice():
    arcs = [Arc(node, node + 1, {"1": 0.1, "2": 3.0}) for node in range(2)]
    columns = np.full((5, len(CHARACTERS) + 1), -20.0)
    columns[(0, 2, 4), len(CHARACTERS)] = columns[(1, 3), (2, 1)] = 0.0  # 21, for sure
    [alone, _] = find_best(Arcs(arcs), NOTHING_KNOWN, 1.0)
    both = {path.text: p for path, p in find_best(Arcs(arcs, likely(columns)), NOTHING_KNOWN, 1.0)}
    assert alone[0].text == "11"
    assert both["11"] == pytest.approx((1 - WHOLE) * alone[1], rel=1e-3)
    assert WHOLE < both["21"] < WHOLE + 0.1
    assert find_best(Arcs(arcs, likely(columns)), Known(pattern="1d"), 1.0)[0][0].text == "11"


def test_a_sign_that_a_pattern_asks_for_may_be_missing():
    arcs = [Arc(node, node + 1, {"1": 0.1, "2": 3.0}) for node in range(2)]
    assert [path.text for path, _ in find_best(Arcs(arcs), Known(pattern="1.d"), 1.0)] == ["1.1", "1.2"]
    assert next(path.text for path, _ in find_best(Arcs(arcs), Known(length=2), 1.0)) == "11"
    assert not find_best(Arcs(arcs), Known(pattern="d.d.d"), 1.0)
    [best, *_] = find_best(Arcs(arcs), Known(pattern="d.?d"), 1.0)  # one that may be left out is not made up
    assert best[1] == pytest.approx(1 / (1 + math.exp(-2.9)) ** 2)


def note(mnist, indices=range(6), height=60):
    picture = np.full((height, 400), 255, np.uint8)
    for place, index in enumerate(indices):
        picture[10:38, 20 + 40 * place : 48 + 40 * place] = 255 - mnist[1].images[index]
    return picture


def test_signs_are_read_and_dirt_is_not(mnist):
    reader = Reader()
    clean, pointed, dirty = note(mnist), note(mnist), note(mnist, height=120)
    pointed[33:38, 92:96] = 0
    dirty[100:105, 92:96] = 0  # far below the line
    assert [number.text for number in reader.read_numbers(clean)] == ["721041"]
    [number] = reader.read_numbers(pointed, Known(pattern="dd.dddd"))
    assert (number.text, number.value) == ("72.1041", 72.1041)
    assert [digit.label for digit in number.digits] == [7, 2, 1, 0, 4, 1]
    assert 0 <= number.second[1] <= number.probability <= 1
    assert [number.text for number in reader.read_numbers(dirty)] == ["721041"]


def test_what_is_known_decides_what_is_read(mnist):
    reader, picture = Reader(), note(mnist, [0, 1, 2])
    [free] = reader.read_numbers(picture)
    [known] = reader.read_numbers(picture, Known(pattern="ddd"))
    assert free.text == known.text == "721"
    assert known.probability >= free.probability
    [other] = reader.read_numbers(picture, Known(range="800:999"))  # not as a filter afterwards
    assert 800 <= other.value <= 999
    with pytest.raises(NoDigitsError, match="fits what is known"):
        reader.read_numbers(picture, Known(length=90))


def test_a_form_is_read_cell_by_cell(mnist, tmp_path):
    picture = Image.fromarray(np.full((200, 400), 255, np.uint8))
    picture.paste(Image.fromarray(note(mnist)), (0, 100))
    cells = [[14 + 40 * place, 104, 40, 40] for place in range(6)]
    fields = [
        {"name": "all", "cells": cells},
        {"name": "none", "cells": [[14, 20, 40, 40], [54, 20, 40, 40]]},
        {"name": "line", "cells": [[10, 100, 380, 50]], "length": 6},
        {"name": "some", "cells": [[350, 104, 40, 40], *cells[:2]]},
    ]
    path = tmp_path / "form.toml"
    path.write_text(tomli_w.dumps({"size": [200, 100], "field": [half(field) for field in fields]}))
    numbers = Reader().read_numbers(picture, form=Form.read(path))
    assert [(one.field, one.text) for one in numbers] == [
        ("all", "721041"),
        ("none", ""),
        ("line", "721041"),
        ("some", "72"),
    ]
    assert numbers[1].probability == 1
    with pytest.raises(TenfoldError, match="crop the picture"):
        Reader().read_numbers(picture.crop((0, 0, 400, 160)), form=Form.read(path))
    with pytest.raises(TenfoldError):  # no pixel of it is in the cells
        Reader().read_numbers(Image.new("L", (2, 1)), form=Form.read(path))


def half(field):
    return field | {"cells": [[length / 2 for length in cell] for cell in field["cells"]]}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            {"size": [80, 100], "field": [{"name": "a", "cells": [[70, 0, 20, 20]]}]},
            "field 1: the cell .* is not inside 80×100",
        ),
        ({"size": [80, 100], "field": [{"name": "a", "cells": [[0, 0, 0, 20]]}]}, "is not inside"),
        ({"size": [80, 100], "field": [{"name": "a", "cells": []}]}, "field 1: cells must not"),
        ({"size": [80, 100], "field": [{"name": "a", "cell": [[0, 0, 9, 9]]}]}, "did you mean 'cells'"),
        ({"size": [80], "field": [{"name": "a", "cells": [[0, 0, 9, 9]]}]}, "size must be"),
        ({"size": [80, 100]}, "a template has"),
        ({"size": [80, 100], "field": 2 * [{"name": "a", "cells": [[0, 0, 9, 9]]}]}, "two fields of one name"),
        (
            {"size": [80, 100], "field": [{"name": "a", "cells": [[0, 0, 9, 9]], "pattern": "x"}]},
            "field 1: pattern 'x'",
        ),
    ],
)
def test_a_template_that_is_wrong_is_told_in_one_line(values, told, tmp_path):
    path = tmp_path / "form.toml"
    path.write_text(tomli_w.dumps(values))
    with pytest.raises(TenfoldError, match=told) as error:
        Form.read(path)
    assert "\n" not in str(error.value)


def test_a_threshold_is_that_of_the_largest_rate_that_is_low_enough():
    calibration = Calibration(1.0, ((0.1, 0.5), (0.01, 0.9), (0.001, 0.99)))
    assert [calibration.threshold(rate) for rate in (0.2, 0.1, 0.05, 0.001)] == [0.5, 0.5, 0.9, 0.99]
    assert calibration.threshold() == 0.99
    with pytest.raises(TenfoldError, match=r"the lowest is 0\.001"):
        calibration.threshold(0.0001)
