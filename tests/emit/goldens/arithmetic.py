"""arithmetic

Generated from specs/arithmetic.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
from torch import Tensor, nn


class Highway(nn.Module):
    """A gate decides how much of each value is replaced.

    Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)
    """

    def __init__(self, in_channels: int, kernel: int = 3) -> None:
        super().__init__()
        self.transform = nn.Conv2d(
            in_channels, in_channels, kernel_size=kernel, padding=kernel // 2
        )
        self.relu = nn.ReLU(inplace=True)
        self.gate = nn.Conv2d(
            in_channels, in_channels, kernel_size=kernel, padding=kernel // 2
        )
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        new = self.relu(self.transform(x))
        t = self.sigmoid(self.gate(x))
        x = t * new + (1 - t) * x
        return x


class Weighed(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)"""

    def __init__(self, in_channels: int, alpha: float) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, in_channels, kernel_size=1)
        self.relu = nn.ReLU()
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        z = self.alpha * (y - x) - 2 * -y
        kept = self.relu(z)
        x = kept + 0.5 * z
        return x


class Arithmetic(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.highway1 = Highway(in_channels)
        self.highway2 = Highway(in_channels, kernel=1)
        self.weighed = Weighed(in_channels, 0.25)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(in_channels, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.weighed(self.highway2(self.highway1(x)))
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def arithmetic(**kwargs: Any) -> Arithmetic:
    """244 parameters, 48,414 multiply-adds at 3x16x16."""
    return Arithmetic(**kwargs)
