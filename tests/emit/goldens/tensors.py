"""tensors

Generated from specs/tensors.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
from torch import Tensor, nn


class Affine(nn.Module):
    """A learned weight and shift for each map.

    Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)
    """

    scale: Tensor

    def __init__(self, in_channels: int, gamma: float = 0.01) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((in_channels, 1, 1), gamma))
        self.shift = nn.Parameter(torch.zeros(in_channels, 1, 1))
        self.register_buffer("scale", torch.full((1,), 2.0))

    def forward(self, x: Tensor) -> Tensor:
        x = (x * self.weight) * self.scale + self.shift
        return x


class Tensors(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, kernel_size=3, padding=1)
        self.affine1 = Affine(4)
        self.relu = nn.ReLU()
        self.affine2 = Affine(4, gamma=0.5)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(4, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.affine2(self.relu(self.affine1(self.conv(x))))
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def tensors(**kwargs: Any) -> Tensors:
    """178 parameters, 27,688 multiply-adds at 3x16x16."""
    return Tensors(**kwargs)
