"""merges

Generated from specs/merges.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Inception(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N,
    3 * width + len(kernels) * width + (width if pooled else 0), H, W)
    """

    def __init__(
        self, in_channels: int, width: int, kernels: Sequence[int], pooled: bool = True
    ) -> None:
        super().__init__()
        self.branch1 = nn.Sequential(
            nn.Conv2d(in_channels, width, kernel_size=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        )
        self.relu = nn.ReLU(inplace=True)
        self.convs = nn.ModuleList(
            nn.Conv2d(in_channels, width, kernel_size=kernel, padding=kernel // 2)
            for kernel in kernels
        )
        self.branch_pool: nn.Sequential | None = None
        if pooled:
            self.branch_pool = nn.Sequential(
                nn.MaxPool2d(kernel_size=3, stride=1, padding=1),
                nn.Conv2d(in_channels, width, kernel_size=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
            )
        self.left = nn.Conv2d(in_channels, width, kernel_size=(1, 3), padding=(0, 1))
        self.right = nn.Conv2d(in_channels, width, kernel_size=(3, 1), padding=(1, 0))

    def forward(self, x: Tensor) -> Tensor:
        branches = [self.branch1(x)]
        for conv in self.convs:
            branches.append(self.relu(conv(x)))
        if self.branch_pool is not None:
            branches.append(self.branch_pool(x))
        branches.append(torch.cat((self.relu(self.left(x)), self.right(x)), dim=1))
        return torch.cat(branches, dim=1)


class Gate(nn.Module):
    """Squeeze and excitation: each map times a number.

    Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)
    """

    def __init__(self, in_channels: int, reduction: int) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(in_channels, in_channels // reduction, kernel_size=1)
        self.relu = nn.ReLU(inplace=True)
        self.fc2 = nn.Conv2d(in_channels // reduction, in_channels, kernel_size=1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        x = x * self.sigmoid(self.fc2(self.relu(self.fc1(self.avgpool(x)))))
        return x


class Averaged(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, H, W)"""

    def __init__(self, in_channels: int, width: int, n: int) -> None:
        super().__init__()
        self.paths = nn.ModuleList(
            nn.Conv2d(in_channels, width, kernel_size=3, padding=1) for _ in range(n)
        )
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        branches = [path(x) for path in self.paths]
        x = sum(branches[1:], start=branches[0]) / len(branches)
        x = x + self.relu(self.bn(x))
        return x


class Merges(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.inception1 = Inception(in_channels, 4, (3, 5))
        self.gate = Gate(24, 4)
        self.inception2 = Inception(24, 4, (3,), pooled=False)
        self.averaged = Averaged(16, 8, 3)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.averaged(self.inception2(self.gate(self.inception1(x))))
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def merges(**kwargs: Any) -> Merges:
    """5,996 parameters, 1.4 M multiply-adds at 3x16x16."""
    return Merges(**kwargs)
