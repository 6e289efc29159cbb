"""takes_values

Generated from specs/takes_values.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class NonLocal(nn.Module):
    """Every pixel looks at every other.

    Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)
    """

    def __init__(self, in_channels: int, inner: int) -> None:
        super().__init__()
        self.theta = nn.Conv2d(in_channels, inner, kernel_size=1)
        self.phi = nn.Conv2d(in_channels, inner, kernel_size=1)
        self.g = nn.Conv2d(in_channels, inner, kernel_size=1)
        self.softmax = nn.Softmax(dim=2)
        self.out = nn.Conv2d(inner, in_channels, kernel_size=1)
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        out = self.theta(x)
        out = out.reshape(out.shape[0], self.inner, height * width)
        q = out.permute(0, 2, 1)
        out = self.phi(x)
        k = out.reshape(out.shape[0], self.inner, height * width)
        out = self.g(x)
        out = out.reshape(out.shape[0], self.inner, height * width)
        v = out.permute(0, 2, 1)
        out = torch.matmul(self.softmax(torch.matmul(q, k)), v)
        out = out.permute(0, 2, 1)
        seen = self.out(out.reshape(out.shape[0], self.inner, height, width))
        x = x + seen
        return x


class TakesValues(nn.Module):
    """Shape: (N, in_channels, 8, 8) -> (N, 10)"""

    def __init__(self, width: int, in_channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, width, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=2)
        self.non_local = NonLocal(width, width // 2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        fine = self.relu(self.conv(x))
        x = self.non_local(self.maxpool(fine))
        coarse = F.interpolate(x, size=fine.shape[-2:])
        x = self.fc(torch.flatten(self.avgpool(fine + coarse), 1))
        return x


def takes_values(**kwargs: Any) -> TakesValues:
    """462 parameters, 18,000 multiply-adds at 3x8x8."""
    return TakesValues(8, **kwargs)
