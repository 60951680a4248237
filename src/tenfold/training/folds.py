"""Out-of-fold predictions: training images read by networks that were not trained on them."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from tenfold.base.errors import TenfoldError
from tenfold.data import Digits, preprocess
from tenfold.networks import build, predict_logits
from tenfold.recipes import Recipe
from tenfold.training.loop import fit, seed_everything


def out_of_fold(digits: Digits, recipe: Recipe, folds: int = 4) -> Float[np.ndarray, "n classes"]:
    """Predict every image with a network trained without it, by stratified cross-validation.

    Args:
        digits: the images, split into `folds` parts with every class in the same proportion.
        recipe: how to train a network for each part, on all the other parts; its validation split is not used.
        folds: the number of parts, at least 2.

    Returns:
        The logits of every image, float32.

    Raises:
        TenfoldError: if there are fewer images than folds; or whatever `fit` raises.

    Source: M. Stone, "Cross-Validatory Choice and Assessment of Statistical Predictions", JRSS B 36, 1974.
    """
    if not 2 <= folds <= len(digits):
        raise TenfoldError(f"cannot split {len(digits)} images into {folds} folds; choose 2 to {len(digits)}")
    recipe = replace(recipe, validation=0)
    order = np.random.default_rng(recipe.seed).permutation(len(digits))
    by_class = order[np.argsort(digits.labels[order], kind="stable")]
    logits = np.empty((len(digits), len(digits.classes)), dtype=np.float32)
    for fold in range(folds):
        held_out = by_class[fold::folds]
        seed_everything(recipe.seed)
        model = build(recipe.network, **{"classes": digits.classes} | recipe.network_options)
        fit(model, digits[np.setdiff1d(by_class, held_out)], recipe)
        logits[held_out] = predict_logits(model, preprocess.to_tensor(digits.images[held_out])).numpy()
    return logits
