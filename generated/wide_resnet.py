"""Wide residual networks (Zagoruyko and Komodakis, 2016).

Wide Residual Networks, 2016. https://arxiv.org/abs/1605.07146

Generated from specs/wide_resnet.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn


class WideUnit(nn.Module):
    """BN-ReLU-conv twice, with dropout between (Fig. 1d).

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(
        self, in_channels: int, width: int, stride: int = 1, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(
            in_channels, width, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn2 = nn.BatchNorm2d(width)
        self.dropout = nn.Dropout(dropout) if dropout > 0 else None
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.shortcut: nn.Conv2d | None = None
        if stride != 1 or in_channels != width:
            self.shortcut = nn.Conv2d(
                in_channels, width, kernel_size=1, stride=stride, bias=False
            )

    def forward(self, x: Tensor) -> Tensor:
        active = self.relu(self.bn1(x))
        out = self.relu(self.bn2(self.conv1(active)))
        if self.dropout is not None:
            out = self.dropout(out)
        out = self.conv2(out)
        identity = x if self.shortcut is None else self.shortcut(active)
        x = out + identity
        return x


class Group(nn.Sequential):
    """Units of one width, of which the first changes the shape.

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        n: int,
        stride: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(
            WideUnit(in_channels, width, stride=stride, dropout=dropout),
            *[WideUnit(width, width, dropout=dropout) for _ in range(n - 1)],
        )


class WideResNet(nn.Module):
    """Three groups of (depth - 4) / 6 units, k times as wide as ResNet's (Table 1).

    Shape: (N, in_channels, 32, 32) -> (N, num_classes)
    """

    def __init__(
        self,
        depth: int,
        k: int,
        dropout: float = 0.0,
        num_classes: int = 10,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        if depth % 6 != 4:
            raise ValueError(f"a depth of {depth} is not 6n + 4")
        n = depth // 6
        self.conv1 = nn.Conv2d(in_channels, 16, kernel_size=3, padding=1, bias=False)
        self.conv2 = Group(16, 16 * k, n, dropout=dropout)
        self.conv3 = Group(16 * k, 32 * k, n, stride=2, dropout=dropout)
        self.conv4 = Group(32 * k, 64 * k, n, stride=2, dropout=dropout)

        self.bn = nn.BatchNorm2d(64 * k)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(64 * k, num_classes)

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        x = self.conv2(x)
        x = self.conv3(x)
        x = self.conv4(x)
        x = self.fc(torch.flatten(self.avgpool(self.relu(self.bn(x))), 1))
        return x


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


def wrn40_1_cifar10(**kwargs: Any) -> WideResNet:
    """563,930 parameters, 83 M multiply-adds at 3x32x32."""
    return WideResNet(40, 1, **kwargs)


def wrn40_2_cifar10(**kwargs: Any) -> WideResNet:
    """2,243,546 parameters, 328 M multiply-adds at 3x32x32."""
    return WideResNet(40, 2, **kwargs)


def wrn40_4_cifar10(**kwargs: Any) -> WideResNet:
    """8,949,210 parameters, 1.30 G multiply-adds at 3x32x32."""
    return WideResNet(40, 4, **kwargs)


def wrn40_8_cifar10(**kwargs: Any) -> WideResNet:
    """35,748,314 parameters, 5.17 G multiply-adds at 3x32x32."""
    return WideResNet(40, 8, **kwargs)


def wrn28_10_cifar10(**kwargs: Any) -> WideResNet:
    """36,479,194 parameters, 5.24 G multiply-adds at 3x32x32."""
    return WideResNet(28, 10, **kwargs)


def wrn28_12_cifar10(**kwargs: Any) -> WideResNet:
    """52,517,850 parameters, 7.54 G multiply-adds at 3x32x32."""
    return WideResNet(28, 12, **kwargs)


def wrn22_8_cifar10(**kwargs: Any) -> WideResNet:
    """17,158,106 parameters, 2.45 G multiply-adds at 3x32x32."""
    return WideResNet(22, 8, **kwargs)


def wrn22_10_cifar10(**kwargs: Any) -> WideResNet:
    """26,797,914 parameters, 3.83 G multiply-adds at 3x32x32."""
    return WideResNet(22, 10, **kwargs)


def wrn16_8_cifar10(**kwargs: Any) -> WideResNet:
    """10,961,370 parameters, 1.55 G multiply-adds at 3x32x32."""
    return WideResNet(16, 8, **kwargs)


def wrn16_10_cifar10(**kwargs: Any) -> WideResNet:
    """17,116,634 parameters, 2.41 G multiply-adds at 3x32x32."""
    return WideResNet(16, 10, **kwargs)


def wrn16_8_dropout_cifar10(**kwargs: Any) -> WideResNet:
    """10,961,370 parameters, 1.55 G multiply-adds at 3x32x32."""
    return WideResNet(16, 8, dropout=0.3, **kwargs)


def wrn28_10_dropout_cifar10(**kwargs: Any) -> WideResNet:
    """36,479,194 parameters, 5.24 G multiply-adds at 3x32x32."""
    return WideResNet(28, 10, dropout=0.3, **kwargs)


def wrn40_4_dropout_cifar10(**kwargs: Any) -> WideResNet:
    """8,949,210 parameters, 1.30 G multiply-adds at 3x32x32."""
    return WideResNet(40, 4, dropout=0.3, **kwargs)


def wide_resnet50_2(**kwargs: Any) -> ResNet:
    """68,883,240 parameters, 11.40 G multiply-adds at 3x224x224."""
    return ResNet(partial(Bottleneck, base=128), (3, 4, 6, 3), **kwargs)


def wide_resnet101_2(**kwargs: Any) -> ResNet:
    """126,886,696 parameters, 22.75 G multiply-adds at 3x224x224."""
    return ResNet(partial(Bottleneck, base=128), (3, 4, 23, 3), **kwargs)
