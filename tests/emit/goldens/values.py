"""values

Generated from specs/values.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Cross(nn.Module):
    """Each value is made from the two before it.

    Shape: (N, left_channels, H_left, W_left), (N, right_channels, H_right, W_right) ->
        (N, right_channels, H_right, W_right), (N, width, H_left, W_left)
    """

    def __init__(self, left_channels: int, right_channels: int, width: int) -> None:
        super().__init__()
        self.conv_left = nn.Conv2d(left_channels, width, kernel_size=3, padding=1)
        self.conv_right = nn.Conv2d(right_channels, width, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        a = self.conv_left(left)
        b = self.conv_right(right)
        next = self.relu(a + b)
        return right, next


class Joined(nn.Module):
    """However many maps there are, they become one.

    Shape: list of (N, maps_channels[i], H[i], W[i]) -> (N, width, H[0], W[0])
    """

    def __init__(self, maps_channels: Sequence[int], width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(sum(maps_channels), width, kernel_size=1)

    def forward(self, maps: list[Tensor]) -> Tensor:
        x: Tensor = self.conv(torch.cat(maps, dim=1))
        return x


class Ends(nn.Module):
    """A value named at the end is a tensor whichever arm makes it.

    Shape: (N, in_channels, H, W) -> (N, 8, H, W)
    """

    def __init__(self, in_channels: int, rows: Sequence[Sequence[int]]) -> None:
        super().__init__()
        channels = in_channels
        self.conv1 = nn.ModuleDict()
        for i, row in enumerate(rows):
            for j, each in enumerate(row):
                self.conv1[f"{i}_{j}"] = nn.Conv2d(channels, each, kernel_size=1)
                channels = each
        self.conv2: nn.Conv2d | None = None
        self.conv3: nn.Conv2d | None = None
        if len(rows) > 1:
            self.conv2 = nn.Conv2d(channels, 8, kernel_size=3, padding=1)
        else:
            self.conv3 = nn.Conv2d(channels, 8, kernel_size=1)
        self.rows = rows

    def forward(self, x: Tensor) -> Tensor:
        for i, row in enumerate(self.rows):
            for j in range(len(row)):
                x = self.conv1[f"{i}_{j}"](x)
        if self.conv2 is not None:
            last: Tensor = self.conv2(x)
        elif self.conv3 is not None:
            last = self.conv3(x)
        return last


class Values(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(self, width: int, in_channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, width, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.cross = nn.ModuleList(Cross(width, width, width) for _ in range(3))
        self.joined = Joined((width, width, width), width)
        self.ends1 = Ends(width, ())
        self.ends2 = Ends(8, ((4,),))
        self.ends3 = Ends(8, ((), (4, 8)))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv(x))
        before, last = x, x
        for cross in self.cross:
            before, last = cross(before, last)
        out = self.joined([before, last, x])
        out = self.ends3(self.ends2(self.ends1(out)))
        x = self.fc(torch.flatten(self.avgpool(out), 1))
        return x


def values(**kwargs: Any) -> Values:
    """1,918 parameters, 449,616 multiply-adds at 3x16x16."""
    return Values(4, **kwargs)
