import pytest
import torch

from tenfold import TenfoldError, build, summary
from tenfold.data import preprocess
from tenfold.networks import NETWORKS, predict_logits

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_maps_images_to_ten_logits(name):
    model = build(name)
    logits = model(torch.randn(4, 1, 28, 28))
    assert logits.shape == (4, 10)
    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_parameter_counts_of_the_literature():
    for name, parameters in (("softmax", 7_850), ("lenet5", 61_706)):
        assert sum(row.parameters for row in summary(build(name))) == parameters


def test_the_adjustable_network_is_the_cnn_until_it_is_adjusted():
    shapes = {name: tensor.shape for name, tensor in build("cnn").state_dict().items()}
    plain = build("adjustable_cnn")
    assert {name: tensor.shape for name, tensor in plain.state_dict().items()} == shapes
    x = torch.randn(4, 1, 28, 28)
    for depth in range(1, 6):
        model = build("adjustable_cnn", depth=depth, activation="tanh", batchnorm=False, inputs="raw")
        names = [row.layer for row in summary(model)]
        assert (names.count("Conv2d"), names.count("Tanh"), names.count("BatchNorm2d")) == (depth, depth, 0)
        assert model(x).shape == (4, 10)
    raw = build("adjustable_cnn", inputs="raw")[0]
    pixels = torch.arange(256.0)
    assert torch.allclose(raw(preprocess.standardize(preprocess.normalize(pixels))), pixels, atol=1e-3)


def test_summary_lists_layers_in_order_and_leaves_the_model_as_it_was():
    model = build("cnn").train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    rows = summary(model)
    assert [row.layer for row in rows][:3] == ["Conv2d", "BatchNorm2d", "ReLU"]
    assert rows[0].output_shape == (32, 12, 12)
    assert rows[-1].output_shape == (10,)
    assert sum(row.parameters for row in rows) == sum(p.numel() for p in model.parameters())
    assert f"{sum(row.parameters for row in rows):,}" in str(rows)
    assert model.training
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_the_batch_an_image_is_in_does_not_change_its_logits():
    torch.manual_seed(0)
    model, images = build("cnn"), torch.randn(70, 1, 28, 28)
    assert torch.allclose(predict_logits(model, images), predict_logits(model, images, batch_size=7), atol=1e-5)
    assert model.training


def test_wrong_names_and_options_are_named():
    for name, options, message in (
        ("cn", {}, "did you mean 'cnn'"),
        ("cnn", {"widht": 3}, "did you mean 'width'"),
        ("cnn", {"width": "wide"}, "width = 'wide': must be an integer"),
        ("cnn", {"width": True}, "width = True: must be an integer"),
        ("cnn", {"width": 0}, "width = 0: input should be greater than or equal to 1"),
        ("resnet", {"width": 10**20}, "width = 10+: input should be less than or equal to 1024"),
        ("adjustable_cnn", {"activation": "rleu"}, "activation = 'rleu': input should be 'relu', 'gelu'"),
        ("adjustable_cnn", {"depth": 6}, "depth = 6: input should be less than or equal to 5"),
        ("adjustable_cnn", {"batchnorm": 1}, "batchnorm = 1: must be "),
        ("cnn", {"dropout": 2.0}, "dropout = 2.0: input should be less than 1"),
    ):
        with pytest.raises(TenfoldError, match=message):
            build(name, **options)
