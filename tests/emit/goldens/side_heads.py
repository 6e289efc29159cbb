"""side_heads

Generated from specs/side_heads.arch by archdsl; edit the spec, not this file.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class Side(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, num_classes)"""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(4)
        self.conv = nn.Conv2d(in_channels, 4, kernel_size=1)
        self.relu = nn.ReLU(inplace=True)
        self.fc = nn.Linear(4 * 4 * 4, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc(torch.flatten(self.relu(self.conv(self.avgpool(x))), 1))
        return x


class SideHeadsOutput(NamedTuple):
    """What training returns: the logits, then the side heads.

    Weights in the loss: 0.3 for side, 0.1 for last.
    """

    logits: Tensor
    side: Tensor | None
    last: Tensor


class SideHeads(nn.Module):
    """Shape: (N, in_channels, 32, 32) -> (N, num_classes)"""

    def __init__(
        self, num_classes: int = 10, side_heads: bool = True, in_channels: int = 3
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 4, kernel_size=3, stride=2, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(4, 8, kernel_size=3, stride=2, padding=1)
        self.side = Side(8, num_classes) if side_heads else None
        self.conv3 = nn.Conv2d(8, 8, kernel_size=3, stride=2, padding=1)
        self.last = Side(8, num_classes)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, num_classes)

    def forward(self, x: Tensor) -> Tensor | SideHeadsOutput:
        x = self.relu(self.conv2(self.relu(self.conv1(x))))
        side = self.side(x) if self.training and self.side is not None else None
        x = self.relu(self.conv3(x))
        last = self.last(x) if self.training else None
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        if last is None:
            return x
        return SideHeadsOutput(x, side, last)


def side_heads(**kwargs: Any) -> SideHeads:
    """2,454 parameters, 1,082 without side heads; 55,376 multiply-adds at 3x32x32."""
    return SideHeads(**kwargs)


def one_head(**kwargs: Any) -> SideHeads:
    """1,768 parameters, 1,082 without side heads; 55,376 multiply-adds at 3x32x32."""
    return SideHeads(side_heads=False, **kwargs)
