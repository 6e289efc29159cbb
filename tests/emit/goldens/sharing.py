"""sharing

Generated from specs/sharing.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
from torch import Tensor, nn


class Encoder(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width)"""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, width, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.flatten(self.avgpool(self.relu(self.conv(x))), 1)


class Twice(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, H, W)"""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, width, kernel_size=1)
        self.mix = nn.Conv2d(width, width, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.mix(self.relu(self.mix(self.conv(x)))))
        return x


class Compare(nn.Module):
    """Shape: (N, left_channels, 14, 14), (N, right_channels, 14, 14) -> (N, 1)"""

    def __init__(
        self, width: int, left_channels: int = 1, right_channels: int = 1
    ) -> None:
        super().__init__()
        self.twice = Twice(left_channels, width)
        self.encoder = Encoder(width, width)
        self.twice2 = Twice(right_channels, width)
        self.fc = nn.Linear(width, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        a = self.encoder(self.twice(left))
        b = self.encoder(self.twice2(right))
        x: Tensor = self.sigmoid(self.fc(a * b))
        return x


def compare(**kwargs: Any) -> Compare:
    """465 parameters, 170,916 multiply-adds at 1x14x14, 1x14x14."""
    return Compare(4, **kwargs)
