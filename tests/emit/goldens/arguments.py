"""arguments

Generated from specs/arguments.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Taken(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, extra if label == "a" else 2 * extra, H,
    W)
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        kernel: tuple[int, int] = (3, 3),
        kinds: Sequence[int] = (1, 2),
        label: str = "a",
        extra: int | None = None,
    ) -> None:
        super().__init__()
        if extra is None:
            extra = width // 2
        channels = in_channels
        self.relu = nn.ReLU(inplace=True)
        self.convs = nn.ModuleList()
        for kind in kinds:
            self.convs.append(
                nn.Conv2d(
                    channels,
                    width * kind,
                    kernel_size=kernel,
                    padding=(kernel[0] // 2, kernel[1] // 2),
                )
            )
            channels = width * kind
        self.conv1: nn.Conv2d | None = None
        self.conv2: nn.Conv2d | None = None
        if label == "a":
            self.conv1 = nn.Conv2d(channels, extra, kernel_size=1)
        else:
            self.conv2 = nn.Conv2d(channels, 2 * extra, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        for conv in self.convs:
            x = self.relu(conv(x))
        if self.conv1 is not None:
            x = self.conv1(x)
        elif self.conv2 is not None:
            x = self.relu(self.conv2(x))
        return x


class Arguments(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(
        self,
        depths: Sequence[int] = (1, 2),
        unit: Callable[..., Taken] = Taken,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        channels = in_channels
        layer1: list[nn.Module] = []
        for _ in range(depths[0]):
            layer1.append(unit(channels, 4))
            channels = 2
        self.layer1 = nn.Sequential(*layer1)

        layer2: list[nn.Module] = []
        for _ in range(depths[1]):
            layer2.append(unit(channels, 8))
            channels = 4
        self.layer2 = nn.Sequential(*layer2)

        self.taken1 = Taken(channels, 8, kernel=(1, 1), kinds=(1,), label="b")
        self.taken2 = Taken(8, 4, kernel=(1, 3), extra=6)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(6, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer1(x)
        x = self.layer2(x)
        x = self.taken2(self.taken1(x))
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def arguments(**kwargs: Any) -> Arguments:
    """3,786 parameters, 924,732 multiply-adds at 3x16x16."""
    return Arguments(**kwargs)


def arguments_deep(**kwargs: Any) -> Arguments:
    """2,644 parameters, 635,964 multiply-adds at 3x16x16."""
    return Arguments(depths=(2, 1), **kwargs)
