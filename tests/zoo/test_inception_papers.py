"""Papers' forms that no library has: those of torchvision and timm, with the parts exchanged."""

from __future__ import annotations

import types
from typing import Any

import pytest
import torch
import torchvision_models
import zoo
from torch import Tensor, nn


def averaged(self: Any, x: Tensor) -> Tensor:
    """A side head's forward, with a window of 5x5 in place of a map of 4x4."""
    x = self.conv(nn.functional.avg_pool2d(x, 5, 3))
    x = nn.functional.relu(self.fc1(torch.flatten(x, 1)))
    result = self.fc2(self.dropout(x))
    assert isinstance(result, Tensor)
    return result


def with_the_parts_of_the_paper(model: Any) -> nn.Module:
    """Biases for norms, 5x5 for the 3x3 of the third branch, and the paper's pools."""
    for name, module in list(model.named_modules()):
        if type(module).__name__ == "BasicConv2d":
            old: nn.Conv2d = module.conv
            kernel = 5 if name.endswith("branch3.1") else old.kernel_size[0]
            module.conv = nn.Conv2d(
                old.in_channels, old.out_channels, kernel, int(old.stride[0]), kernel // 2
            )
            module.bn = nn.Identity()
    norm = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1)
    model.maxpool1 = nn.Sequential(model.maxpool1, norm)
    model.maxpool2 = nn.Sequential(norm, model.maxpool2)
    model.maxpool4 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
    for side_head in (model.aux1, model.aux2):
        side_head.forward = types.MethodType(averaged, side_head)
    assert isinstance(model, nn.Module)
    return model


def test_same_as_torchvisions_with_the_parts_of_the_paper() -> None:
    googlenet = torchvision_models.models().googlenet
    theirs = with_the_parts_of_the_paper(googlenet(init_weights=False, dropout=0.4))
    ours = zoo.build(zoo.load("googlenet_paper").googlenet_paper)
    state = zoo.random_state(theirs)
    zoo.filled(theirs, state)
    zoo.filled(ours, state)

    x = zoo.image(2, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(ours.eval()(x), theirs.eval()(x))
        torch.manual_seed(1)
        logits, aux2, aux1 = theirs.train()(x)
        torch.manual_seed(1)
        found = ours.train()(x)
    assert torch.equal(found.logits, logits)
    assert torch.equal(found.aux1, aux1)
    assert torch.equal(found.aux2, aux2)


def turned(layer: Any) -> None:
    """The 1x7 becomes a 7x1."""
    old: nn.Conv2d = layer.conv
    height, width = old.kernel_size
    pad = (width // 2, height // 2)
    layer.conv = nn.Conv2d(
        old.in_channels, old.out_channels, (width, height), padding=pad, bias=False
    )


def as_drawn(model: Any) -> nn.Module:
    """Each 1x7 and 7x1, or 1x3 and 3x1, that stands the other way round in the paper's figures."""
    for module in model.features:
        kind = type(module).__name__
        if kind == "Mixed4a":
            layers = list(module.branch1[1:3])
        elif kind == "InceptionB":
            layers = list(module.branch2[1:])
        elif kind == "InceptionC":
            layers = [module.branch2_1, module.branch2_2]
        else:
            continue
        for layer in layers:
            turned(layer)
    assert isinstance(model, nn.Module)
    return model


@pytest.mark.slow
def test_same_as_timms_inception_v4_with_kernels_as_drawn() -> None:
    torchvision_models.models()  # what timm imports has to be importable
    import timm

    theirs = as_drawn(timm.create_model("inception_v4", drop_rate=0.2))
    ours = zoo.build(zoo.load("inception_v4").inception_v4_paper)
    state = zoo.random_state(theirs)
    zoo.filled(theirs, state)
    zoo.filled(ours, state)

    x = zoo.image(2, 3, 96, 80)
    with torch.no_grad():
        assert torch.equal(ours.eval()(x), theirs.eval()(x))
        torch.manual_seed(1)
        expected = theirs.train()(x)
        torch.manual_seed(1)
        assert torch.equal(ours.train()(x), expected)
