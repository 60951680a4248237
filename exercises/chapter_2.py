# %% [markdown]
# # Exercises for Chapter 2: Preprocessing and exploration
#
# In each exercise, write your answer below `# your answer`, run the cell, and then run the check in the cell after it.
# If something is missing, the check says what; otherwise it prints that the exercise is solved. Do not change the
# checks.
#
# We work with 2,000 images to learn from and 500 to judge by. All of them come from MNIST's training images; the test
# images are not needed here.

# %%
import numpy as np

import tenfold
from tenfold.data import preprocess

train, _ = tenfold.load()
learn, validation = tenfold.split(tenfold.data.subset(train, 2500), 500)
# pixels (n, 784) from 0 to 1, for all exercises after the first
known, unknown = (
    preprocess.normalize(preprocess.astype(preprocess.reshape(digits.images))).flatten(1).numpy()
    for digits in (learn, validation)
)
print(len(learn), "images to learn from,", len(validation), "to judge by, pixels", learn.images.dtype)

# %% [markdown]
# ## Exercise 2.1: From bytes to numbers
#
# An image comes as 28 rows of 28 bytes. Most methods want a list of 784 numbers from 0 to 1 instead. Write
# `normalize`, which takes all images at once: make each one a row of 784 pixels, convert the pixels to `np.float32`,
# and bring them to the range from 0 to 1.
#
# *Hint:* `reshape` and `astype` are methods of every array.


# %%
def normalize(images):
    """Images (n, 28, 28) of bytes become pixels (n, 784) of type float32, from 0 to 1."""
    ### BEGIN SOLUTION
    return images.reshape(len(images), 784).astype(np.float32) / 255
    ### END SOLUTION


# %%
pixels = normalize(learn.images)
assert pixels is not None, "2.1: normalize returns nothing yet; write it below `# your answer`, ending with return"
assert pixels.shape == (2000, 784), f"2.1: each image should be one row of 784 pixels, but the shape is {pixels.shape}"
assert pixels.dtype == np.float32, f"2.1: the pixels should be np.float32, but they are {pixels.dtype}; use astype"
assert pixels.max() <= 1, f"2.1: the largest pixel should be 1, but it is {pixels.max():g}; divide by the largest byte"
assert pixels.max() == 1, f"2.1: the largest pixel should be 1, but it is {pixels.max():g}; the largest byte is 255"
assert np.allclose(pixels[3].reshape(28, 28) * 255, learn.images[3]), "2.1: the pixels of an image have changed places"
print("2.1 solved")

# %% [markdown]
# ## Exercise 2.2: Standardize
#
# Standardized pixels have mean 0 and standard deviation 1 over all images that we learn from. Write `standardize`,
# which is given the pixels to convert *and* the pixels to learn from. Take the mean and the standard deviation, one
# number each, from the right one of the two.


# %%
def standardize(pixels, learned):
    """Standardize pixels (n, 784) with the mean and the standard deviation of the pixels we learn from."""
    ### BEGIN SOLUTION
    return (pixels - learned.mean()) / learned.std()
    ### END SOLUTION


# %%
result = standardize(known, known)
assert result is not None, "2.2: standardize returns nothing yet; write it below `# your answer`, ending with return"
assert result.shape == known.shape, f"2.2: the shape should stay {known.shape}, but it is {result.shape}"
assert abs(result.mean()) < 1e-3, f"2.2: the mean should be 0, but it is {result.mean():.3f}; subtract the mean"
assert abs(result.std() - 1) < 1e-3, f"2.2: the standard deviation should be 1, not {result.std():.3f}; divide by it"
paper = standardize(np.zeros((2, 784), np.float32), known)
assert np.allclose(paper, result.min()), "2.2: blank paper must always become the same number, whatever comes with it"
assert np.ptp(standardize(unknown, known)) > 0, "2.2: all pixels have become equal"
print(f"2.2 solved: blank paper is {result.min():.2f}, full ink {result.max():.2f}")

# %% [markdown]
# ## Exercise 2.3: Ten mean images that can read
#
# The mean of all images of a digit is a blurred digit. Ten of them make a reader: an image is the digit whose mean
# image is nearest to it. Write two functions: `mean_images` computes the ten means, and `nearest_mean` answers, for
# each image, with the digit whose mean has the smallest distance (the root of the sum of the squared differences).
#
# *Hint:* `pixels[:, None] - means` has the shape (n, 10, 784).


# %%
def mean_images(pixels, labels):
    """The mean of the pixels (n, 784) of each digit, in order: (10, 784)."""
    ### BEGIN SOLUTION
    return np.stack([pixels[labels == digit].mean(axis=0) for digit in range(10)])
    ### END SOLUTION


def nearest_mean(pixels, means):
    """For each image the digit whose mean is nearest: (n,) whole numbers from 0 to 9."""
    ### BEGIN SOLUTION
    return ((pixels[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    ### END SOLUTION


# %%
means = mean_images(known, learn.labels)
assert means is not None, "2.3: mean_images returns nothing yet; write it below `# your answer`, ending with return"
assert np.shape(means) == (10, 784), f"2.3: the means should have the shape (10, 784), but it is {np.shape(means)}"
assert np.allclose(means[7], known[learn.labels == 7].mean(axis=0)), "2.3: row 7 is not the mean of all sevens"
answers = nearest_mean(unknown, means)
assert answers is not None, "2.3: nearest_mean returns nothing yet; write it below the second `# your answer`"
assert np.shape(answers) == (500,), f"2.3: there should be one answer for each image, not {np.shape(answers)}"
assert (nearest_mean(means, means) == np.arange(10)).all(), "2.3: each mean is nearest to itself; argmin finds it"
accuracy = (answers == validation.labels).mean()
assert accuracy > 0.75, f"2.3: ten means read about 8 of 10 images, yours {accuracy:.0%}; look at the distances again"
print(f"2.3 solved: ten mean images read {accuracy:.0%}")

# %% [markdown]
# ## Exercise 2.4: Nearest neighbors
#
# Why only ten images to compare with? Write `neighbors`: for each unknown image it finds the `k` known images at the
# smallest distance, and answers with the most frequent of their labels. Work on one unknown image at a time.
#
# *Hint:* `np.argsort(distances)[:k]` are the places of the `k` smallest distances, and `np.bincount(labels)` counts
# labels.


# %%
def neighbors(unknown, known, labels, k):
    """For each unknown image (n, 784) the most frequent label of its k nearest known images (m, 784)."""
    ### BEGIN SOLUTION
    answers = []
    for image in unknown:
        distances = ((known - image) ** 2).sum(axis=1)
        answers.append(np.bincount(labels[np.argsort(distances)[:k]]).argmax())
    return np.array(answers)
    ### END SOLUTION


# %%
answers = neighbors(unknown[:200], known, learn.labels, 3)
assert answers is not None, "2.4: neighbors returns nothing yet; write it below `# your answer`, ending with return"
assert np.shape(answers) == (200,), f"2.4: there should be one answer for each unknown image, not {np.shape(answers)}"
assert (neighbors(known[:50], known, learn.labels, 1) == learn.labels[:50]).all(), (
    "2.4: a known image is its own nearest neighbor, so with k = 1 it should get its own label"
)
toy, toy_labels = np.array([[0.0], [1.0], [1.1], [9.0]], np.float32), np.array([5, 3, 3, 8])
assert neighbors(np.float32([[0.2]]), toy, toy_labels, 3)[0] == 3, "2.4: with k = 3, two threes outvote one nearer five"
accuracy = (answers == validation.labels[:200]).mean()
assert accuracy > 0.85, f"2.4: neighbors read about 9 of 10 images, yours {accuracy:.0%}"
print(f"2.4 solved: 2,000 neighbors read {accuracy:.0%}")
