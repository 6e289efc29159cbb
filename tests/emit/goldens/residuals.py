"""residuals

Generated from specs/residuals.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
from torch import Tensor, nn


class Basic(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride),
    ceil(W / stride))
    """

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, width, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or in_channels != width:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, width, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(width),
            )

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.bn2(self.conv2(x))
        x = self.relu(x + identity)
        return x


class PreActivated(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride),
    ceil(W / stride))
    """

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(
            in_channels, width, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.shortcut: nn.Conv2d | None = None
        if stride != 1 or in_channels != width:
            self.shortcut = nn.Conv2d(
                in_channels, width, kernel_size=1, stride=stride, bias=False
            )

    def forward(self, x: Tensor) -> Tensor:
        active = self.relu(self.bn1(x))
        out = self.relu(self.bn2(self.conv1(active)))
        out = self.conv2(out)
        identity = x if self.shortcut is None else self.shortcut(active)
        x = out + identity
        return x


class Inverted(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride),
    ceil(W / stride))
    """

    def __init__(
        self, in_channels: int, width: int, expand: int, stride: int = 1
    ) -> None:
        super().__init__()
        hidden = expand * in_channels
        self.conv1 = nn.Conv2d(in_channels, hidden, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.relu6 = nn.ReLU6(inplace=True)
        self.conv2 = nn.Conv2d(
            hidden,
            hidden,
            kernel_size=3,
            stride=stride,
            padding=1,
            groups=hidden,
            bias=False,
        )
        self.bn2 = nn.BatchNorm2d(hidden)
        self.conv3 = nn.Conv2d(hidden, width, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.in_channels = in_channels
        self.stride = stride
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu6(self.bn1(self.conv1(x)))
        out = self.relu6(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        x = x + out if self.stride == 1 and self.in_channels == self.width else out
        return x


class Damped(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, H, W)"""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(in_channels, width, kernel_size=3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn(self.conv(self.relu(x)))
        x = self.relu(out * 0.2 + x)
        return x


class Projected(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, H, W)"""

    def __init__(self, in_channels: int, width: int, shortcut: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.downsample1: nn.Sequential | None = None
        if shortcut:
            self.downsample1 = nn.Sequential(
                nn.Conv2d(in_channels, width, kernel_size=1, bias=False),
                nn.BatchNorm2d(width),
            )
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.downsample2 = nn.Sequential(nn.Conv2d(width, width, kernel_size=1))
        self.conv4 = nn.Conv2d(width, width, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn1(self.conv1(x))
        if self.downsample1 is not None:
            identity = self.downsample1(x)
            out = out + identity
        inner = self.bn2(self.conv2(out))
        identity = self.downsample2(inner)
        out = self.bn3(self.conv3(inner))
        x = out + identity
        out = self.relu(self.conv4(x))
        x = x + out
        return x


class Residuals(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(self, in_channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, kernel_size=3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)

        self.body = nn.Sequential(
            Basic(4, 4),
            Basic(4, 8, stride=2),
            PreActivated(8, 8),
            PreActivated(8, 12, stride=2),
            Inverted(12, 12, 4),
            Inverted(12, 8, 4),
            Damped(8, 8),
            Projected(8, 8, True),
            Projected(8, 8, False),
        )

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn(self.conv(x)))
        x = self.body(x)
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def residuals(**kwargs: Any) -> Residuals:
    """13,870 parameters, 402,256 multiply-adds at 3x16x16."""
    return Residuals(**kwargs)
