import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn

from tenfold import Evaluation, TenfoldError, build, evaluate
from tenfold.evaluation import wilson_interval

answers = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        hnp.arrays(np.float32, (n, 10), elements=st.floats(-20, 20, width=32)),
        hnp.arrays(np.uint8, n, elements=st.integers(0, 9)),
    )
)


@given(answers)
def test_metrics_agree_with_their_definitions(answer):
    logits, labels = answer
    evaluation = Evaluation(logits, labels)
    predictions = logits.argmax(1)
    assert evaluation.accuracy == (predictions == labels).mean()
    assert evaluation.confusion.sum() == len(labels)
    assert evaluation.confusion.trace() == evaluation.correct
    shifted = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True))
    probabilities = shifted / shifted.sum(1, keepdims=True)
    expected = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
    assert evaluation.loss == pytest.approx(expected, rel=1e-4, abs=1e-5)
    for digit, scores in enumerate(evaluation.per_class):
        assert scores.support == (labels == digit).sum()
        hits = ((labels == digit) & (predictions == digit)).sum()
        assert scores.recall == (hits / scores.support if scores.support else None)
        assert scores.precision == (hits / (predictions == digit).sum() if (predictions == digit).any() else None)
        if scores.precision and scores.recall:
            harmonic = 2 / (1 / scores.precision + 1 / scores.recall)
            assert scores.f1 == pytest.approx(harmonic)
    mistakes = evaluation.mistakes
    assert sorted(m.index for m in mistakes) == np.flatnonzero(predictions != labels).tolist()
    assert [m.probability for m in mistakes] == sorted((m.probability for m in mistakes), reverse=True)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_solves_its_equation(case):
    hits, n = case
    low, high = wilson_interval(hits, n)
    p = hits / n
    assert 0 <= low <= p <= high <= 1
    for bound in (low, high):  # (p - bound)^2 = z^2 bound (1 - bound) / n
        assert (p - bound) ** 2 == pytest.approx(1.959964**2 * bound * (1 - bound) / n, abs=1e-9)


def test_evaluate_lets_the_model_read(random_digits):
    evaluation = evaluate(build("softmax"), random_digits)
    assert len(evaluation) == 50
    figures = evaluation.to_dict()
    assert {"n", "loss", "accuracy", "interval", "confusion", "per_class"} <= set(figures)
    assert f"{evaluation.accuracy:.2%}" in str(evaluation)


def test_models_that_cannot_be_evaluated(random_digits):
    with pytest.raises(TenfoldError, match="ten logits"):
        evaluate(nn.Sequential(nn.Flatten(), nn.Linear(784, 7)), random_digits)
    broken = build("softmax")
    nn.init.constant_(broken[1].weight, float("nan"))
    with pytest.raises(TenfoldError, match="not a number"):
        evaluate(broken, random_digits)
