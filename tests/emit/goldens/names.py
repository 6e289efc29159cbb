"""names

Generated from specs/names.arch by archdsl; edit the spec, not this file.
"""

from collections import OrderedDict
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


class Lookalikes(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, I_ if I_ is not None else l_ + O_, H, W)"""

    def __init__(
        self, in_channels: int, k: int, l_: int, O_: int = 4, I_: int | None = None
    ) -> None:
        super().__init__()
        if l_ >= 9:
            raise ValueError(f"l is {l_}, not I")
        self.l = nn.Conv2d(in_channels, l_, kernel_size=3, padding=1)
        self.conv1 = nn.Conv2d(in_channels, k * l_, kernel_size=1)
        self.O = nn.Conv2d(k * l_, O_, kernel_size=1)
        self.conv2 = nn.Conv2d(l_ + O_, I_, kernel_size=1) if I_ is not None else None

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat((self.l(x), self.O(self.conv1(x))), dim=1)
        if self.conv2 is not None:
            x = self.conv2(x)
        return x


class Labelled(nn.Sequential):
    """Shape: (N, in_channels, H, W) -> (N, l_, H, W)"""

    def __init__(self, in_channels: int, l_: int) -> None:
        channels = in_channels
        children: OrderedDict[str, nn.Module] = OrderedDict()
        for i in range(2):
            children[f"I{i}_{l_}"] = nn.Conv2d(channels, l_, kernel_size=1)
            channels = l_
        children["l"] = nn.ReLU()
        super().__init__(children)


class LooksAlike(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(self, l_: int, in_channels: int = 3) -> None:
        super().__init__()
        self.lookalikes1 = Lookalikes(in_channels, 2, l_ + 1, O_=5)
        self.lookalikes2 = Lookalikes(l_ + 6, 1, l_, I_=4)
        self.labelled = Labelled(4, l_)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(l_, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.labelled(self.lookalikes2(self.lookalikes1(x)))
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def names(**kwargs: Any) -> Names:
    """858 parameters, 175,216 multiply-adds at 3x16x16."""
    return Names(**kwargs)


def looks_alike(**kwargs: Any) -> LooksAlike:
    """580 parameters, 128,798 multiply-adds at 3x16x16."""
    return LooksAlike(3, **kwargs)


def looks_alike_wide(**kwargs: Any) -> LooksAlike:
    """789 parameters, 177,960 multiply-adds at 3x16x16."""
    return LooksAlike(4, **kwargs)
