"""ResNeXt (Xie et al., 2016): ResNet with grouped convolutions.

Aggregated Residual Transformations for Deep Neural Networks, 2016.
https://arxiv.org/abs/1611.05431

Generated from specs/resnext.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn


class Bottleneck(nn.Module):
    """The stride in the 3x3, as in torchvision; also the unit of ResNeXt and WRN.

    Shape: (N, in_channels, H, W) -> (N, 4 * width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int = 1,
        groups: int = 1,
        base: int = 64,
    ) -> None:
        super().__init__()
        mid = width * base // 64 * groups
        self.conv1 = nn.Conv2d(in_channels, mid, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(mid)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(
            mid, mid, kernel_size=3, stride=stride, padding=1, groups=groups, bias=False
        )
        self.bn2 = nn.BatchNorm2d(mid)
        self.conv3 = nn.Conv2d(mid, 4 * width, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or in_channels != 4 * width:
            self.downsample = nn.Sequential(
                nn.Conv2d(
                    in_channels, 4 * width, kernel_size=1, stride=stride, bias=False
                ),
                nn.BatchNorm2d(4 * width),
            )

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        x = self.relu(x + identity)
        return x


class ResNet(nn.Module):
    """A stem and four stages of `unit`, each at half the size of the last (Table 1).

    Shape: (N, in_channels, 224, 224) -> (N, num_classes)
    """

    def __init__(
        self,
        unit: Callable[..., Bottleneck],
        depths: Sequence[int],
        num_classes: int = 1000,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, 64, kernel_size=7, stride=2, padding=3, bias=False
        )
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)

        channels = 64
        layer1: list[nn.Module] = []
        for _ in range(depths[0]):
            layer1.append(unit(channels, 64))
            channels = 256
        self.layer1 = nn.Sequential(*layer1)

        self.layer2 = nn.Sequential(
            unit(channels, 128, stride=2),
            *[unit(512, 128) for _ in range(depths[1] - 1)],
        )
        self.layer3 = nn.Sequential(
            unit(512, 256, stride=2), *[unit(1024, 256) for _ in range(depths[2] - 1)]
        )
        self.layer4 = nn.Sequential(
            unit(1024, 512, stride=2), *[unit(2048, 512) for _ in range(depths[3] - 1)]
        )

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(2048, num_classes)

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer1(x)
        x = self.layer2(x)
        x = self.layer3(x)
        x = self.layer4(x)
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def resnext50_32x4d(**kwargs: Any) -> ResNet:
    """25,028,904 parameters, 4.23 G multiply-adds at 3x224x224."""
    return ResNet(partial(Bottleneck, groups=32, base=4), (3, 4, 6, 3), **kwargs)


def resnext101_32x4d(**kwargs: Any) -> ResNet:
    """44,177,704 parameters, 7.97 G multiply-adds at 3x224x224."""
    return ResNet(partial(Bottleneck, groups=32, base=4), (3, 4, 23, 3), **kwargs)


def resnext101_64x4d(**kwargs: Any) -> ResNet:
    """83,455,272 parameters, 15.46 G multiply-adds at 3x224x224."""
    return ResNet(partial(Bottleneck, groups=64, base=4), (3, 4, 23, 3), **kwargs)


def resnext101_32x8d(**kwargs: Any) -> ResNet:
    """88,791,336 parameters, 16.41 G multiply-adds at 3x224x224."""
    return ResNet(partial(Bottleneck, groups=32, base=8), (3, 4, 23, 3), **kwargs)
