"""choices

Generated from specs/choices.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Choice(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, ..., H, W)"""

    def __init__(
        self,
        in_channels: int,
        width: int,
        kind: str,
        act: Callable[..., nn.Module] | None = None,
        norm: Callable[..., nn.Module] | None = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        self.conv1: nn.Conv2d | None = None
        self.conv2: nn.Conv2d | None = None
        self.conv3: nn.Conv2d | None = None
        if kind == "plain":
            self.conv1 = nn.Conv2d(in_channels, width, kernel_size=3, padding=1)
        elif kind == "separable":
            self.conv2 = nn.Conv2d(
                in_channels, in_channels, kernel_size=3, padding=1, groups=in_channels
            )
            self.conv3 = nn.Conv2d(in_channels, width, kernel_size=1)
        self.norm: nn.Module | None = None
        if norm is not None:
            self.norm = norm(
                width
                if kind == "plain"
                else width if kind == "separable" else in_channels
            )
        self.act = act() if act is not None else None
        self.extra: nn.Conv2d | None = None
        if in_channels != width and kind != "none":
            self.extra = nn.Conv2d(
                (
                    width
                    if kind == "plain"
                    else width if kind == "separable" else in_channels
                ),
                width,
                kernel_size=1,
            )

    def forward(self, x: Tensor) -> Tensor:
        if self.conv1 is not None:
            x = self.conv1(x)
        elif self.conv2 is not None and self.conv3 is not None:
            x = self.conv3(self.relu(self.conv2(x)))
        if self.norm is not None:
            x = self.norm(x)
        if self.act is not None:
            x = self.act(x)
        if self.extra is not None:
            x = self.relu(self.extra(x))
        return x


class Choices(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(
        self,
        kinds: Sequence[str],
        act: Callable[..., nn.Module] | None,
        in_channels: int = 4,
    ) -> None:
        super().__init__()
        channels = in_channels
        body: list[nn.Module] = []
        for kind in kinds:
            body.append(Choice(channels, 8 if kind != "none" else 4, kind, act=act))
            channels = (
                (8 if kind != "none" else 4)
                if channels != (8 if kind != "none" else 4) and kind != "none"
                else (
                    (8 if kind != "none" else 4)
                    if kind == "plain"
                    else (
                        (8 if kind != "none" else 4)
                        if kind == "separable"
                        else channels
                    )
                )
            )
        self.body = nn.Sequential(*body)

        self.choice = Choice(channels, 12, "plain", norm=None)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        x = self.choice(x)
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def choices(**kwargs: Any) -> Choices:
    """1,722 parameters, 383,096 multiply-adds at 4x16x16."""
    return Choices(("none", "plain", "separable"), nn.ReLU, **kwargs)


def bare(**kwargs: Any) -> Choices:
    """738 parameters, 147,576 multiply-adds at 4x16x16."""
    return Choices(("none",), None, **kwargs)
