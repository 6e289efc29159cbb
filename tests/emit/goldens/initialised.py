"""initialised

Generated from specs/initialised.arch by archdsl; edit the spec, not this file.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class Unit(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, H, W)"""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, kernel_size=3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.last = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        out = self.last(self.conv2(self.relu(self.bn(self.conv1(x)))))
        x = x + out
        return x


class Side(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 10)"""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(in_channels, width, kernel_size=1)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc(torch.flatten(self.avgpool(self.relu(self.reduce(x))), 1))
        return x


class Initialised(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)
        self.unit = Unit(8, 8)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 10)

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.constant_(module.weight, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc(torch.flatten(self.avgpool(self.unit(self.conv(x))), 1))
        return x


class PlacedOutput(NamedTuple):
    """What training returns: the logits, then the side heads.

    Weights in the loss: 0.3 for side.
    """

    logits: Tensor
    side: Tensor


class Placed(nn.Module):
    """Rules about some modules go before those about all.

    Shape: (N, in_channels, 16, 16) -> (N, 10)
    """

    def __init__(self, side: bool = True, in_channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.side = Side(8, 4) if side else None
        self.features = nn.Sequential(Unit(8, 8), nn.Conv2d(8, 8, kernel_size=1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 10)

        for name, module in self.named_modules():
            if isinstance(module, nn.Conv2d) and name.startswith("features."):
                nn.init.ones_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Conv2d) and name in ("conv", "side.reduce"):
                nn.init.constant_(module.weight, 2)
                if module.bias is not None:
                    nn.init.ones_(module.bias)
            elif isinstance(module, nn.Linear) and name == "side.fc":
                nn.init.constant_(module.weight, 3)
                nn.init.zeros_(module.bias)
            elif isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.constant_(module.weight, 0.5)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor | PlacedOutput:
        x = self.relu(self.conv(x))
        side = self.side(x) if self.training and self.side is not None else None
        x = self.features(x)
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        if side is None:
            return x
        return PlacedOutput(x, side)


class Bare(nn.Module):
    """No linear layer here lacks a bias, a norm may.

    Shape: (N, in_channels, 16, 16) -> (N, 10)
    """

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(8, affine=False)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 10)

        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.weight)
                nn.init.ones_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn(self.conv(x)))
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def initialised(**kwargs: Any) -> Initialised:
    """1,498 parameters, 350,288 multiply-adds at 3x16x16."""
    return Initialised(**kwargs)


def bare(**kwargs: Any) -> Bare:
    """306 parameters, 55,376 multiply-adds at 3x16x16."""
    return Bare(**kwargs)


def placed(**kwargs: Any) -> Placed:
    """1,656 parameters, 1,570 without side heads; 366,672 multiply-adds at 3x16x16."""
    return Placed(**kwargs)


def placed_alone(**kwargs: Any) -> Placed:
    """1,570 parameters, 366,672 multiply-adds at 3x16x16."""
    return Placed(side=False, **kwargs)
