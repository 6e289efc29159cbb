"""Deep residual learning (He et al., 2015), with torchvision's keys.

Deep Residual Learning for Image Recognition, 2015. https://arxiv.org/abs/1512.03385

Generated from specs/resnet.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable, Sequence
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


class Plain(nn.Module):
    """Two 3x3 convolutions and no shortcut (Fig. 3, middle).

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.out_channels = width
        self.conv1 = nn.Conv2d(
            in_channels, width, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return x


class Basic(nn.Module):
    """Two 3x3 convolutions and a shortcut (Fig. 2), with projections (option B).

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.out_channels = width
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


class BasicA(nn.Module):
    """Shortcuts without weights: every other pixel, zeros as new channels (option A).

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.out_channels = width
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


class BottleneckV1(nn.Module):
    """1x1 reduce, 3x3, 1x1 expand (Fig. 5); the stride in the first, as published.

    Shape: (N, in_channels, H, W) -> (N, 4 * width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.out_channels = 4 * width
        self.conv1 = nn.Conv2d(
            in_channels, width, kernel_size=1, stride=stride, bias=False
        )
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, kernel_size=1, bias=False)
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
        self.out_channels = 4 * width
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
        unit: Callable[..., Basic | Bottleneck | BasicA | BottleneckV1 | Plain],
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
        layer1: list[Basic | Bottleneck | BasicA | BottleneckV1 | Plain] = []
        for _ in range(depths[0]):
            layer1.append(unit(channels, 64))
            channels = layer1[-1].out_channels
        self.layer1 = nn.Sequential(*layer1)

        layer2 = [unit(channels, 128, stride=2)]
        channels = layer2[-1].out_channels
        layer2 += [unit(channels, 128) for _ in range(depths[1] - 1)]
        self.layer2 = nn.Sequential(*layer2)

        layer3 = [unit(channels, 256, stride=2)]
        channels = layer3[-1].out_channels
        layer3 += [unit(channels, 256) for _ in range(depths[2] - 1)]
        self.layer3 = nn.Sequential(*layer3)

        layer4 = [unit(channels, 512, stride=2)]
        channels = layer4[-1].out_channels
        layer4 += [unit(channels, 512) for _ in range(depths[3] - 1)]
        self.layer4 = nn.Sequential(*layer4)

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, num_classes)

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


def resnet18(**kwargs: Any) -> ResNet:
    """11,689,512 parameters, 1.81 G multiply-adds at 3x224x224."""
    return ResNet(Basic, (2, 2, 2, 2), **kwargs)


def resnet34(**kwargs: Any) -> ResNet:
    """21,797,672 parameters, 3.66 G multiply-adds at 3x224x224."""
    return ResNet(Basic, (3, 4, 6, 3), **kwargs)


def resnet50(**kwargs: Any) -> ResNet:
    """25,557,032 parameters, 4.09 G multiply-adds at 3x224x224."""
    return ResNet(Bottleneck, (3, 4, 6, 3), **kwargs)


def resnet101(**kwargs: Any) -> ResNet:
    """44,549,160 parameters, 7.80 G multiply-adds at 3x224x224."""
    return ResNet(Bottleneck, (3, 4, 23, 3), **kwargs)


def resnet152(**kwargs: Any) -> ResNet:
    """60,192,808 parameters, 11.51 G multiply-adds at 3x224x224."""
    return ResNet(Bottleneck, (3, 8, 36, 3), **kwargs)


def resnet18_paper(**kwargs: Any) -> ResNet:
    """11,515,688 parameters, 1.79 G multiply-adds at 3x224x224."""
    return ResNet(BasicA, (2, 2, 2, 2), **kwargs)


def resnet34_paper(**kwargs: Any) -> ResNet:
    """21,623,848 parameters, 3.64 G multiply-adds at 3x224x224."""
    return ResNet(BasicA, (3, 4, 6, 3), **kwargs)


def resnet50_paper(**kwargs: Any) -> ResNet:
    """25,557,032 parameters, 3.86 G multiply-adds at 3x224x224."""
    return ResNet(BottleneckV1, (3, 4, 6, 3), **kwargs)


def resnet101_paper(**kwargs: Any) -> ResNet:
    """44,549,160 parameters, 7.57 G multiply-adds at 3x224x224."""
    return ResNet(BottleneckV1, (3, 4, 23, 3), **kwargs)


def resnet152_paper(**kwargs: Any) -> ResNet:
    """60,192,808 parameters, 11.28 G multiply-adds at 3x224x224."""
    return ResNet(BottleneckV1, (3, 8, 36, 3), **kwargs)


def plain18(**kwargs: Any) -> ResNet:
    """11,515,688 parameters, 1.79 G multiply-adds at 3x224x224."""
    return ResNet(Plain, (2, 2, 2, 2), **kwargs)


def plain34(**kwargs: Any) -> ResNet:
    """21,623,848 parameters, 3.64 G multiply-adds at 3x224x224."""
    return ResNet(Plain, (3, 4, 6, 3), **kwargs)
