"""recursion

Generated from specs/recursion.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

from torch import Tensor, nn


class Nested(nn.Module):
    """A branch at this size, and the rest at half of it.

    Shape: (N, in_channels, H, W) -> (N, width, H, W)
    """

    def __init__(self, in_channels: int, depth: int, width: int) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        self.conv: nn.Conv2d | None = None
        self.bn: nn.BatchNorm2d | None = None
        self.here: nn.Sequential | None = None
        self.maxpool: nn.MaxPool2d | None = None
        self.inner: Nested | None = None
        self.upsample: nn.Upsample | None = None
        if depth == 0:
            self.conv = nn.Conv2d(
                in_channels, width, kernel_size=3, padding=1, bias=False
            )
            self.bn = nn.BatchNorm2d(width)
        else:
            self.here = nn.Sequential(
                nn.Conv2d(in_channels, width, kernel_size=3, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
            )
            self.maxpool = nn.MaxPool2d(kernel_size=2)
            self.inner = Nested(in_channels, depth - 1, width)
            self.upsample = nn.Upsample(scale_factor=2)

    def forward(self, x: Tensor) -> Tensor:
        if self.conv is not None and self.bn is not None:
            x = self.relu(self.bn(self.conv(x)))
        elif (
            self.here is not None
            and self.maxpool is not None
            and self.inner is not None
            and self.upsample is not None
        ):
            x = self.here(x) + self.upsample(self.inner(self.maxpool(x)))
        return x


class Recursion(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 1, 16, 16)"""

    def __init__(self, depth: int, in_channels: int = 3) -> None:
        super().__init__()
        self.nested = Nested(in_channels, depth, 4)
        self.out = nn.Conv2d(4, 1, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.out(self.nested(x))
        return x


def recursion(**kwargs: Any) -> Recursion:
    """353 parameters, 37,312 multiply-adds at 3x16x16."""
    return Recursion(2, **kwargs)
