from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn

from tenfold import Evaluation, TenfoldError, build, evaluate, fit
from tenfold.evaluation import (
    apply_temperature,
    calibration_error,
    choose_threshold,
    fit_temperature,
    leave_out,
    reliability,
    risk_coverage,
    select,
)
from tenfold.jobs import training_run
from tenfold.networks import NETWORKS, predict_logits

pytestmark = pytest.mark.fast

answers = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        # whole numbers: what is no tie among logits is none among probabilities
        hnp.arrays(np.float32, (n, 10), elements=st.integers(-12, 12)),
        hnp.arrays(np.uint8, n, elements=st.integers(0, 9)),
    )
)


def make(confidence, right) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of readings of 0 with these confidences, and labels that make them right or wrong."""
    confidence = np.array(confidence)[:, None]
    probabilities = np.hstack([confidence, np.repeat((1 - confidence) / 9, 9, axis=1)])
    return probabilities, np.where(right, 0, 1).astype(np.uint8)


def draw(n: int, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose softmax, at this temperature, is the probability of each label."""
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 3, (n, 10))
    odds = np.exp(logits / temperature)
    labels = (generator.random((n, 1)) < (odds / odds.sum(1, keepdims=True)).cumsum(1)).argmax(1)
    return logits.astype(np.float32), labels.astype(np.uint8)


@given(answers)
def test_calibration_agrees_with_scikit_learn(answer):
    calibration = pytest.importorskip("sklearn.calibration")
    evaluation = Evaluation(*answer)
    right = evaluation.predictions == evaluation.labels
    confidence = evaluation.probabilities.max(1).astype(np.float64).clip(max=1)
    accuracies, confidences = calibration.calibration_curve(right, confidence, n_bins=15)
    bins = [b for b in reliability(evaluation.probabilities, evaluation.labels) if b.count]
    np.testing.assert_allclose([b.accuracy for b in bins], accuracies)
    np.testing.assert_allclose([b.confidence for b in bins], confidences)
    weights = [b.count / len(evaluation) for b in bins]
    expected = np.dot(weights, np.abs(accuracies - confidences))
    assert 0 <= evaluation.calibration_error <= 1
    assert evaluation.calibration_error == pytest.approx(expected, abs=1e-9)
    assert evaluation.to_dict()["calibration_error"] == evaluation.calibration_error


def test_the_temperature_that_made_the_labels_is_found_again():
    for temperature in (0.5, 3.0):
        logits, labels = draw(20_000, temperature)
        assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.03)
        before, after = Evaluation(logits, labels), Evaluation(logits / np.float32(temperature), labels)
        assert after.calibration_error < min(0.01, before.calibration_error / 3)


@given(answers)
def test_a_fitted_temperature_never_raises_the_loss(answer):
    logits, labels = answer
    temperature = fit_temperature(logits, labels)
    assert 0.05 <= temperature <= 20
    assert Evaluation(logits / np.float32(temperature), labels).loss <= Evaluation(logits, labels).loss + 1e-4


def test_without_mistakes_the_temperature_stays():
    logits, labels = np.eye(10, dtype=np.float32), np.arange(10, dtype=np.uint8)
    assert fit_temperature(logits, labels) == 1
    assert fit_temperature(logits[:1], labels[1:2]) == pytest.approx(20, rel=1e-3)  # a single image, misread


def test_a_temperature_goes_into_every_network():
    torch.manual_seed(0)
    for name in NETWORKS:
        model, images = build(name), torch.randn(7, 1, 28, 28)
        # of one view; a mean over views follows the temperature only roughly
        layers = nn.Sequential(*model[0]) if name == "shift_tta_cnn" else model
        before = predict_logits(layers, images)
        apply_temperature(model, 0.5)
        torch.testing.assert_close(predict_logits(layers, images), before * 2, rtol=1e-5, atol=1e-5)


def test_calibrate_leaves_nothing_to_fit(mnist, few, tiny_recipe):
    torch.manual_seed(0)
    model = build("shift_tta_cnn", width=8)
    fit(model, few, replace(tiny_recipe, label_smoothing=0.2, validation=0))
    held_out = mnist[0][1000:2000]
    views = []
    hook = model[0][-1].register_forward_hook(lambda _, __, logits: views.append(logits.unflatten(0, (5, -1))))
    before = evaluate(model, held_out)
    hook.remove()
    temperature = training_run.calibrate(model, held_out)
    after = evaluate(model, held_out)
    assert temperature < 0.8  # smoothed labels make modest
    assert fit_temperature(after.logits, after.labels) == pytest.approx(1, abs=0.01)
    assert after.loss < before.loss
    assert after.calibration_error < before.calibration_error / 2
    # where all five views see the same digit clearly, their mean does at every temperature; elsewhere it may change
    best, digits = torch.cat(views, dim=1).topk(2, dim=2)  # (5, images, 2)
    clear = ((best[..., 0] - best[..., 1] > 1e-3) & (digits[..., 0] == digits[0, :, 0])).all(dim=0).numpy()
    assert clear.mean() > 0.5
    assert (after.predictions == before.predictions)[clear].all()


def test_without_validation_the_recipe_tells_the_temperature():
    model = build("softmax")
    weights = model[1].weight.detach().clone()
    assert training_run.calibrate(model, None, 2.5) == 2.5
    torch.testing.assert_close(model[1].weight, weights / 2.5)


@given(answers)
def test_risk_and_coverage_agree_with_their_definitions(answer):
    evaluation = Evaluation(*answer)
    given_ = evaluation.probabilities, evaluation.labels
    curve = risk_coverage(*given_)
    confidence = given_[0].max(1).astype(np.float64).clip(max=1)
    wrong = evaluation.predictions != evaluation.labels
    assert [left.threshold for left in curve] == sorted(set(confidence), reverse=True)
    for left in curve:
        kept = confidence >= left.threshold
        assert (left.kept, left.wrong) == (kept.sum(), (kept & wrong).sum())
        assert select(*given_, left.threshold) == left
        assert 0 < left.coverage <= 1
        assert left.interval[0] <= left.error <= left.interval[1]
    assert (curve[-1].coverage, curve[-1].error) == (1, pytest.approx(1 - evaluation.accuracy))
    for rate in (0.0, 0.1, 0.5):
        chosen = choose_threshold(*given_, rate)
        possible = [left for left in curve if left.error <= rate]
        assert (chosen is None) == (not possible)
        if chosen:
            assert chosen.error <= rate
            assert chosen.kept == max(left.kept for left in possible)
    for fraction in (0.0, 0.1, 1.0):
        left = leave_out(*given_, fraction)
        assert len(evaluation) - left.kept <= fraction * len(evaluation) + 1e-6


def test_what_are_no_probabilities_is_refused():
    probabilities, labels = make([0.9, 0.8], [True, False])
    for scale in (0.9, 2.0, -1.0, float("nan")):
        for function in (reliability, calibration_error, risk_coverage):
            with pytest.raises(TenfoldError, match="sum to 1"):
                function(probabilities * scale, labels)
    with pytest.raises(TenfoldError, match="no images"):
        risk_coverage(np.zeros((0, 10)), np.zeros(0, np.uint8))
