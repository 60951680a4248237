# %% [markdown]
# # Exercises for Chapter 5: Evaluation
#
# In each exercise, write your answer below `# your answer`, run the cell, and then run the check in the cell after it.
# If something is missing, the check says what; otherwise it prints that the exercise is solved. Do not change the
# checks.
#
# First we train a small network, not a good one, so that there is something to evaluate. It learns 1,000 images and
# reads 3,000 others; all are from MNIST's training images. `logits` and `probabilities` are what it says, `answers`
# what it reads, and `labels` the truth.

# %%
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import tenfold
from tenfold import evaluation
from tenfold.data import preprocess

train, _ = tenfold.load()
learn, judged = tenfold.split(tenfold.data.subset(train, 4000), 3000)
x, x_judged = (preprocess.to_tensor(digits.images).flatten(1) for digits in (learn, judged))

torch.manual_seed(0)
network = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
for _ in range(60):
    optimizer.zero_grad()
    F.cross_entropy(network(x), torch.tensor(learn.labels, dtype=torch.int64)).backward()
    optimizer.step()
with torch.inference_mode():
    logits = network(x_judged).double().numpy()  # (3000, 10)
labels = judged.labels.astype(int)  # (3000,)
answers = logits.argmax(axis=1)  # (3000,)
probabilities = torch.tensor(logits).softmax(dim=1).numpy()  # (3000, 10)
print(f"accuracy {(answers == labels).mean():.1%}")

# %% [markdown]
# ## Exercise 5.1: The confusion matrix, precision, and recall
#
# Write `confusion_matrix`, a table of 10×10 counts with a row for each true digit and a column for each answer. Then
# compute both scores from such a table: `precision`, the fraction of the answers *d* that are right, and `recall`, the
# fraction of the digits *d* that are found, for each digit *d*.


# %%
def confusion_matrix(labels, answers):
    """How often each true digit (row) got each answer (column): (10, 10) counts."""
    ### BEGIN SOLUTION
    matrix = np.zeros((10, 10), int)
    for label, answer in zip(labels, answers, strict=True):
        matrix[label, answer] += 1
    return matrix
    ### END SOLUTION


def precision_and_recall(matrix):
    """Two arrays of ten numbers: the precision and the recall of each digit."""
    ### BEGIN SOLUTION
    right = np.diag(matrix)
    return right / matrix.sum(axis=0), right / matrix.sum(axis=1)
    ### END SOLUTION


# %%
matrix = confusion_matrix(labels, answers)
assert matrix is not None, "5.1: confusion_matrix returns nothing yet; write it below `# your answer`"
assert np.shape(matrix) == (10, 10), f"5.1: the table should be (10, 10), but it is {np.shape(matrix)}"
assert np.sum(matrix) == 3000, f"5.1: every image is counted once, so the sum should be 3,000, not {np.sum(matrix)}"
assert np.trace(matrix) == (answers == labels).sum(), "5.1: the diagonal should hold what is read correctly"
assert matrix[4, 9] == ((labels == 4) & (answers == 9)).sum(), "5.1: rows are the true digits, columns the answers"
scores = precision_and_recall(matrix)
assert scores is not None, "5.1: precision_and_recall returns nothing yet; write it below the second `# your answer`"
assert np.shape(scores) == (2, 10), f"5.1: return two arrays of ten numbers, not {np.shape(scores)}"
precision, recall = scores
seven = (answers == 7) & (labels == 7)
assert not np.isclose(precision[7], seven.sum() / (labels == 7).sum()), "5.1: precision and recall have changed places"
assert np.isclose(precision[7], seven.sum() / (answers == 7).sum()), "5.1: precision divides by the sums of the columns"
assert np.isclose(recall[7], seven.sum() / (labels == 7).sum()), "5.1: recall divides by the sums of the rows"
print(f"5.1 solved: lowest recall {recall.min():.1%}, of digit {recall.argmin()}")

# %% [markdown]
# ## Exercise 5.2: How certain is an accuracy?
#
# Of *n* images, a fraction *p* was read correctly. Wilson's 95% interval for the accuracy on *all* such images is
#
# $$
# \frac{1}{1 + z^2/n} \left( p + \frac{z^2}{2n} \pm z \sqrt{\frac{p (1 - p)}{n} + \frac{z^2}{4 n^2}} \right)
# \qquad z = 1.96
# $$
#
# Write `interval`, which returns its two ends. Then use it: a network reads 996 of 1,000 images and another 9,920 of
# 10,000. Do their intervals overlap? Set `overlap` to `True` or `False`.


# %%
def interval(right, n):
    """The lower and the upper end of the interval, from 0 to 1."""
    ### BEGIN SOLUTION
    p, z = right / n, 1.96
    center = p + z**2 / (2 * n)
    width = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
    return (center - width) / (1 + z**2 / n), (center + width) / (1 + z**2 / n)
    ### END SOLUTION


overlap = None
### BEGIN SOLUTION
overlap = interval(996, 1000)[0] <= interval(9920, 10_000)[1]
### END SOLUTION

# %%
ends = interval(50, 100)
assert ends is not None, "5.2: interval returns nothing yet; write it below `# your answer`, ending with return"
assert np.shape(ends) == (2,), "5.2: return two numbers: the lower and the upper end"
assert ends[0] < 0.5 < ends[1], f"5.2: 50 of 100 should lie inside the interval, which goes from {ends[0]} to {ends[1]}"
names = ("lower", "upper")
for right, n in ((50, 100), (996, 1000), (10, 10)):
    for name, yours, true in zip(names, interval(right, n), evaluation.wilson_interval(right, n), strict=True):
        assert abs(yours - true) < 1e-4, f"5.2: for {right} of {n} the {name} end should be {true:.4f}, not {yours:.4f}"
assert overlap is not None, "5.2: set overlap to True or False, below the second `# your answer`"
lower, upper = evaluation.wilson_interval(996, 1000)[0], evaluation.wilson_interval(9920, 10_000)[1]
assert overlap == (lower <= upper), (
    f"5.2: one interval begins at {lower:.4f}, the other ends at {upper:.4f}; look again"
)
low, high = interval((answers == labels).sum(), 3000)
print(f"5.2 solved: our network's accuracy is between {low:.1%} and {high:.1%}")

# %% [markdown]
# ## Exercise 5.3: Calibration
#
# A network's confidence is the probability of its answer. Sort the images by confidence into ten bins of equal width:
# 0 to 0.1, 0.1 to 0.2, and so on. In each bin that has images, take the difference between the mean confidence and the
# fraction that was read correctly, without its sign. The *calibration error* is the mean of these differences over all
# **images**, so a bin counts as often as it has images.
#
# *Hint:* `(confidence * 10).astype(int)` is the number of the bin, with one exception: a confidence of 1 belongs to
# bin 9.


# %%
def calibration_error(probabilities, labels):
    """The calibration error of probabilities (n, 10), a number from 0 to 1."""
    ### BEGIN SOLUTION
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * 10).astype(int), 9)
    error = 0.0
    for number in set(bins):
        inside = bins == number
        error += inside.sum() * abs(confidence[inside].mean() - right[inside].mean())
    return error / len(labels)
    ### END SOLUTION


# %%
toy = np.array([[0.96, 0.04], [0.94, 0.06], [0.65, 0.35], [0.35, 0.65]])
error = calibration_error(toy, np.array([0, 0, 0, 0]))
assert error is not None, "5.3: calibration_error returns nothing yet; write it below `# your answer`"
assert np.isclose(calibration_error(toy[:2], np.array([0, 0])), 0.05), (
    "5.3: two images read correctly with the confidences 0.96 and 0.94 have a calibration error of 0.05"
)
assert np.isclose(calibration_error(toy[2:], np.array([0, 0])), 0.15), (
    "5.3: two images with confidence 0.65, of which one is read correctly, have a calibration error of 0.15"
)
assert np.isclose(error, 0.1), f"5.3: two images 0.05 off and two 0.15 off make an error of 0.1, not {error:.3f}"
error = calibration_error(toy[:3], np.array([0, 0, 0]))
assert np.isclose(error, 0.15), f"5.3: a bin counts as often as it has images; expected 0.15, not {error:.3f}"
sure = calibration_error(np.array([[1.0, 0.0], [0.96, 0.04]]), np.array([1, 0]))
assert np.isclose(sure, 0.48), f"5.3: confidences of 1.00 and 0.96 share the last bin; expected 0.48, not {sure:.3f}"
before = calibration_error(probabilities, labels)
print(f"5.3 solved: our network's calibration error is {before:.1%}")

# %% [markdown]
# ## Exercise 5.4: A temperature
#
# Our network is too sure of itself. Divided by a *temperature* above 1, its logits lie closer together and its
# probabilities become more modest. Write `best_temperature`, which tries all candidates and returns the one with the
# lowest cross-entropy: the mean of −ln of the right digit's probability.
#
# We choose the temperature on the first half of the images and check it on the second, for the usual reason.


# %%
def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def best_temperature(logits, labels, candidates):
    """The candidate by which the logits (n, 10) must be divided to get the lowest cross-entropy."""
    ### BEGIN SOLUTION
    losses = [-np.log(softmax(logits / t)[np.arange(len(labels)), labels]).mean() for t in candidates]
    return candidates[np.argmin(losses)]
    ### END SOLUTION


# %%
candidates = np.arange(0.5, 5, 0.05)
temperature = best_temperature(logits[:1500], labels[:1500], candidates)
assert temperature is not None, "5.4: best_temperature returns nothing yet; write it below `# your answer`"
assert np.ndim(temperature) == 0, "5.4: return one of the candidates, a single number"
assert temperature in candidates, "5.4: return one of the candidates, not the loss that it has"
assert best_temperature(np.array([[3.0, 0.0]] * 4), np.array([0, 0, 0, 1]), [0.5, 1, 2.75, 9]) == 2.75, (
    "5.4: logits of 3 and 0 that are right three times in four should be divided by about 2.75; do you take the "
    "logarithm of the right digit's probability, and choose the lowest loss?"
)
after = softmax(logits[1500:] / temperature)
assert (after.argmax(axis=1) == answers[1500:]).all(), "5.4: a temperature must not change any answer"
assert temperature > 1, f"5.4: an overconfident network needs a temperature above 1, not {temperature:.2f}"
before, cooled = (evaluation.calibration_error(p, judged.labels[1500:]) for p in (probabilities[1500:], after))
print(f"5.4 solved: temperature {temperature:.2f}, calibration error {before:.1%} before and {cooled:.1%} after")
