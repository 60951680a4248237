import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from makers import make_digits
from torch import nn

from tenfold import Evaluation, TenfoldError, build, evaluate
from tenfold.data import LABEL_ERRORS, Digits, known_label_errors
from tenfold.evaluation import average, wilson_interval

pytestmark = pytest.mark.fast

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
        assert (p - bound) ** 2 == pytest.approx(1.959963985**2 * bound * (1 - bound) / n, abs=1e-9)


@given(st.integers(1, 20), st.integers(1, 4), st.randoms(use_true_random=False))
def test_an_ensemble_is_the_mean_of_its_members(n, count, random):
    generator = np.random.default_rng(random.randrange(2**32))
    labels = generator.integers(0, 10, n, np.uint8)
    members = [Evaluation(generator.normal(0, 10, (n, 10)).astype(np.float32), labels) for _ in range(count)]
    ensemble = average(members)
    mean = np.mean([member.probabilities for member in members], axis=0)
    np.testing.assert_allclose(ensemble.probabilities, mean, rtol=1e-4, atol=1e-7)
    shuffled = average(random.sample(members, count))
    np.testing.assert_allclose(shuffled.logits, ensemble.logits, rtol=1e-6)
    alike = average([members[0]] * count)
    assert (alike.predictions == members[0].predictions).all()
    assert alike.loss == pytest.approx(members[0].loss, rel=1e-5)


def test_mnists_test_images_are_also_scored_without_the_label_errors(mnist):
    test = mnist[1]
    evaluation = evaluate(build("softmax"), test)
    others = [i for i in range(10_000) if i not in LABEL_ERRORS]
    assert len(others) == 9_985
    assert evaluation.accuracy_without_label_errors == (evaluation.predictions == test.labels)[others].mean()
    assert evaluation.to_dict()["accuracy_without_label_errors"] == evaluation.accuracy_without_label_errors
    assert f"{evaluation.accuracy_without_label_errors:.2%} without the 15 label errors (n = 9,985)" in str(evaluation)
    for other in (test[:9999], test[::-1], Digits(test.images, test.labels[::-1]), mnist[0][:10_000]):
        assert known_label_errors(other) == ()


def test_models_and_members_that_cannot_be_evaluated():
    one, other = (Evaluation(np.eye(1, 10, dtype=np.float32), np.full(1, label, np.uint8)) for label in (0, 1))
    with pytest.raises(TenfoldError, match="the same images"):
        average([one, other])
    with pytest.raises(TenfoldError, match="a logit for each class"):
        evaluate(nn.Sequential(nn.Flatten(), nn.Linear(784, 7)), make_digits([7]))
    broken = build("softmax")
    nn.init.constant_(broken[1].weight, float("nan"))
    with pytest.raises(TenfoldError, match="not a number"):
        evaluate(broken, make_digits([7]))
