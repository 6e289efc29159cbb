"""value_families

Generated from specs/value_families.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
from torch import Tensor, nn


class UShape(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 1, 16, 16)"""

    def __init__(self, depth: int, width: int, in_channels: int = 3) -> None:
        super().__init__()
        channels = in_channels
        self.relu = nn.ReLU(inplace=True)
        self.down = nn.ModuleList()
        self.maxpool = nn.ModuleList()
        for i in range(depth):
            self.down.append(
                nn.Conv2d(channels, width * 2**i, kernel_size=3, padding=1)
            )
            self.maxpool.append(nn.MaxPool2d(kernel_size=2))
            channels = width * 2**i
        self.grow = nn.ModuleDict()
        self.up = nn.ModuleDict()
        for i in reversed(range(depth)):
            self.grow[str(i)] = nn.ConvTranspose2d(
                channels, width * 2**i, kernel_size=2, stride=2
            )
            self.up[str(i)] = nn.Conv2d(
                2 * (2**i * width), width * 2**i, kernel_size=3, padding=1
            )
            channels = width * 2**i
        self.out = nn.Conv2d(channels, 1, kernel_size=1)
        self.depth = depth

    def forward(self, x: Tensor) -> Tensor:
        skips: list[Tensor] = []
        for down, maxpool in zip(self.down, self.maxpool, strict=True):
            x = self.relu(down(x))
            skips.append(x)
            x = maxpool(x)
        for i in reversed(range(self.depth)):
            grown = self.grow[str(i)](x)
            x = self.relu(self.up[str(i)](torch.cat((skips[i], grown), dim=1)))
        x = self.out(x)
        return x


def u_shape(**kwargs: Any) -> UShape:
    """2,261 parameters, 206,848 multiply-adds at 3x16x16."""
    return UShape(2, 4, **kwargs)


def u_shape3(**kwargs: Any) -> UShape:
    """2,387 parameters, 83,968 multiply-adds at 3x16x16."""
    return UShape(3, 2, **kwargs)
