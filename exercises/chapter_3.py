# %% [markdown]
# # Exercises for Chapter 3: The model, layer by layer
#
# In each exercise, write your answer below `# your answer`, run the cell, and then run the check in the cell after it.
# If something is missing, the check says what; otherwise it prints that the exercise is solved. Do not change the
# checks.
#
# The exercises are in NumPy; PyTorch only checks the answers.

# %%
import numpy as np
import torch
from torch import nn

import tenfold

train, _ = tenfold.load()
few = tenfold.data.subset(train, 200)
x = few.images.reshape(-1, 784) / 255  # (200, 784), from 0 to 1
y = np.eye(10)[few.labels]  # (200, 10), one-hot

# %% [markdown]
# ## Exercise 3.1: Softmax and cross-entropy
#
# Write `softmax`, which turns each row of logits into probabilities: *e* to the power of each logit, divided by the
# sum of these powers in its row. Then write `cross_entropy`: the mean over the rows of −ln of the probability that was
# given to the right digit.
#
# *Hint:* `axis=1, keepdims=True` keeps a sum of shape (n, 1), by which a row can be divided. And *e* to the power of
# 1,000 is too large for the computer; subtract something first.


# %%
def softmax(logits):
    """Logits (n, 10) become probabilities (n, 10)."""
    ### BEGIN SOLUTION
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
    ### END SOLUTION


def cross_entropy(probabilities, labels):
    """The mean of −ln p over the rows, where p is the probability of the right digit."""
    ### BEGIN SOLUTION
    return -np.log(probabilities[np.arange(len(labels)), labels]).mean()
    ### END SOLUTION


# %%
logits = np.array([[2.0, 1.0, -1.0], [0.0, 0.0, 0.0]])
probabilities = softmax(logits)
assert probabilities is not None, "3.1: softmax returns nothing yet; write it below `# your answer`, ending with return"
assert np.shape(probabilities) == (2, 3), f"3.1: the shape should stay (2, 3), but it is {np.shape(probabilities)}"
assert (probabilities > 0).all(), "3.1: a probability is positive; take e to the power of each logit with np.exp"
assert np.allclose(probabilities.sum(axis=1), 1), "3.1: each row should add up to 1; sum with axis=1, keepdims=True"
assert np.allclose(probabilities[1], 1 / 3), "3.1: equal logits should get equal probabilities"
assert np.allclose(probabilities[0, 0] / probabilities[0, 1], np.e), "3.1: a logit larger by 1 weighs e times as much"
with np.errstate(all="ignore"):
    large = softmax(np.array([[1000.0, 0.0]]))
assert np.isfinite(large).all(), "3.1: a logit of 1,000 is too much; subtract the largest logit of each row first"
loss = cross_entropy(np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]), np.array([0, 2]))
assert loss is not None, "3.1: cross_entropy returns nothing yet; write it below the second `# your answer`"
assert np.ndim(loss) == 0, "3.1: the loss is a single number; take the mean over the rows"
assert np.isclose(loss, -(np.log(0.5) + np.log(0.8)) / 2), (
    f"3.1: the right digits have the probabilities 0.5 and 0.8, so the loss should be 0.458, not {loss:.3f}"
)
print("3.1 solved")

# %% [markdown]
# ## Exercise 3.2: The gradient, checked by small steps
#
# Softmax regression computes the logits `x @ weights + bias`. Its gradient is built from one difference: what was said
# minus what is true, *p* − *y*. Write `gradient`, which returns the slopes of the mean loss with respect to the
# weights and to the bias. The probabilities come from a softmax that is given here.
#
# The check needs no calculus: it moves one weight a little up and a little down, and looks at how much the loss
# changes.


# %%
def gradient(weights, bias, x, y):
    """The slopes of the mean loss, (784, 10) and (10,); x is (n, 784), y is one-hot, (n, 10)."""
    probabilities = torch.tensor(x @ weights + bias).softmax(dim=1).numpy()  # (n, 10)
    ### BEGIN SOLUTION
    difference = (probabilities - y) / len(x)
    return x.T @ difference, difference.sum(axis=0)
    ### END SOLUTION


# %%
def loss_at(weights, bias):
    logits = x @ weights + bias
    return (np.log(np.exp(logits).sum(axis=1)) - (logits * y).sum(axis=1)).mean()


rng = np.random.default_rng(0)
weights, bias = rng.normal(scale=0.1, size=(784, 10)), rng.normal(size=10)
slopes = gradient(weights, bias, x, y)
assert slopes is not None, "3.2: gradient returns nothing yet; write it below `# your answer`, ending with return"
assert [np.shape(part) for part in slopes] == [(784, 10), (10,)], (
    f"3.2: return two arrays of the shapes (784, 10) and (10,), not {[np.shape(part) for part in slopes]}"
)
for digit in range(10):
    step = np.zeros(10)
    step[digit] = 1e-5
    measured = (loss_at(weights, bias + step) - loss_at(weights, bias - step)) / 2e-5
    assert not np.isclose(slopes[1][digit], measured * len(x), atol=1e-7), (
        "3.2: these are the slopes of the sum of the losses; divide by the number of images"
    )
    assert np.isclose(slopes[1][digit], measured, atol=1e-7), (
        f"3.2: the slope of bias {digit} should be {measured:.5f}, but yours is {slopes[1][digit]:.5f}; it is the mean "
        "of p − y over the images"
    )
for pixel in (350, 406, 462):  # in the middle of the image
    step = np.zeros((784, 10))
    step[pixel, 3] = 1e-5
    measured = (loss_at(weights + step, bias) - loss_at(weights - step, bias)) / 2e-5
    assert np.isclose(slopes[0][pixel, 3], measured, atol=1e-7), (
        f"3.2: the slope of weight ({pixel}, 3) should be {measured:.5f}, not {slopes[0][pixel, 3]:.5f}; it is the "
        "mean over the images of the pixel times p − y"
    )
print("3.2 solved: your slopes agree with small steps of ten biases and three weights")

# %% [markdown]
# ## Exercise 3.3: A convolution by hand
#
# Lay the window on the image, multiply each pixel by the weight above it, add up the products, move on by one pixel.
# Write `convolve` with two loops, over the rows and the columns of the result. The window stays inside the image, so
# the result is a little smaller.


# %%
def convolve(image, window):
    """The feature map of an image (height, width) under a window of weights (rows, columns)."""
    ### BEGIN SOLUTION
    rows, columns = window.shape
    result = np.zeros((image.shape[0] - rows + 1, image.shape[1] - columns + 1))
    for row in range(result.shape[0]):
        for column in range(result.shape[1]):
            result[row, column] = (image[row : row + rows, column : column + columns] * window).sum()
    return result
    ### END SOLUTION


# %%
image, edge = x[0].reshape(28, 28), np.array([[-1.0, -1, -1], [0, 0, 0], [1, 1, 1]])
found = convolve(image, edge)
assert found is not None, "3.3: convolve returns nothing yet; write it below `# your answer`, ending with return"
assert np.shape(found) == (26, 26), (
    f"3.3: a window of 3×3 fits into 28 pixels at 26 places, so the map should be (26, 26), not {np.shape(found)}"
)
assert np.shape(convolve(image, np.ones((5, 3)))) == (24, 26), "3.3: the window need not be square or of 3×3 weights"
assert np.allclose(convolve(image, np.ones((1, 1))), image), "3.3: a window with the single weight 1 changes nothing"
layer = nn.functional.conv2d(torch.tensor(image)[None, None], torch.tensor(edge)[None, None])[0, 0].numpy()
assert not np.allclose(found, -layer), "3.3: the window is turned over; networks do not do that"
assert np.allclose(found, layer), "3.3: the map differs from PyTorch's; which pixels lie under the window?"
print("3.3 solved: the map is PyTorch's")

# %% [markdown]
# ## Exercise 3.4: Shapes and parameters with pencil and paper
#
# Write two functions that tell, before anything is computed, how large a layer's maps are and how many parameters it
# has. A window of `window` pixels is moved by `stride` pixels at a time over `size` pixels, to which `padding` zeros
# were added on both sides. A convolution has a weight for each pixel of its window, each incoming map, and each
# outgoing map; with a bias, one more for each outgoing map.


# %%
def output_size(size, window, stride=1, padding=0):
    """At how many places the window fits."""
    ### BEGIN SOLUTION
    return (size + 2 * padding - window) // stride + 1
    ### END SOLUTION


def parameters(incoming, outgoing, window, bias):
    """How many parameters a convolution with a square window has."""
    ### BEGIN SOLUTION
    return outgoing * incoming * window**2 + (outgoing if bias else 0)
    ### END SOLUTION


# %%
assert output_size(28, 3) is not None, "3.4: output_size returns nothing yet; write it below `# your answer`"
assert output_size(28, 3) == 26, f"3.4: a window of 3 fits into 28 pixels at 26 places, not {output_size(28, 3)}"
assert output_size(5, 3, padding=1) == 5, "3.4: padding adds zeros on both sides: 5 pixels become 7"
assert output_size(28, 5, stride=2) == 12, "3.4: a last step that no longer fits does not count; divide with //"
assert parameters(32, 64, 3, False) is not None, "3.4: parameters returns nothing yet; write it below `# your answer`"
for incoming, outgoing, window, bias in ((1, 32, 5, False), (32, 64, 3, False), (3, 8, 7, True)):
    true = sum(tensor.numel() for tensor in nn.Conv2d(incoming, outgoing, window, bias=bias).parameters())
    yours = parameters(incoming, outgoing, window, bias)
    assert yours == true, (
        f"3.4: {incoming} incoming and {outgoing} outgoing maps, window {window}×{window}, "
        f"{'with' if bias else 'without'} bias: PyTorch has {true} parameters, you count {yours}"
    )
print("3.4 solved")
