"""ShuffleNet v1 (Zhang et al., 2017).

ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices,
2017.
https://arxiv.org/abs/1707.01083

Generated from specs/shufflenet.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Transform(nn.Module):
    """Grouped 1x1, shuffle, depthwise 3x3, grouped 1x1 (Fig. 2).

    Shape: (N, in_channels, H, W) -> (N, out, ceil(H / stride), ceil(W / stride))
    """

    def __init__(
        self,
        in_channels: int,
        mid: int,
        out: int,
        groups: int,
        stride: int,
        first_groups: int,
    ) -> None:
        super().__init__()
        if mid % groups != 0:
            raise ValueError(
                f"{mid} bottleneck channels do not divide into {groups} groups"
            )
        self.conv1 = nn.Conv2d(
            in_channels, mid, kernel_size=1, groups=first_groups, bias=False
        )
        self.bn1 = nn.BatchNorm2d(mid)
        self.relu = nn.ReLU(inplace=True)
        self.shuffle = nn.ChannelShuffle(groups)
        self.conv2 = nn.Conv2d(
            mid, mid, kernel_size=3, stride=stride, padding=1, groups=mid, bias=False
        )
        self.bn2 = nn.BatchNorm2d(mid)
        self.conv3 = nn.Conv2d(mid, out, kernel_size=1, groups=groups, bias=False)
        self.bn3 = nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        x = self.shuffle(self.relu(self.bn1(self.conv1(x))))
        x = self.bn2(self.conv2(x))
        x = self.bn3(self.conv3(x))
        return x


class ShuffleUnit(nn.Module):
    """The unit of Fig. 2b; with stride 2 the pooled input is appended (Fig. 2c).

    Shape: (N, in_channels, H, W) -> (N, out, ceil(H / 2) if stride == 2 else H,
        ceil(W / 2) if stride == 2 else W)
    """

    def __init__(
        self,
        in_channels: int,
        out: int,
        groups: int,
        stride: int = 1,
        first_groups: int | None = None,
    ) -> None:
        super().__init__()
        if first_groups is None:
            first_groups = groups
        mid = out // 4
        self.shortcut: nn.AvgPool2d | None = None
        if stride == 2:
            self.branch = Transform(
                in_channels, mid, out - in_channels, groups, stride, first_groups
            )
            self.shortcut = nn.AvgPool2d(kernel_size=3, stride=2, padding=1)
        else:
            self.branch = Transform(in_channels, mid, out, groups, stride, first_groups)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        if self.shortcut is not None:
            x = torch.cat((self.branch(x), self.shortcut(x)), dim=1)
        else:
            x = x + self.branch(x)
        x = self.relu(x)
        return x


class ShuffleNet(nn.Module):
    """Three stages of units (Table 1); the first 1x1 has too few channels to group.

    Shape: (N, in_channels, 224, 224) -> (N, num_classes)
    """

    def __init__(
        self,
        groups: int,
        widths: Sequence[int],
        units: Sequence[int] = (4, 8, 4),
        stem_width: int = 24,
        num_classes: int = 1000,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, stem_width, kernel_size=3, stride=2, padding=1, bias=False
        )
        self.bn = nn.BatchNorm2d(stem_width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)

        self.stage2 = nn.Sequential(
            ShuffleUnit(stem_width, widths[0], groups, stride=2, first_groups=1),
            *[ShuffleUnit(widths[0], widths[0], groups) for _ in range(units[0] - 1)],
        )
        self.stage3 = nn.Sequential(
            ShuffleUnit(widths[0], widths[1], groups, stride=2),
            *[ShuffleUnit(widths[1], widths[1], groups) for _ in range(units[1] - 1)],
        )
        self.stage4 = nn.Sequential(
            ShuffleUnit(widths[1], widths[2], groups, stride=2),
            *[ShuffleUnit(widths[2], widths[2], groups) for _ in range(units[2] - 1)],
        )

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(widths[2], num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn(self.conv(x))))
        x = self.stage2(x)
        x = self.stage3(x)
        x = self.stage4(x)
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def shufflenet_g1(**kwargs: Any) -> ShuffleNet:
    """1,531,936 parameters, 143 M multiply-adds at 3x224x224."""
    return ShuffleNet(1, (144, 288, 576), **kwargs)


def shufflenet_g2(**kwargs: Any) -> ShuffleNet:
    """1,733,848 parameters, 141 M multiply-adds at 3x224x224."""
    return ShuffleNet(2, (200, 400, 800), **kwargs)


def shufflenet_g3(**kwargs: Any) -> ShuffleNet:
    """1,865,728 parameters, 137 M multiply-adds at 3x224x224."""
    return ShuffleNet(3, (240, 480, 960), **kwargs)


def shufflenet_g4(**kwargs: Any) -> ShuffleNet:
    """1,968,344 parameters, 134 M multiply-adds at 3x224x224."""
    return ShuffleNet(4, (272, 544, 1088), **kwargs)


def shufflenet_g8(**kwargs: Any) -> ShuffleNet:
    """2,434,768 parameters, 138 M multiply-adds at 3x224x224."""
    return ShuffleNet(8, (384, 768, 1536), **kwargs)


def shufflenet_g1_x0_25(**kwargs: Any) -> ShuffleNet:
    """209,908 parameters, 13 M multiply-adds at 3x224x224."""
    return ShuffleNet(1, (36, 72, 144), stem_width=12, **kwargs)


def shufflenet_g3_x0_25(**kwargs: Any) -> ShuffleNet:
    """306,124 parameters, 13 M multiply-adds at 3x224x224."""
    return ShuffleNet(3, (60, 120, 240), stem_width=12, **kwargs)


def shufflenet_g8_x0_25(**kwargs: Any) -> ShuffleNet:
    """454,504 parameters, 12 M multiply-adds at 3x224x224."""
    return ShuffleNet(8, (96, 192, 384), stem_width=8, **kwargs)


def shufflenet_g1_x0_5(**kwargs: Any) -> ShuffleNet:
    """534,484 parameters, 39 M multiply-adds at 3x224x224."""
    return ShuffleNet(1, (72, 144, 288), stem_width=12, **kwargs)


def shufflenet_g3_x0_5(**kwargs: Any) -> ShuffleNet:
    """718,324 parameters, 38 M multiply-adds at 3x224x224."""
    return ShuffleNet(3, (120, 240, 480), stem_width=12, **kwargs)


def shufflenet_g8_x0_5(**kwargs: Any) -> ShuffleNet:
    """1,011,448 parameters, 40 M multiply-adds at 3x224x224."""
    return ShuffleNet(8, (192, 384, 768), stem_width=16, **kwargs)


def shufflenet_g1_x1_5(**kwargs: Any) -> ShuffleNet:
    """2,993,032 parameters, 308 M multiply-adds at 3x224x224."""
    return ShuffleNet(1, (216, 432, 864), **kwargs)


def shufflenet_g3_x1_5(**kwargs: Any) -> ShuffleNet:
    """3,442,168 parameters, 292 M multiply-adds at 3x224x224."""
    return ShuffleNet(3, (360, 720, 1440), **kwargs)


def shufflenet_g8_x1_5(**kwargs: Any) -> ShuffleNet:
    """4,269,952 parameters, 290 M multiply-adds at 3x224x224."""
    return ShuffleNet(8, (576, 1152, 2304), **kwargs)


def shufflenet_g1_x2(**kwargs: Any) -> ShuffleNet:
    """4,918,744 parameters, 550 M multiply-adds at 3x224x224."""
    return ShuffleNet(1, (288, 576, 1152), stem_width=48, **kwargs)


def shufflenet_g2_x2(**kwargs: Any) -> ShuffleNet:
    """5,257,896 parameters, 539 M multiply-adds at 3x224x224."""
    return ShuffleNet(2, (400, 800, 1600), stem_width=48, **kwargs)


def shufflenet_g3_x2(**kwargs: Any) -> ShuffleNet:
    """5,450,776 parameters, 524 M multiply-adds at 3x224x224."""
    return ShuffleNet(3, (480, 960, 1920), stem_width=48, **kwargs)


def shufflenet_g4_x2(**kwargs: Any) -> ShuffleNet:
    """5,593,528 parameters, 510 M multiply-adds at 3x224x224."""
    return ShuffleNet(4, (544, 1088, 2176), stem_width=48, **kwargs)


def shufflenet_g8_x2(**kwargs: Any) -> ShuffleNet:
    """6,522,232 parameters, 522 M multiply-adds at 3x224x224."""
    return ShuffleNet(8, (768, 1536, 3072), stem_width=48, **kwargs)


def shufflenet_shallow(**kwargs: Any) -> ShuffleNet:
    """950,914 parameters, 42 M multiply-adds at 3x224x224."""
    return ShuffleNet(3, (180, 360, 720), units=(2, 4, 2), stem_width=12, **kwargs)


def shufflenet_arch2(**kwargs: Any) -> ShuffleNet:
    """1,090,104 parameters, 43 M multiply-adds at 3x224x224."""
    return ShuffleNet(8, (224, 416, 832), units=(4, 6, 4), stem_width=16, **kwargs)
