"""ResNet for CIFAR-10 (He et al., 2015, Section 4.2).

Deep Residual Learning for Image Recognition, 2015. https://arxiv.org/abs/1512.03385

Generated from specs/resnet_cifar.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PadChannels(nn.Module):
    """Appends channels of zeros up to `channels`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, (0, 0, 0, 0, 0, self.channels - x.shape[1]))


class BasicA(nn.Module):
    """Shortcuts without weights: every other pixel, zeros as new channels (option A).

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, width, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or in_channels != width:
            self.downsample = nn.Sequential(
                nn.MaxPool2d(kernel_size=1, stride=stride), PadChannels(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.bn2(self.conv2(x))
        x = self.relu(x + identity)
        return x


class Basic(nn.Module):
    """Two 3x3 convolutions and a shortcut (Fig. 2), with projections (option B).

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, width, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or in_channels != width:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, width, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(width),
            )

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.bn2(self.conv2(x))
        x = self.relu(x + identity)
        return x


class ResNetCifar(nn.Module):
    """Three stages of n units each: 6n + 2 layers.

    Shape: (N, in_channels, 32, 32) -> (N, num_classes)
    """

    def __init__(
        self,
        unit: Callable[..., BasicA | Basic],
        n: int,
        num_classes: int = 10,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 16, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU(inplace=True)

        self.layer1 = nn.Sequential(*[unit(16, 16) for _ in range(n)])
        self.layer2 = nn.Sequential(
            unit(16, 32, stride=2), *[unit(32, 32) for _ in range(n - 1)]
        )
        self.layer3 = nn.Sequential(
            unit(32, 64, stride=2), *[unit(64, 64) for _ in range(n - 1)]
        )

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(64, num_classes)

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer1(x)
        x = self.layer2(x)
        x = self.layer3(x)
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def resnet20(**kwargs: Any) -> ResNetCifar:
    """269,722 parameters, 41 M multiply-adds at 3x32x32."""
    return ResNetCifar(BasicA, 3, **kwargs)


def resnet32(**kwargs: Any) -> ResNetCifar:
    """464,154 parameters, 69 M multiply-adds at 3x32x32."""
    return ResNetCifar(BasicA, 5, **kwargs)


def resnet44(**kwargs: Any) -> ResNetCifar:
    """658,586 parameters, 97 M multiply-adds at 3x32x32."""
    return ResNetCifar(BasicA, 7, **kwargs)


def resnet56(**kwargs: Any) -> ResNetCifar:
    """853,018 parameters, 125 M multiply-adds at 3x32x32."""
    return ResNetCifar(BasicA, 9, **kwargs)


def resnet110(**kwargs: Any) -> ResNetCifar:
    """1,727,962 parameters, 253 M multiply-adds at 3x32x32."""
    return ResNetCifar(BasicA, 18, **kwargs)


def resnet1202(**kwargs: Any) -> ResNetCifar:
    """19,421,274 parameters, 2.83 G multiply-adds at 3x32x32."""
    return ResNetCifar(BasicA, 200, **kwargs)


def resnet20_cifar10(**kwargs: Any) -> ResNetCifar:
    """272,474 parameters, 41 M multiply-adds at 3x32x32."""
    return ResNetCifar(Basic, 3, **kwargs)


def resnet56_cifar10(**kwargs: Any) -> ResNetCifar:
    """855,770 parameters, 126 M multiply-adds at 3x32x32."""
    return ResNetCifar(Basic, 9, **kwargs)


def resnet110_cifar10(**kwargs: Any) -> ResNetCifar:
    """1,730,714 parameters, 253 M multiply-adds at 3x32x32."""
    return ResNetCifar(Basic, 18, **kwargs)
