import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold import recipes
from tenfold.evaluation import diagnose
from tenfold.networks import build
from tenfold.training import DivergedError, History, fit, seed_everything

PLAIN = {
    "validation": 0,
    "batch_size": 50,
    "optimizer": "adamw",
    "peak_lr": 0.003,
    "precision": "float32",
    "schedule": "constant",
    "label_smoothing": 0.0,
    "weight_decay": 0.0,
}


def train(mnist, network: str, images: int, seed: int = 0, **changes) -> History:
    """The history of a small run without regularization, validated on 500 other images."""
    seed_everything(seed)
    options = {"stem": 16, "width": 16, "dropout": 0.0} if network == "cnn" else {}
    recipe = recipes.load("quick", {**PLAIN, "seed": seed, "network": network, **changes})
    model = build(network, **options)
    try:
        return fit(model, mnist[0][:images], recipe, validation=mnist[0][50_000:50_500])
    except DivergedError as error:
        return error.history


@pytest.mark.parametrize(
    ("expected", "network", "images", "changes"),
    [
        ("overfitting", "cnn", 20, {"epochs": 20, "batch_size": 10}),
        ("undertrained", "mlp", 1000, {"epochs": 3, "peak_lr": 1e-4}),
        ("diverged", "lenet5", 1000, {"epochs": 2, "optimizer": "sgd", "peak_lr": 1e20}),
    ],
)
def test_runs_made_to_be_diagnosed(mnist, expected, network, images, changes):
    diagnosis = diagnose(train(mnist, network, images, **changes))
    assert diagnosis.verdict == expected, diagnosis


def make_history(validation_losses, losses=None, accuracy=0.99, validation_accuracy=0.99, rate=0.001) -> History:
    history = History()
    for epoch, (loss, validation_loss) in enumerate(
        zip(losses or validation_losses, validation_losses, strict=True), 1
    ):
        history.append(
            epoch,
            loss=loss,
            accuracy=accuracy,
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
            learning_rate=rate,
            seconds=1.0,
        )
    return history


def test_validation_loss_that_rises_while_accuracy_holds_is_overfitting():
    history = make_history([0.10, 0.08, 0.10, 0.12], [0.1, 0.05, 0.02, 0.01], 0.999, 0.985)
    diagnosis = diagnose(history)
    assert diagnosis.verdict == "overfitting"
    assert "rose from 0.080 after epoch 2 to 0.120" in diagnosis.reason
    assert "lowest after epoch 2" in diagnosis.advice[-1]


def test_a_poor_accuracy_that_no_longer_improves_is_underfitting():
    history = make_history([0.30, 0.29, 0.29], accuracy=0.92, validation_accuracy=0.92)
    assert diagnose(history).verdict == "underfitting"


def test_augmentation_makes_training_look_worse_and_that_is_healthy():
    diagnosis = diagnose(make_history([0.03, 0.022, 0.021], [0.3, 0.2, 0.19], accuracy=0.94, validation_accuracy=0.995))
    assert diagnosis.verdict == "healthy"
    assert str(diagnosis).startswith("Healthy: accuracy is 94.00% in training and 99.50% in validation")


def test_a_fall_at_the_end_is_no_lack_of_epochs_where_the_learning_rate_fell_to_zero():
    history = make_history([0.2, 0.1, 0.05])
    assert diagnose(history).verdict == "undertrained"
    history.rows[-1]["learning_rate"] = 1e-6
    assert diagnose(history).verdict == "healthy"


def test_a_loss_that_comes_back_to_guessing_has_diverged():
    losses = [1.0, 0.6, 2.3, 2.3]
    assert diagnose(make_history(losses, accuracy=0.1, validation_accuracy=0.1)).verdict == "diverged"
    assert diagnose(make_history([0.1, float("nan")])).verdict == "diverged"


def test_what_cannot_be_told_is_said_in_one_line():
    assert "no epoch" in str(diagnose(History()))
    without = make_history([0.1, 0.1])
    for row in without.rows:
        row["validation_loss"] = row["validation_accuracy"] = None
    assert str(diagnose(without)).startswith("Unknown: no images were held out")
    without.rows[0]["loss"] = float("inf")
    assert diagnose(without).verdict == "diverged"


@given(st.lists(st.tuples(*[st.floats(0, 1e6)] * 2, *[st.floats(0, 1)] * 3), min_size=1, max_size=6))
def test_every_history_gets_a_verdict(rows):
    history = History()
    for epoch, values in enumerate(rows, 1):
        columns = ("loss", "validation_loss", "accuracy", "validation_accuracy", "learning_rate")
        history.append(epoch, **dict(zip(columns, values, strict=True)), seconds=1.0)
    diagnosis = diagnose(history)
    assert diagnosis.verdict != "unknown"
    assert diagnosis.advice
    assert "\n" not in str(diagnosis)
