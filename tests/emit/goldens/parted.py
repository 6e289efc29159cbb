"""parted

Generated from specs/parted.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
from torch import Tensor, nn


class Layer(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, in_channels + growth, H, W)"""

    def __init__(self, in_channels: int, growth: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(in_channels, growth, kernel_size=3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, self.conv(self.relu(self.bn(x)))), dim=1)


class Halves(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, in_channels // 2 + width // 2, H, W)"""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(
                in_channels // 2, width // 2, kernel_size=3, padding=1, bias=False
            ),
            nn.BatchNorm2d(width // 2),
            nn.ReLU(inplace=True),
        )
        self.shuffle = nn.ChannelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        part1, part2 = torch.chunk(x, 2, dim=1)
        x = torch.cat((part1, self.branch(part2)), dim=1)
        x = self.shuffle(x)
        return x


class Added(nn.Module):
    """Shape: (N, C, H, W) -> (N, 1, H, W)"""

    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(a, b, kernel_size=3, padding=1)
        self.relu = nn.ReLU()
        self.a = a
        self.b = b

    def forward(self, x: Tensor) -> Tensor:
        part1, part2 = torch.split(x, [self.a, self.b], dim=1)
        x = self.first(part1) + self.relu(part2)
        x = x[:, [0, 2, 4]]
        x, y, z = torch.chunk(x, 3, dim=1)
        x = x * y + z
        return x


class DualPath(nn.Module):
    """Some channels are added to, others are appended.

    Shape: (N, in_channels, H, W) -> (N, in_channels + growth, H, W)
    """

    def __init__(self, in_channels: int, width: int, growth: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, width + growth, kernel_size=3, padding=1)
        self.width = width
        self.in_channels = in_channels
        self.growth = growth

    def forward(self, x: Tensor) -> Tensor:
        kept, dense = torch.split(x, [self.width, self.in_channels - self.width], dim=1)
        out = self.conv(x)
        added, new = torch.split(out, [self.width, self.growth], dim=1)
        return torch.cat((kept + added, dense, new), dim=1)


class Parted(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1, bias=False)
        self.layer = nn.Sequential(*[Layer(8 + i * 4, 4) for i in range(2)])
        self.halves = Halves(16, 16)
        self.dual_path = nn.Sequential(*[DualPath(16 + i * 2, 12, 2) for i in range(2)])
        self.added = Added(14, 6)
        self.fc = nn.Linear(16 * 16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.added(self.dual_path(self.halves(self.layer(self.conv(x)))))
        x = self.fc(torch.flatten(x, 1))
        return x


def parted(**kwargs: Any) -> Parted:
    """9,212 parameters, 1.7 M multiply-adds at 3x16x16."""
    return Parted(**kwargs)
