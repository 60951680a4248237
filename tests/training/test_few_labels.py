from dataclasses import replace

import numpy as np
import pytest
import torch

from tenfold import TenfoldError, build, fit, recipes, seed_everything
from tenfold.data import Digits
from tenfold.recipes import Unlabeled
from tenfold.training import SingleDigits, hold_out
from tenfold.training.few_labels import UNSURE, choose_labeled, mislabel, pseudo_label


def test_as_many_images_of_every_class_keep_their_label(few):
    chosen = choose_labeled(few, 25, seed=3)
    assert sorted(few.labels[chosen[:10]]) == sorted(few.labels[chosen[10:20]]) == list(range(10))
    assert len(set(chosen)) == 25
    assert set(chosen) == set(choose_labeled(few, 25, seed=3)) != set(choose_labeled(few, 25, seed=4))
    assert sorted(choose_labeled(few, len(few), seed=3)) == list(range(len(few)))


def test_a_share_of_the_labels_becomes_wrong(few):
    labels = mislabel(few.labels, 0.4, 10, seed=3)
    wrong = labels != few.labels
    assert (wrong.sum(), labels.max(), labels.dtype) == (400, 9, np.uint8)
    assert len(set(labels[wrong & (few.labels == 1)])) == 9


def test_a_label_budget_that_cannot_work_is_refused(few, tiny_recipe):
    for labels in (9, 901):
        with pytest.raises(TenfoldError, match=rf"^labels = {labels}: choose 10, one of every class, to 900, or"):
            hold_out(few, replace(tiny_recipe, labels=labels))
    with pytest.raises(TenfoldError, match=r"wrong_labels = 1\.5: "):
        recipes.load("quick", {"wrong_labels": 1.5})


class Answers(torch.nn.Module):
    def __init__(self, *differences):
        super().__init__()
        self.logits = torch.tensor([[float(difference), 0.0] for difference in differences])

    def forward(self, images):
        return self.logits


def test_an_unsure_answer_is_no_pseudo_label_and_a_class_named_too_often_gives_way():
    images = torch.zeros(4, 1, 28, 28)
    assert pseudo_label(Answers(4, 9, 9, -9), images, 0.99).tolist() == [UNSURE, 0, 0, 1]
    assert pseudo_label(Answers(2, 9, 9, 9), images, 0.5).tolist() == [1, 0, 0, 0]  # the first is the least sure


def test_a_batch_looks_at_the_chosen_labels_alone(few, tiny_recipe):
    recipe = replace(tiny_recipe, labels=20, unlabeled=Unlabeled(ratio=2))
    network = build("cnn", width=4)
    task = SingleDigits(few, None, recipe, torch.device("cpu"), network)
    batches = torch.stack(list(task.batches()))
    assert batches.shape == (10, 300)  # an epoch is as long as with all labels
    assert set(batches[:, :100].flatten().tolist()) == set(choose_labeled(few, 20, recipe.seed).tolist())
    assert len(batches[:, 100:].unique()) == 1000
    relabeled = Digits(few.images, np.where(np.isin(np.arange(1000), task.labeled), few.labels, 0).astype(np.uint8))
    blind = SingleDigits(relabeled, None, recipe, torch.device("cpu"), network)
    blind.labeled = task.labeled
    found = []
    for one in (task, blind):
        torch.manual_seed(0)
        inputs, labels = one.augment(batches[0])
        found.append(one.loss(network(inputs), labels)[0].item())
    assert found[0] == found[1]


def test_images_without_labels_help(mnist):
    train, validation = mnist[0][:3000], mnist[0][3000:4000]
    recipe = recipes.load("few_labels", {"labels": 30, "epochs": 2.0, "network_options.width": 16})
    accuracies = []
    for ratio in (0, 3):
        seed_everything(0)
        network = build(recipe.network, **recipe.network_options)
        history = fit(network, train, replace(recipe, unlabeled=Unlabeled(ratio=ratio)), validation=validation)
        accuracies.append(history["validation_accuracy"][-1])
    assert accuracies[1] > accuracies[0] + 0.04
