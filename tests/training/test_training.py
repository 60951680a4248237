import os
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from makers import make_history
from torch.utils.data import TensorDataset

import tenfold
from tenfold import TenfoldError, build, fit, recipes, restore, seed_everything, synthesis
from tenfold.base.errors import TenfoldWarning
from tenfold.data import Digits, preprocess
from tenfold.networks import NETWORKS, predict_logits
from tenfold.recipes import Attack, Unlabeled
from tenfold.synthesis import Augment
from tenfold.training import (
    BestCheckpoint,
    Callback,
    Checkpoint,
    CSVLogger,
    DivergedError,
    EarlyStopping,
    History,
    SingleDigits,
    choose_device,
    hold_out,
)
from tenfold.training.adversarial import pgd
from tenfold.training.devices import capture_cuda_graph, release_cuda_graph
from tenfold.training.history import COLUMNS
from tenfold.training.optimization import make_optimizers, orthogonalize, schedule


def trained(recipe, digits, **options):
    seed_everything(recipe.seed)
    model = build(recipe.network, **recipe.network_options)
    return model, fit(model, digits, recipe, device="cpu", **options)


def same_weights(a, b) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


class InterruptAt(Callback):
    def __init__(self, step):
        self.steps_left = step

    def on_step_end(self, training):
        self.steps_left -= 1
        if self.steps_left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_learns(tiny_recipe, few, network):
    recipe = replace(tiny_recipe, network=network, network_options={}, epochs=2, batch_size=30, augment=Augment())
    _, history = trained(recipe, few[:600])
    assert history["validation_accuracy"][-1] > 0.3  # three times chance


PROGRAM = """
import hashlib, tenfold
from tenfold import recipes
train, _ = tenfold.load()
for seed in (1, 2):
    changes = {"seed": seed, "validation": 0, "batch_size": 50, "network_options.width": 8, "augment.rotation": 5.0}
    recipe = recipes.load("quick", changes)
    tenfold.seed_everything(recipe.seed)
    model = tenfold.build(recipe.network, **recipe.network_options)
    tenfold.fit(model, train[:300], recipe)
    print(hashlib.sha256(b"".join(t.numpy().tobytes() for t in model.state_dict().values())).hexdigest())
"""


def test_same_seed_same_weights_in_two_processes():
    environment = os.environ | {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"}  # threads must not race
    options = {"env": environment, "stdout": subprocess.PIPE, "text": True}
    one, other = (subprocess.run([sys.executable, "-c", PROGRAM], **options).stdout for _ in range(2))
    assert one == other
    assert len(set(one.splitlines())) == 2


def test_fit_takes_what_pytorch_has_and_gives_what_keras_has(tiny_recipe, few):
    recipe = replace(tiny_recipe, epochs=1)
    model, history = trained(recipe, few[:300])
    pixels, labels = torch.tensor(few.images[:300]).unsqueeze(1) / 255, torch.tensor(few.labels[:300])
    for data in ((pixels, labels), TensorDataset(pixels, labels)):
        again, _ = trained(recipe, data)
        assert same_weights(again, model)
    test = few[300:400]
    accuracy = tenfold.evaluate(model, test).accuracy
    assert tenfold.evaluate(model, (test.images, test.labels)).accuracy == accuracy
    assert history["val_loss"] == history["validation_loss"] == history.history["val_loss"]
    assert list(history.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    _, history = trained(recipe, (pixels, labels), validation=TensorDataset(pixels[:50], labels[:50]))
    assert history["val_accuracy"][0] <= 1
    assert list(make_history(2, validation=False).history) == ["loss", "accuracy"]


class Best(Callback):
    def __init__(self):
        self.accuracy, self.weights = -1.0, None

    def on_epoch_end(self, training):
        accuracy = training.history["validation_accuracy"][-1]
        if accuracy > self.accuracy:
            self.accuracy, self.weights = accuracy, {k: v.clone() for k, v in training.model.state_dict().items()}


@pytest.mark.parametrize(
    ("optimizer", "step", "hardest"),
    [("adamw", 1, 0.0), ("adamw", 13, 0.0), ("adam", 13, 0.0), ("sgd", 13, 0.0), ("muon", 13, 0.5)],
)
def test_an_interrupted_run_resumes_to_the_same_weights(tiny_recipe, few, tmp_path, optimizer, step, hardest):
    rate = 0.05 if optimizer == "sgd" else 0.01
    options = {"stem": 8, "width": 8, "dropout": 0.2}
    recipe = replace(tiny_recipe, optimizer=optimizer, peak_lr=rate, network_options=options, hardest=hardest)
    checkpoint, best = tmp_path / "checkpoint.safetensors", Best()
    callbacks = [CSVLogger(tmp_path / "history.csv"), BestCheckpoint(tmp_path / "best.safetensors"), best]
    straight, full_history = trained(recipe, few, callbacks=callbacks)
    assert full_history["epoch"] == [1, 2, 3]
    assert full_history["validation_accuracy"][-1] > 0.4
    assert full_history["loss"][-1] < full_history["loss"][0]
    assert full_history.train_seconds == sum(full_history["seconds"]) > 0
    assert History.from_csv((tmp_path / "history.csv").read_text().splitlines()) == full_history
    saved = restore(tmp_path / "best.safetensors").state_dict()
    assert all(torch.equal(tensor, best.weights[name]) for name, tensor in saved.items())

    learned, history = trained(recipe, few, callbacks=[Checkpoint(checkpoint), InterruptAt(step)])
    assert history.interrupted
    assert len(history) == step // 9
    seed_everything(recipe.seed)
    assert not same_weights(learned, build(recipe.network, **options))
    resumed, resumed_history = trained(recipe, few, resume=checkpoint)
    assert same_weights(resumed, straight)
    assert resumed_history["loss"] == full_history["loss"]
    with pytest.raises(TenfoldError, match="does not fit"):
        trained(replace(recipe, network="mlp", network_options={}), few, resume=checkpoint)
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(TenfoldError, match=r"checkpoint.safetensors: truncated"):
        trained(recipe, few, resume=checkpoint)


@pytest.mark.parametrize("after", [1.0, 0.5])
def test_the_hardest_images_seen_so_far_are_shown_again(tiny_recipe, few, after):
    recipe = replace(tiny_recipe, batch_size=100, hardest=0.25, hardest_after=after)
    network = build("mlp")
    task = SingleDigits(few, None, recipe, torch.device("cpu"), network)
    count = round(after * task.steps_per_epoch)
    shown = []
    for batch in chain(task.batches(), task.batches()):
        if len(shown) == count:
            seen = torch.cat(shown).unique()
            assert len(seen) == count * len(batch)
            expected = set(seen[task.losses[seen].topk(len(seen) // 4).indices].tolist())
        inputs, labels = task.augment(batch)
        logits = network(inputs)
        task.loss(logits, labels)
        if len(shown) < count:  # later, an image may be in a batch twice
            assert torch.allclose(task.losses[batch], F.cross_entropy(logits, labels, reduction="none"))
        shown.append(batch)
    assert len(shown) == 2 * task.steps_per_epoch
    assert set(torch.cat(shown[count : 2 * count]).tolist()) == expected


def test_without_hardest_every_epoch_shows_all_images(tiny_recipe, few):
    recipe = replace(tiny_recipe, batch_size=100, hardest_after=0.5)
    task = SingleDigits(few, None, recipe, torch.device("cpu"), build("mlp"))
    assert len(torch.cat(list(task.batches())).unique()) == len(few)


def test_a_diverging_run_names_step_and_rates_and_keeps_the_last_good_weights(tiny_recipe, few):
    seed_everything(0)
    model = build("mlp")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    recipe = replace(tiny_recipe, network="mlp", optimizer="sgd", peak_lr=1e20, warmup=0.0)
    with pytest.raises(DivergedError, match=r"step 2 of 9 in epoch 1; .* try a lower peak_lr \(it is 1e\+20\)$"):
        fit(model, few, recipe, device="cpu")
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    with pytest.raises(DivergedError, match=r"lower peak_lr \(it is 1e\+20\) or muon_lr \(it is 0\.1\)$"):
        fit(build("cnn", width=8), few, replace(recipe, optimizer="muon", network="cnn"), device="cpu")


def test_a_run_that_ends_far_above_blind_guessing_has_diverged(tiny_recipe, few):
    recipe = replace(tiny_recipe, network="mlp", network_options={}, optimizer="adamw", peak_lr=10.0)
    with pytest.raises(DivergedError, match=r"ended at a loss of .*, where blind guessing has 2\.30") as caught:
        trained(recipe, few)
    assert len(caught.value.history) == 3
    overconfident = replace(recipe, network="softmax", peak_lr=1.0)  # but right
    assert trained(overconfident, few)[1]["loss"][-1] > 5


def test_a_recipe_for_thousands_shrinks_to_some_hundred_images(few):
    recipe = recipes.load("quick", {"epochs": 2.0})
    with pytest.warns(TenfoldWarning) as told:
        _, history = trained(recipe, few[:200])
    assert [str(warning.message) for warning in told] == [
        f"{few.source}: 200 images are too few to hold out 5,000 of them for validation; 33 are held out instead",
        f"{few.source}: 167 images to train on are too few for a batch size of 256; it is 20 instead",
    ]
    assert history["validation_accuracy"][-1] > 0.5


def test_a_damaged_history_is_refused():
    for line in (
        "1,0.5,0.5,0.5",
        "1,zero,0.5,0.5,0.5,0.01,1",
        "1,nan,0.5,0.5,0.5,0.01,1",
        "1,0.5,7,0.5,0.5,0.01,1",
        "1,,0.5,0.5,0.5,0.01,1",
        "1,0.5,0.5,0.5,,0.01,1",
        "7,0.5,0.5,0.5,0.5,0.01,1",
        "1,0.5,0.5,0.5,0.5,0.01,1,8",
        f"{'9' * 200_000},0.5,0.5,0.5,0.5,0.01,1",
    ):
        with pytest.raises(TenfoldError, match=r"history: line \d is damaged"):
            History.from_csv([",".join(COLUMNS), line])
    with pytest.raises(TenfoldError, match="first line"):
        History.from_csv(["a,b", "1,2"])


def test_early_stopping_ends_a_run_that_no_longer_improves(tiny_recipe, few, tmp_path):
    recipe = replace(tiny_recipe, epochs=50, peak_lr=1e-9)
    _, history = trained(recipe, few, callbacks=[EarlyStopping(patience=2, min_delta=0.5)])
    assert len(history) < 50
    assert "has not improved" in history.stopped
    for callback in (EarlyStopping(), BestCheckpoint(tmp_path / "best.safetensors")):
        with pytest.raises(TenfoldError, match="needs validation images"):
            trained(replace(tiny_recipe, validation=0), few, callbacks=[callback])


def test_one_image_and_missing_devices_are_refused(tiny_recipe, few):
    one = Digits(few.images[:1], np.array([5], np.uint8))
    with pytest.raises(TenfoldError, match="at least 2"):
        fit(build("cnn"), one, replace(tiny_recipe, validation=0))
    with pytest.raises(TenfoldError, match="choose from: cpu"):
        choose_device("abacus")


def test_the_learning_rate_rises_to_its_peak_and_falls_to_zero(tiny_recipe):
    recipe = replace(tiny_recipe, warmup=0.1)
    rates = [schedule(recipe, step / 100) for step in range(101)]
    assert max(rates) == rates[10] == 1.0
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0)
    assert schedule(replace(tiny_recipe, schedule="constant"), 0.9) == 1.0


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd"])
def test_optimizers_agree_with_those_of_pytorch(tiny_recipe, name):
    recipe = replace(tiny_recipe, optimizer=name, weight_decay=0.1)
    ours, theirs = build("mlp", dropout=0.0), build("mlp", dropout=0.0)
    theirs.load_state_dict(ours.state_dict())
    groups = [
        {"params": [p for p in theirs.parameters() if p.ndim > 1], "weight_decay": 0.1},
        {"params": [p for p in theirs.parameters() if p.ndim == 1], "weight_decay": 0.0},
    ]
    reference = {
        "adamw": lambda: torch.optim.AdamW(groups, recipe.peak_lr, (recipe.momentum, recipe.beta2)),
        "adam": lambda: torch.optim.Adam(groups, recipe.peak_lr, (recipe.momentum, recipe.beta2)),
        "sgd": lambda: torch.optim.SGD(groups, recipe.peak_lr, recipe.momentum, nesterov=True),
    }[name]()
    (optimizer,) = make_optimizers(ours, recipe)
    images = torch.randn(8, 1, 28, 28)
    for _ in range(5):
        for model in (ours, theirs):
            model.zero_grad()
            model(images).square().mean().backward()
        optimizer.step(1.0)
        reference.step()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-5)


def test_the_fast_recipe_reaches_its_accuracy(mnist):
    train, test = mnist
    recipe = recipes.load("fast")
    model, _ = trained(recipe, train)
    assert tenfold.evaluate(model, test).accuracy >= 0.987


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_orthogonalize_brings_singular_values_near_one_and_keeps_directions(rows, columns, seed):
    matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    u, values, vt = torch.linalg.svd(matrix, full_matrices=False)
    result = orthogonalize(matrix)
    coefficients = u.T @ result @ vt.T
    assert torch.allclose(coefficients, torch.diag(coefficients.diagonal()), atol=1e-3)
    large = values > 0.1 * values.norm()
    assert ((coefficients.diagonal()[large] > 0.5) & (coefficients.diagonal()[large] < 1.5)).all()


def test_a_fraction_of_an_epoch_sees_a_fraction_of_the_images(tiny_recipe, few):
    class Count(Callback):
        steps = 0

        def on_step_end(self, training):
            self.steps += 1

    count = Count()
    _, history = trained(replace(tiny_recipe, epochs=1.5, validation=0), few, callbacks=[count])
    assert (count.steps, history["epoch"]) == (15, [1, 2])
    assert history["learning_rate"][-1] < history["learning_rate"][0]


def test_a_part_of_the_images_is_stratified_and_held_out_once(tiny_recipe, few):
    recipe = replace(tiny_recipe, validation=200, train_images=100)
    part, validation = hold_out(few, recipe)
    assert (len(part), len(validation)) == (100, 200)
    assert abs(part.counts() - few.counts() * 100 / len(few)).max() <= 1.5
    again, _ = hold_out(part, recipe, validation)
    assert again.sha256() == part.sha256()
    with pytest.raises(TenfoldError, match="train_images = 100000: only"):
        hold_out(few, replace(recipe, train_images=100_000))
    with pytest.raises(TenfoldError, match=r"validation = 60000: leaves too few of 1000 .* at most 500"):
        hold_out(few, replace(recipe, validation=60_000))


def test_a_captured_graph_leaves_the_model_as_it_was(monkeypatch):
    # stands in for CUDA: like the original, it runs the model a few times and replaces the instance's forward
    def make_graphed_callables(model, inputs):
        for _ in range(3):
            model(*inputs)
        model.forward = lambda _: "replayed"

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", make_graphed_callables)
    model = build("cnn").eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    capture_cuda_graph(model, (4, 1, 28, 28), nullcontext())
    assert model(torch.zeros(4, 1, 28, 28)) == "replayed"
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    release_cuda_graph(model)
    assert model(torch.zeros(4, 1, 28, 28)).shape == (4, 10)
    release_cuda_graph(model)


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("network", "changes"), [("cnn", {}), ("integer_cnn", {}), ("cnn", {"unlabeled": Unlabeled(ratio=1)})]
)
def test_it_learns_on_a_gpu(tiny_recipe, few, network, changes):
    seed_everything(0)
    recipe = replace(tiny_recipe, precision="auto", epochs=12, **changes)
    history = fit(build(network), few, recipe, device="cuda")
    assert history["validation_accuracy"][-1] > 0.8


def test_where_there_is_no_digit_no_class_becomes_likely(few, tiny_recipe):
    confidences = []
    for share in (0.0, 0.5):
        recipe = replace(tiny_recipe, augment=Augment(negatives=share), epochs=6)
        model, history = trained(recipe, few)
        assert history["accuracy"][-1] > 0.8  # of the digits alone
        torch.manual_seed(1)
        nothing = synthesis.draw_negatives(
            preprocess.normalize(preprocess.astype(preprocess.reshape(few.images[:200])))
        )
        logits = predict_logits(model, preprocess.standardize(nothing))
        confidences.append(logits.softmax(dim=1).amax(dim=1).mean())
    assert confidences[1] < 0.7 * confidences[0]


def test_adversarial_training_withstands_attacks(few, tiny_recipe):
    train, others = few[:800], few[800:900]
    pixels = preprocess.normalize(preprocess.astype(preprocess.reshape(others.images)))
    labels = torch.tensor(others.labels, dtype=torch.int64)
    withstood = []
    for epsilon in (0.0, 0.1):
        recipe = replace(tiny_recipe, batch_size=50, attack=Attack(epsilon=epsilon, steps=2, ramp=2))
        torch.manual_seed(0)
        network = build("cnn", width=8)
        assert fit(network, train, recipe)["accuracy"][-1] > 0.5
        network.eval()
        moved = pgd(network, pixels, labels, 0.1, steps=5)
        withstood.append(float((network(preprocess.standardize(moved)).argmax(dim=1) == labels).float().mean()))
    assert withstood[1] > withstood[0] + 0.1
