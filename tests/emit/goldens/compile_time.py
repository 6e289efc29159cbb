"""compile_time

Generated from specs/compile_time.arch by archdsl; edit the spec, not this file.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

WIDTHS = (4, 8, 16)


def round_to(value: float, step: int) -> int:
    """The multiple of step nearest to value; the next if that loses over a tenth."""
    result = max(step, int(value + step / 2) // step * step)
    return result + step if result < 0.9 * value else result


class Grouped(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, H, W)"""

    def __init__(self, in_channels: int, width: int, groups: int) -> None:
        super().__init__()
        mid = width // 2
        if mid % groups != 0:
            raise ValueError(f"{mid} channels do not divide into {groups} groups")
        self.conv1 = nn.Conv2d(in_channels, mid, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(mid)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(
            mid, width, kernel_size=3, padding=1, groups=groups, bias=False
        )
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))
        return x


class Computed(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, round(width * ratio) + 4 + int(sqrt(width)),
    H, W)
    """

    def __init__(self, in_channels: int, width: int, ratio: float) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, math.ceil(width * ratio), kernel_size=1)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(
            math.ceil(width * ratio),
            min(width, in_channels) + math.floor(width / 3) % 5,
            kernel_size=1,
        )
        self.conv3 = nn.Conv2d(
            min(width, in_channels) + math.floor(width / 3) % 5,
            sum((width, 2)) if width > 4 or ratio >= 0.5 else width,
            kernel_size=1,
        )
        self.conv4 = nn.Conv2d(
            sum((width, 2)) if width > 4 or ratio >= 0.5 else width,
            round(width * ratio) + 4 + int(math.sqrt(width)),
            kernel_size=1,
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv1(x))
        x = self.relu(self.conv2(x))
        x = self.relu(self.conv3(x))
        x = self.conv4(x)
        return x


class CompileTime(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(self, alpha: float, groups: int = 2, in_channels: int = 3) -> None:
        super().__init__()
        channels = in_channels
        self.grouped = nn.ModuleList()
        self.maxpool = nn.ModuleDict()
        for i, width in enumerate(WIDTHS):
            self.grouped.append(Grouped(channels, round_to(width * alpha, 4), groups))
            if i + 1 < 3:
                self.maxpool[str(i)] = nn.MaxPool2d(kernel_size=2)
            channels = round_to(width * alpha, 4)
        self.computed1 = Computed(channels, 8, 0.3)
        self.computed2 = Computed(8, 4, 0.5)
        channels = 8
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.ModuleList()
        for _ in range(3):
            self.conv.append(nn.Conv2d(channels, 16, kernel_size=3, padding=1))
            channels = 16
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        for i, grouped in enumerate(self.grouped):
            x = grouped(x)
            if i + 1 < 3:
                x = self.maxpool[str(i)](x)
        x = self.computed2(self.computed1(x))
        for conv in self.conv:
            x = self.relu(conv(x))
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def scaled_1(**kwargs: Any) -> CompileTime:
    """7,318 parameters, 129,344 multiply-adds at 3x16x16."""
    return CompileTime(1.0, **kwargs)


def scaled_half(**kwargs: Any) -> CompileTime:
    """8,452 parameters, 165,440 multiply-adds at 3x16x16."""
    return CompileTime(2.0, groups=4, **kwargs)
