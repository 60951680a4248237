# %% [markdown]
# # Exercises for Chapter 4: Training and callbacks
#
# In each exercise, write your answer below `# your answer`, run the cell, and then run the check in the cell after it.
# If something is missing, the check says what; otherwise it prints that the exercise is solved. Do not change the
# checks.
#
# We work with 2,000 images to learn from and 500 to judge by, all of them from MNIST's training images.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import tenfold
from tenfold.data import preprocess

train, _ = tenfold.load()
learn, validation = tenfold.split(tenfold.data.subset(train, 2500), 500)
x, x_validation = (preprocess.to_tensor(digits.images).flatten(1) for digits in (learn, validation))
y, y_validation = (torch.tensor(digits.labels, dtype=torch.int64) for digits in (learn, validation))
print("pixels", tuple(x.shape), "labels", tuple(y.shape))

# %% [markdown]
# ## Exercise 4.1: The training loop
#
# Write one epoch of training. Put the images in a random order (`torch.randperm`), take `batch_size` of them at a
# time, and for each batch compute the logits and the loss, forget the old gradient, find the new one, and take a step.
# Return the mean loss over all images as a plain number (`loss.item()` makes one of a tensor). Do not forget to tell
# the network that it is training.


# %%
def train_epoch(network, optimizer, x, y, batch_size):
    """Show every image to the network once, in random order; return the mean loss."""
    ### BEGIN SOLUTION
    network.train()
    total = 0.0
    for batch in torch.randperm(len(x)).split(batch_size):
        loss = F.cross_entropy(network(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(x)
    ### END SOLUTION


# %%
torch.manual_seed(0)
network, seen = nn.Linear(784, 10).eval(), []
network.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach().clone()))
network.weight.grad = torch.full_like(network.weight, 1000.0)  # a gradient left over from before
start = network.weight.detach().clone()
loss = train_epoch(network, torch.optim.SGD(network.parameters(), lr=0.01), x, y, 100)
assert seen, "4.1: the network has not seen a single image yet; write the loop below `# your answer`"
assert {len(batch) for batch in seen} == {100}, "4.1: each batch should have 100 images"
assert len(seen) == 20, f"4.1: 2,000 images make 20 batches of 100, but the network has seen {len(seen)}"
assert torch.allclose(torch.cat(seen).sum(1).sort()[0], x.sum(1).sort()[0]), "4.1: show every image exactly once"
assert not torch.equal(torch.cat(seen), x), "4.1: the images come in the order of the data set; shuffle them"
assert not torch.equal(network.weight, start), "4.1: the weights have not changed; call loss.backward() and step()"
assert network.weight.abs().max() < 5, "4.1: an old gradient is at work; zero_grad() must come before backward()"
assert network.training, "4.1: say that the network is training: network.train()"
assert isinstance(loss, float), f"4.1: return the mean loss as a number, not {type(loss).__name__}; use loss.item()"
assert 0.3 < loss < 2.5, f"4.1: the mean loss of the epoch should be about 1, yours is {loss:.2f}; divide by the images"
mlp = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
adam = torch.optim.Adam(mlp.parameters(), lr=0.002)
losses = [train_epoch(mlp, adam, x, y, 100) for _ in range(5)]
assert losses[-1] < losses[0] / 2, f"4.1: the loss should fall from epoch to epoch, but it went {losses}"
accuracy = (mlp(x_validation).argmax(dim=1) == y_validation).float().mean()
assert accuracy > 0.85, f"4.1: after five epochs about 9 of 10 images should be read correctly, not {accuracy:.0%}"
print(f"4.1 solved: the MLP reads {accuracy:.0%} after five epochs")

# %% [markdown]
# ## Exercise 4.2: Augmentation
#
# Write `shift_randomly`, which moves every image by a whole number of pixels, at most `most` up or down and at most
# `most` to the left or to the right. Each image gets two random numbers of its own, and what becomes vacant is blank
# (0). The images that came in must stay as they are.
#
# *Hint:* `rng.integers(-2, 3)` is one of −2, −1, 0, 1, 2. `np.pad(image, 2)` adds a border of two blank pixels on all
# sides; then cut out 28 rows and 28 columns.


# %%
def shift_randomly(images, rng, most=2):
    """Images (n, 28, 28), each moved by up to `most` pixels in both directions at random."""
    ### BEGIN SOLUTION
    moved = np.zeros_like(images)
    for number, image in enumerate(images):
        top, left = rng.integers(0, 2 * most + 1, size=2)
        moved[number] = np.pad(image, most)[top : top + 28, left : left + 28]
    return moved
    ### END SOLUTION


# %%
dots = np.zeros((500, 28, 28), np.uint8)
dots[:, 10, 20] = 255
kept = dots.copy()
moved = shift_randomly(dots, np.random.default_rng(0))
assert moved is not None, "4.2: shift_randomly returns nothing yet; write it below `# your answer`, ending with return"
assert np.array_equal(dots, kept), "4.2: the images that came in have changed; work on a copy"
assert np.shape(moved) == (500, 28, 28), f"4.2: the shape should stay (500, 28, 28), but it is {np.shape(moved)}"
assert ((moved == 255).sum(axis=(1, 2)) == 1).all(), "4.2: a single dot of ink should stay a single dot of ink"
_, rows, columns = np.nonzero(moved)
for name, steps in (("up and down", rows - 10), ("left and right", columns - 20)):
    assert set(steps) == {-2, -1, 0, 1, 2}, f"4.2: steps {name} should be −2 to 2, not {sorted(set(steps.tolist()))}"
assert len(set(zip(rows, columns, strict=True))) == 25, "4.2: the two directions need random numbers of their own"
full = shift_randomly(np.full((50, 28, 28), 255, np.uint8), np.random.default_rng(0))
assert (full == 0).any(), "4.2: what leaves on one side comes back on the other; the vacant pixels should be blank"
assert not np.array_equal(moved, shift_randomly(dots, np.random.default_rng(1))), "4.2: use rng, so that a seed counts"
print("4.2 solved")

# %% [markdown]
# ## Exercise 4.3: Early stopping
#
# A training with early stopping ends when the validation loss has not been lower than its best for `patience` epochs
# in a row. Write `early_stopping`: given the validation losses of all epochs, it returns the epoch with the best loss
# and the epoch after which the training ends. Epochs count from 1. If patience never runs out, the training ends with
# the last epoch.


# %%
def early_stopping(losses, patience):
    """The best epoch, and the last one that is trained."""
    ### BEGIN SOLUTION
    best = 1
    for epoch, loss in enumerate(losses, start=1):
        if loss < losses[best - 1]:
            best = epoch
        if epoch - best == patience:
            return best, epoch
    return best, len(losses)
    ### END SOLUTION


# %%
result = early_stopping([0.5, 0.3, 0.4, 0.35, 0.2], patience=2)
assert result is not None, "4.3: early_stopping returns nothing yet; write it below `# your answer`, ending with return"
assert np.shape(result) == (2,), "4.3: return two numbers: the best epoch and the last epoch"
assert tuple(result) != (1, 3), "4.3: epochs count from 1, not from 0"
assert tuple(result) == (2, 4), (
    f"4.3: of the losses 0.5, 0.3, 0.4, 0.35, 0.2, the second is best; epochs 3 and 4 are not better, so with a "
    f"patience of 2 the training ends after epoch 4 and never sees the 0.2; yours says {tuple(result)}"
)
result = early_stopping([0.5, 0.3, 0.4, 0.2, 0.25], 2)
assert tuple(result) == (4, 5), f"4.3: a new best starts the count again; expected (4, 5), not {tuple(result)}"
result = early_stopping([0.5, 0.4, 0.3], 5)
assert tuple(result) == (3, 3), f"4.3: while the loss improves, no epoch is the last but the last; not {tuple(result)}"
result = early_stopping([0.3, 0.3, 0.3], 2)
assert tuple(result) == (1, 3), f"4.3: an equal loss is no improvement; expected (1, 3), not {tuple(result)}"
print("4.3 solved")

# %% [markdown]
# ## Exercise 4.4: Reading curves
#
# Here are three trainings; one is healthy. Run the cell, look at the curves, and write for each of A, B, and C
# `"underfitting"`, `"overfitting"`, or `"neither"`.


# %%
def curves(network, n, epochs):
    """Train on n images, and return the training and the validation loss after every epoch."""
    optimizer, rows = torch.optim.Adam(network.parameters(), lr=0.005), []
    for _ in range(epochs):
        network.train()
        for batch in torch.randperm(n).split(50):
            optimizer.zero_grad()
            F.cross_entropy(network(x[batch]), y[batch]).backward()
            optimizer.step()
        network.eval()
        with torch.inference_mode():
            rows.append(
                [
                    F.cross_entropy(network(x[:n]), y[:n]).item(),
                    F.cross_entropy(network(x_validation), y_validation).item(),
                ]
            )
    return np.array(rows).T


def layers(width, dropout=0.0):
    return nn.Sequential(nn.Linear(784, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, 10))


torch.manual_seed(0)
trainings = {
    "A": curves(layers(128), 150, 40),
    "B": curves(layers(128, 0.5), 2000, 4),
    "C": curves(layers(2), 2000, 12),
}
figure, panels = plt.subplots(1, 3, figsize=(10, 3), layout="constrained", sharey=True)
for panel, (name, (training_loss, validation_loss)) in zip(panels, trainings.items(), strict=True):
    epochs = range(1, len(training_loss) + 1)
    panel.plot(epochs, training_loss, label="training")
    panel.plot(epochs, validation_loss, "--", label="validation")
    panel.set(title=name, xlabel="epoch", ylabel="loss", ylim=(0, 2.2))
_ = panels[0].legend()

# %%
answers = {"A": None, "B": None, "C": None}
### BEGIN SOLUTION
answers = {"A": "overfitting", "B": "neither", "C": "underfitting"}
### END SOLUTION

# %%
for name, answer in answers.items():
    assert answer in ("underfitting", "overfitting", "neither"), (
        f'4.4: below `# your answer`, set answers["{name}"] to "underfitting", "overfitting", or "neither"'
    )
assert answers["A"] == "overfitting", "4.4: in A, the training loss goes to 0 and the validation loss does not follow"
assert answers["C"] != "overfitting", "4.4: in C, the two curves stay together; overfitting would part them"
assert answers["C"] == "underfitting", "4.4: C ends with a high loss even on the images it learns from; can it do more?"
assert answers["B"] == "neither", "4.4: in B, both losses fall, to low values, and the validation loss does not turn up"
print("4.4 solved: A needs more images, C needs a larger network")
