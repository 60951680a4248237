import json
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold import Evaluation, TenfoldError
from tenfold.evaluation import ModelResult, compare, paired_interval, pairs

pytestmark = pytest.mark.fast


def make(labels, predictions) -> Evaluation:
    return Evaluation(np.eye(10, dtype=np.float32)[predictions], np.array(labels, dtype=np.uint8))


readings = st.integers(1, 60).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 9), min_size=n, max_size=n) for _ in range(3)])
)


@given(readings)
def test_mcnemar_is_an_exact_test_of_a_fair_coin(case):
    labels, first, second = case
    found = compare(make(labels, first), make(labels, second))
    right = np.equal(first, labels), np.equal(second, labels)
    b, c = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    assert (found.only_first, found.only_second, found.n) == (b, c, len(labels))
    tail = sum(comb(b + c, k) for k in range(min(b, c) + 1)) / 2 ** (b + c)
    assert found.p == pytest.approx(min(1, 2 * tail))
    assert found.difference == pytest.approx(right[0].mean() - right[1].mean())
    assert -1 <= found.interval[0] <= found.difference <= found.interval[1] <= 1
    assert [d.index for d in found.differences] == [i for i in range(len(labels)) if first[i] != second[i]]
    assert all((d.label, d.first, d.second) == (labels[d.index], first[d.index], second[d.index])
               for d in found.differences)  # fmt: skip
    json.dumps(found.to_dict())


def test_the_interval_covers_the_difference_as_often_as_it_says():
    generator = np.random.default_rng(0)
    n, true = 500, np.array([0.04, 0.02, 0.94])
    hits = 0
    for only_first, only_second, _ in generator.multinomial(n, true, 2000):
        low, high = paired_interval(int(only_first), int(only_second), n)
        hits += low <= true[0] - true[1] <= high
    assert 0.935 < hits / 2000 < 0.97


def test_models_that_read_different_images_are_not_compared():
    with pytest.raises(TenfoldError, match=r"not on 2 and 1$"):
        compare(make([1, 2], [1, 2]), make([1], [1]))
    with pytest.raises(TenfoldError, match="labels of these differ"):
        compare(make([1, 2], [1, 2]), make([1, 3], [1, 2]))


@given(readings)
def test_pairs_of_many_are_comparisons_of_two(case):
    labels, first, second = case
    rows = [ModelResult(name, "network", 0.5, (0.0, 1.0), 1.0, 1.0, 1, "".join(map(str, found)), "")
            for name, found in (("a", first), ("b", second))]  # fmt: skip
    [found] = pairs(rows, np.array(labels, np.uint8))
    expected = vars(compare(make(labels, first), make(labels, second)))
    assert vars(found) == {"first": "a", "second": "b"} | {
        key: expected[key] for key in expected if key != "differences"
    }
