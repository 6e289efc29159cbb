"""sequences

Generated from specs/sequences.arch by archdsl; edit the spec, not this file.
"""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn


class ConvBN(nn.Sequential):
    """Convolution, batch norm, ReLU.

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(
        self, in_channels: int, width: int, kernel: int, stride: int = 1
    ) -> None:
        super().__init__(
            nn.Conv2d(
                in_channels,
                width,
                kernel_size=kernel,
                stride=stride,
                padding=kernel // 2,
                bias=False,
            ),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        )


class Stage(nn.Sequential):
    """Shape: (N, in_channels, H, W) -> (N, in_channels, ceil(H / 2), ceil(W / 2))"""

    def __init__(self, in_channels: int, width: int, n: int) -> None:
        children: OrderedDict[str, nn.Module] = OrderedDict(
            first=ConvBN(in_channels, width, 3, stride=2)
        )
        channels = width
        for i in range(n - 1):
            children[f"unit{i + 1}"] = ConvBN(channels, in_channels, 3)
            channels = in_channels
        super().__init__(children)


class Deep(nn.Sequential):
    """Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)"""

    def __init__(self, in_channels: int, width: int, n: int) -> None:
        blocks: list[nn.Module] = [ConvBN(in_channels, width, 3)]
        channels = width
        for _ in range(n):
            blocks.append(nn.ReLU())
            blocks.append(nn.Conv2d(channels, in_channels, kernel_size=1))
            channels = in_channels
        super().__init__(OrderedDict(blocks=nn.Sequential(*blocks)))


class Sequences(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.stage1 = Stage(in_channels, 4, 2)
        self.stage2 = Stage(in_channels, 8, 3)
        self.deep = Deep(in_channels, 4, 2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(in_channels, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.deep(self.stage2(self.stage1(x)))
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def sequences(**kwargs: Any) -> Sequences:
    """954 parameters, 24,126 multiply-adds at 3x16x16."""
    return Sequences(**kwargs)
