"""Xception (Chollet, 2016), with timm's keys.

Depthwise separable convolutions only, but for the first two layers. `legacy_xception`
is timm's name; `xception` has the paper's dropout, too. Norms add 1e-5 to the variance
as timm's do; the author's own, in Keras, add 1e-3.

Xception: Deep Learning with Depthwise Separable Convolutions, 2016.
https://arxiv.org/abs/1610.02357

Generated from specs/xception.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
from torch import Tensor, nn


class SeparableConv(nn.Module):
    """A 3x3 on each channel by itself, then a 1x1 across them; nothing between (Fig.
    4).

    Shape: (N, in_channels, H, W) -> (N, width, H, W)
    """

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels,
            in_channels,
            kernel_size=3,
            padding=1,
            groups=in_channels,
            bias=False,
        )
        self.pointwise = nn.Conv2d(in_channels, width, kernel_size=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pointwise(self.conv1(x))
        return x


class Block(nn.Module):
    """Separable convolutions, all but the last `middle` wide, and a shortcut (Fig. 5).

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        reps: int,
        stride: int = 1,
        middle: int | None = None,
        start_with_relu: bool = True,
    ) -> None:
        super().__init__()
        if middle is None:
            middle = width
        self.skip: nn.Conv2d | None = None
        self.skipbn: nn.BatchNorm2d | None = None
        if stride != 1 or in_channels != width:
            self.skip = nn.Conv2d(
                in_channels, width, kernel_size=1, stride=stride, bias=False
            )
            self.skipbn = nn.BatchNorm2d(width)

        rep: list[nn.Module] = []
        if start_with_relu:
            rep.append(nn.ReLU())
        channels = in_channels
        for _ in range(reps - 1):
            rep.append(SeparableConv(channels, middle))
            rep.append(nn.BatchNorm2d(middle))
            rep.append(nn.ReLU(inplace=True))
            channels = middle
        rep.append(SeparableConv(channels, width))
        rep.append(nn.BatchNorm2d(width))
        if stride != 1:
            rep.append(nn.MaxPool2d(kernel_size=3, stride=stride, padding=1))
        self.rep = nn.Sequential(*rep)

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        if self.skip is not None and self.skipbn is not None:
            identity = self.skipbn(self.skip(x))
        x = self.rep(x) + identity
        return x


class Xception(nn.Module):
    """Entry flow, middle flow and exit flow (Fig. 5).

    Shape: (N, in_channels, 299, 299) -> (N, num_classes)
    """

    def __init__(
        self, num_classes: int = 1000, dropout: float = 0.0, in_channels: int = 3
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 32, kernel_size=3, stride=2, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3, bias=False)
        self.bn2 = nn.BatchNorm2d(64)

        self.block1 = Block(64, 128, 2, stride=2, start_with_relu=False)
        self.block2 = Block(128, 256, 2, stride=2)
        self.block3 = Block(256, 728, 2, stride=2)

        self.block4 = Block(728, 728, 3)
        self.block5 = Block(728, 728, 3)
        self.block6 = Block(728, 728, 3)
        self.block7 = Block(728, 728, 3)
        self.block8 = Block(728, 728, 3)
        self.block9 = Block(728, 728, 3)
        self.block10 = Block(728, 728, 3)
        self.block11 = Block(728, 728, 3)

        self.block12 = Block(728, 1024, 2, stride=2, middle=728)
        self.conv3 = SeparableConv(1024, 1536)
        self.bn3 = nn.BatchNorm2d(1536)
        self.conv4 = SeparableConv(1536, 2048)
        self.bn4 = nn.BatchNorm2d(2048)

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(2048, num_classes)

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))

        x = self.block1(x)
        x = self.block2(x)
        x = self.block3(x)

        x = self.block4(x)
        x = self.block5(x)
        x = self.block6(x)
        x = self.block7(x)
        x = self.block8(x)
        x = self.block9(x)
        x = self.block10(x)
        x = self.block11(x)

        x = self.block12(x)
        x = self.relu(self.bn3(self.conv3(x)))
        x = self.relu(self.bn4(self.conv4(x)))

        x = self.fc(self.dropout(torch.flatten(self.avgpool(x), 1)))
        return x


def legacy_xception(**kwargs: Any) -> Xception:
    """22,855,952 parameters, 8.36 G multiply-adds at 3x299x299."""
    return Xception(**kwargs)


def xception(**kwargs: Any) -> Xception:
    """22,855,952 parameters, 8.36 G multiply-adds at 3x299x299."""
    return Xception(dropout=0.5, **kwargs)
