from inspect import unwrap

import numpy as np
import pytest
from torch.utils.data import DataLoader

import tenfold
from tenfold import TenfoldError


def test_arguments_of_a_wrong_type_get_one_line(few):
    network = tenfold.build("softmax")
    for function, arguments, message in (
        (tenfold.load, [3], "a source is one of bundled, openml, download, or a path, not int"),
        (tenfold.split, [few, 0.1], "a number of images, not float"),
        (tenfold.fit, ["cnn", few], "a network, such as tenfold.build.. makes, not str"),
        (tenfold.fit, [network, (few, few)], "not a tuple of them; give one of the two"),
        (tenfold.fit, [network, DataLoader(few)], "map-style data set, not DataLoader; give its .dataset"),
        (tenfold.fit, [network, few, {"epochs": 3}], "a recipe is a name or .* not dict"),
        (tenfold.evaluate, [network, few.images], "a pair of images and labels, .* not ndarray"),
        (tenfold.evaluate, [None, few], "a model is a network, a path, or .* not NoneType"),
        (tenfold.seed_everything, ["x"], "a seed is an integer, not str"),
        (tenfold.recipes.load, [3], "a recipe is named by a string, not int"),
    ):
        with pytest.raises(TenfoldError, match=message):
            unwrap(function)(*arguments)  # without the checks of types that tests add
    unwrap(tenfold.seed_everything)(np.int64(3))
