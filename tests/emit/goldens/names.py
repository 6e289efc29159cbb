"""names

Generated from specs/names.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
from torch import Tensor, nn


class Inner(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)"""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, in_channels, kernel_size=3, padding=1, bias=False
        )
        self.bn = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn(self.conv(x)))
        return x


class Names(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 4, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(4, 4, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(4)
        self.inner1 = Inner(4)
        self.conv3 = nn.Conv2d(4, 4, kernel_size=3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(4)
        self.prelu = nn.PReLU(4)
        self.inner2 = Inner(4)
        self.elu = nn.ELU()
        self.maxpool1 = nn.MaxPool2d(kernel_size=2)
        self.dropout1 = nn.Dropout(0.1)
        self.maxpool2 = nn.MaxPool2d(kernel_size=2)
        self.dropout2 = nn.Dropout(0.2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Linear(4, 8)
        self.fc2 = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.inner1(self.relu(self.bn2(self.conv2(x))))
        x = self.elu(self.inner2(self.prelu(self.relu(self.bn3(self.conv3(x))))))
        x = self.dropout1(self.maxpool1(x))
        x = self.dropout2(self.maxpool2(x))
        x = self.fc2(self.elu(self.fc1(torch.flatten(self.avgpool(x), 1))))
        return x


def names(**kwargs: Any) -> Names:
    """858 parameters, 175,216 multiply-adds at 3x16x16."""
    return Names(**kwargs)
