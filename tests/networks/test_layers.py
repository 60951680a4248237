import pytest
import torch
from torch import nn

from tenfold import build, recipes
from tenfold.networks.layers import (
    FakeQuantizedConv2d,
    FakeQuantizedLinear,
    FakeQuantizedReLU,
    Residual,
    ShiftMean,
    ShiftTTA,
    round_to_int8,
)

pytestmark = pytest.mark.fast


def test_int8_layers_compute_with_whole_multiples_of_a_step_for_each_channel():
    torch.manual_seed(0)
    for layer, inputs in (
        (FakeQuantizedConv2d(3, 8, 3), torch.randn(4, 3, 9, 9)),
        (FakeQuantizedLinear(30, 8), torch.randn(4, 30)),
    ):
        step = layer.weight.detach().flatten(1).abs().amax(dim=1) / 127
        codes = round_to_int8(layer.weight).detach().flatten(1) / step[:, None]
        assert torch.allclose(codes, codes.round(), atol=1e-4)
        assert codes.abs().max() <= 127.001
        assert ((codes - layer.weight.flatten(1) / step[:, None]).abs() <= 0.501).all()

        plain = nn.Conv2d(3, 8, 3) if isinstance(layer, nn.Conv2d) else nn.Linear(30, 8)
        plain.load_state_dict({"weight": round_to_int8(layer.weight), "bias": layer.bias})
        assert torch.equal(layer(inputs), plain(inputs))
        for trained in (layer, plain):
            trained(inputs).square().sum().backward()
        assert torch.equal(layer.weight.grad, plain.weight.grad)  # as if there were no rounding


def test_an_8_bit_relu_rounds_and_learns_as_if_it_did_not():
    relu = FakeQuantizedReLU()
    x = torch.tensor([-1.0, 0.0101, 1.01, 3.9, 9.0], requires_grad=True)
    codes = relu(x).detach() / relu.step
    assert torch.allclose(codes, torch.tensor([0.0, 1.0, 65.0, 250.0, 255.0]))
    relu(x).sum().backward()
    assert x.grad.tolist() == [0, 1, 1, 1, 0]
    assert torch.equal(relu.eval()(x) / relu.step, codes)


def test_the_tiny_recipes_stay_within_the_memory_of_a_microcontroller():
    recipe = recipes.load("tiny")
    model = build(recipe.network, **recipe.network_options)
    weights = sum(parameter.numel() for parameter in model.parameters() if parameter.ndim > 1)
    # one byte each; four for every bias: what is left of a BatchNorm, and the last layer's
    biases = sum(module.num_features for module in model.modules() if isinstance(module, nn.BatchNorm2d)) + 10
    assert weights + 4 * biases <= 11_000
    recipe = recipes.load("micro")
    model = build(recipe.network, **recipe.network_options)
    assert sum(parameter.numel() for parameter in model.parameters()) <= 1_500
    recipe = recipes.load("nano")
    model = build(recipe.network, **recipe.network_options)
    assert sum(parameter.numel() for parameter in model.parameters()) <= 1_000
    assert sum(parameter.numel() for parameter in build("integer_cnn", width=4).parameters()) <= 750


def test_the_mean_over_shifts_is_that_of_the_probabilities_in_evaluation_only():
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 4, 3, stride=2), nn.Flatten(), nn.Linear(4 * 169, 10)]
    plain, model = nn.Sequential(*layers), ShiftTTA(*layers)
    x = torch.zeros(3, 1, 28, 28)
    x[:, :, 4:24, 4:24] = torch.randn(3, 1, 20, 20)
    assert torch.equal(model(x), plain(x))
    shifts = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]
    expected = torch.stack([plain(x.roll(shift, (2, 3))).softmax(1) for shift in shifts]).mean(0)
    assert torch.allclose(model.eval()(x).exp(), expected, atol=1e-6)
    logits = torch.stack([plain(x.roll(shift, (2, 3))) for shift in shifts]).mean(0)
    assert torch.allclose(ShiftMean(*layers).eval()(x), logits, atol=1e-6)


def test_a_residual_block_whose_residual_is_zero_is_relu():
    block, x = Residual(8), torch.randn(2, 8, 5, 5)
    nn.init.zeros_(block.residual[4].weight)  # BatchNorm's scale
    assert torch.equal(block(x), x.relu())
