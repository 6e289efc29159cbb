"""steps

Generated from specs/steps.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
from torch import Tensor, nn


class Steps(nn.Module):
    """Shape: (N, in_channels, 28, 28) -> (N, num_classes)"""

    def __init__(
        self, dropout: float = 0.5, num_classes: int = 10, in_channels: int = 1
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 4, kernel_size=5)
        self.maxpool1 = nn.MaxPool2d(kernel_size=2)
        self.conv2 = nn.Conv2d(4, 6, kernel_size=5)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool2 = nn.MaxPool2d(kernel_size=2)
        self.fc1 = nn.Linear(6 * 4 * 4, 20)
        self.dropout = nn.Dropout(dropout)
        self.fc2 = nn.Linear(20, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool1(self.conv1(x))
        x = self.maxpool2(self.relu(self.conv2(x)))
        x = self.fc2(self.dropout(self.relu(self.fc1(torch.flatten(x, 1)))))
        return x


def steps(**kwargs: Any) -> Steps:
    """2,860 parameters, 98,120 multiply-adds at 1x28x28."""
    return Steps(**kwargs)
