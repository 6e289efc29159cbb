"""ports

Generated from specs/ports.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
from torch import Tensor, nn


class Encoder(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 2 * width)"""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=2)
        self.conv2 = nn.Conv2d(width, 2 * width, kernel_size=3, padding=1)
        self.avgpool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.conv1(x)))
        return torch.flatten(self.avgpool(self.relu(self.conv2(x))), 1)


class TwoViews(nn.Module):
    """Shape: (N, left_channels, 14, 14), (N, right_channels, 14, 14) -> (N, 1), (N,
    kinds)
    """

    def __init__(
        self,
        width: int,
        kinds: int = 10,
        left_channels: int = 1,
        right_channels: int = 1,
    ) -> None:
        super().__init__()
        self.encode_left = Encoder(left_channels, width)
        self.encode_right = Encoder(right_channels, width)
        self.verdict = nn.Linear(2 * width, 1)
        self.sigmoid = nn.Sigmoid()
        self.classify = nn.Linear(4 * width, kinds)

    def forward(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        a = self.encode_left(left)
        b = self.encode_right(right)
        same = self.sigmoid(self.verdict(a * b))
        kind = self.classify(torch.cat((a, b), dim=1))
        return same, kind


def two_views(**kwargs: Any) -> TwoViews:
    """851 parameters, 42,504 multiply-adds at 1x14x14, 1x14x14."""
    return TwoViews(4, **kwargs)
