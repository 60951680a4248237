import numpy as np
import pytest

from tenfold.report.plots import diagrams
from tenfold.report.plots.style import VALIDATION

pytestmark = pytest.mark.fast


def texts(figure) -> list[str]:
    figure.canvas.draw()
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_convolution_shows_the_sum_of_products():
    image = np.zeros((6, 6))
    image[2:, 2:] = 0.5
    figure = diagrams.convolution(image, np.array([[-1.0, -1, -1], [0, 0, 0], [1, 1, 1]]), row=0, column=1)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["image", "window", "× filter", "feature map: +1.0"]
    assert texts(figure)[:9] == ["0.0"] * 6 + ["0.0", "0.5", "0.5"]


def test_pooling_keeps_the_largest_of_every_block():
    values = np.arange(16.0).reshape(4, 4)
    assert texts(diagrams.pooling(values))[16:] == ["5.0", "7.0", "13.0", "15.0"]


def test_receptive_field_counts_what_one_number_depends_on():
    figure = diagrams.receptive_field(10, [("window 3", 3, 2, 0), ("window 3 with a border", 3, 1, 1)])
    assert texts(figure) == ["image", "7 of 10", "window 3", "3 of 4", "window 3 with a border", "1 of 4"]


def test_network_names_every_shape():
    figure = diagrams.network([("image", (1, 28, 28)), ("Conv2d", (8, 12, 12)), ("Linear", (10,))])
    assert texts(figure) == ["1×28×28", "image", "8×12×12", "Conv2d", "10", "Linear"]


def test_gradient_descent_goes_down_or_out_of_the_valley():
    figure = diagrams.gradient_descent([0.3, 1.05])
    losses = [axes.lines[1].get_ydata() for axes in figure.axes]
    assert losses[0][-1] < 0.01 * losses[0][0]
    assert losses[1][-1] > losses[1][0]


def test_backpropagation_shows_the_slopes():
    figure = diagrams.backpropagation()
    assert {"∂L/∂a", "∂L/∂h", "p − y"} <= set(texts(figure))
    assert next(text for text in figure.axes[0].texts if text.get_text() == "p − y").get_color() == VALIDATION
