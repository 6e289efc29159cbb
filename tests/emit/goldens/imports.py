"""imports

Generated from specs/imports.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import AdaptiveMaxPool2d, FeatureAlphaDropout


class Plain(nn.Module):
    """A unit that others import.

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, width, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn(self.conv(x)))
        return x


class SqueezeExcite(nn.Module):
    """Squeeze and excitation (Hu et al., 2017): gate each map by what all of them say.

    `squeeze` is the width between the two 1x1 convolutions.

    Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)
    """

    def __init__(
        self,
        in_channels: int,
        squeeze: int,
        act: Callable[..., nn.Module] = nn.ReLU,
        gate: Callable[..., nn.Module] = nn.Sigmoid,
    ) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(in_channels, squeeze, kernel_size=1)
        self.act = act(inplace=True)
        self.fc2 = nn.Conv2d(squeeze, in_channels, kernel_size=1)
        self.gate = gate()

    def forward(self, x: Tensor) -> Tensor:
        weight = self.gate(self.fc2(self.act(self.fc1(self.avgpool(x)))))
        x = weight * x
        return x


class ConvBN(nn.Module):
    """Convolution, batch norm, activation.

    Shape: (N, in_channels, H, W) -> (N, width,
        (H + 2 * pad - kernel + stride) // stride,
        (W + 2 * pad - kernel + stride) // stride)
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        kernel: int,
        stride: int = 1,
        pad: int | None = None,
        groups: int = 1,
        act: Callable[..., nn.Module] | None = nn.ReLU,
    ) -> None:
        super().__init__()
        if pad is None:
            pad = kernel // 2
        self.conv = nn.Conv2d(
            in_channels,
            width,
            kernel_size=kernel,
            stride=stride,
            padding=pad,
            groups=groups,
            bias=False,
        )
        self.bn = nn.BatchNorm2d(width)
        self.act = act(inplace=True) if act is not None else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn(self.conv(x))
        if self.act is not None:
            x = self.act(x)
        return x


class Wide(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, 8, 8)"""

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.plain = Plain(in_channels, 2 * width, stride=stride)
        self.squeeze_excite = SqueezeExcite(2 * width, 4)
        self.drop1 = FeatureAlphaDropout(p=0.2)
        self.drop2 = FeatureAlphaDropout(p=0.1)
        self.conv_bn = ConvBN(2 * width, width, 1, act=None)
        self.pool = AdaptiveMaxPool2d(output_size=8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.drop2(self.drop1(self.squeeze_excite(self.plain(x))))
        x = self.pool(self.conv_bn(x))
        return x


class Chain(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, num_classes)"""

    def __init__(
        self,
        unit: Callable[..., Wide],
        n: int,
        num_classes: int = 10,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        channels = in_channels
        unit_layers: list[nn.Module] = []
        for _ in range(n):
            unit_layers.append(unit(channels, 4))
            channels = 4
        self.unit = nn.Sequential(*unit_layers)

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc(torch.flatten(self.avgpool(self.unit(x)), 1))
        return x


def wide_chain(**kwargs: Any) -> Chain:
    """818 parameters, 84,136 multiply-adds at 3x16x16."""
    return Chain(Wide, 2, **kwargs)
