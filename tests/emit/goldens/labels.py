"""labels

Generated from specs/labels.arch by archdsl; edit the spec, not this file.
"""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn


class Bottle(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, H, W)"""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.squeeze = nn.Sequential(
            nn.Conv2d(in_channels, width // 4, kernel_size=1, bias=False),
            nn.BatchNorm2d(width // 4),
            nn.ReLU(inplace=True),
        )
        self.relu = nn.ReLU(inplace=True)
        self.convs = nn.ModuleList()
        self.bns = nn.ModuleList()
        for kernel in (3, 5):
            self.convs.append(
                nn.Conv2d(
                    width // 4,
                    width // 4,
                    kernel_size=kernel,
                    padding=kernel // 2,
                    bias=False,
                )
            )
            self.bns.append(nn.BatchNorm2d(width // 4))
        self.expand = nn.Conv2d(width // 4, width, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze(x)
        for conv, bn in zip(self.convs, self.bns, strict=True):
            x = self.relu(bn(conv(x)))
        x = self.expand(x)
        return x


class Labels(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(self, n: int, in_channels: int = 3) -> None:
        super().__init__()
        channels = in_channels
        features: OrderedDict[str, nn.Module] = OrderedDict()
        for i in range(n):
            features[f"bottle{i + 1}"] = Bottle(channels, 8 * (i + 1))
            channels = 8 * (i + 1)
        self.features = nn.Sequential(features)

        self.extra0 = nn.Conv2d(channels, 8, kernel_size=1)
        self.extra1 = nn.Conv2d(8, 8, kernel_size=1)

        channels = 8
        tail: list[nn.Module] = []
        for _ in range(2):
            tail.append(Bottle(channels, 16))
            channels = 16
        self.tail = nn.Sequential(*tail)

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = self.extra0(x)
        x = self.extra1(x)
        x = self.tail(x)
        x = self.classifier(torch.flatten(self.avgpool(x), 1))
        return x


def labels(**kwargs: Any) -> Labels:
    """2,628 parameters, 589,472 multiply-adds at 3x16x16."""
    return Labels(2, **kwargs)


def labels3(**kwargs: Any) -> Labels:
    """4,216 parameters, 980,640 multiply-adds at 3x16x16."""
    return Labels(3, **kwargs)
