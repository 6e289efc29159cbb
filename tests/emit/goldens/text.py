"""A spec with all that text can hold: a "quoted" word, a \\ and an é.

A paragraph one of whose lines is too long for the Python, which has 88 columns, is
filled anew, with no short line in its midst; one that fits stays as it is.

- An item of a list is a paragraph of its own, however long it may be; this one is long
  indeed.
- So is this.

A Paper, 1998. https://arxiv.org/abs/1234.56789

Generated from specs/text.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
from torch import Tensor, nn


class Text(nn.Module):
    """What the model says of itself.

    In a class there are four columns less, so that lines of 85 columns and more are
    filled anew.

    Shape: (N, in_channels, 16, 16) -> (N, num_classes)
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(8, 16, kernel_size=(1, 7), padding=(0, 3))
        self.leaky_relu = nn.LeakyReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(16, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv1(x))
        x = self.leaky_relu(self.conv2(x))
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def text(**kwargs: Any) -> Text:
    """1,306 parameters, 284,832 multiply-adds at 3x16x16."""
    return Text(**kwargs)
