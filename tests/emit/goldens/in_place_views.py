"""Steps that may pass their input on as it is, or a view of it, before an activation.

Generated from specs/in_place_views.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Reshape(nn.Module):
    """Gives each sample another shape."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], *self.shape)


class Permute(nn.Module):
    """Reorders the axes; 0 is the batch."""

    def __init__(self, *axes: int) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.axes)


class StochasticDepth(nn.Module):
    """Drops a branch with probability p while training.

    In mode "row" for each sample apart, in mode "batch" for all alike.
    """

    def __init__(self, p: float, mode: str = "row") -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        keep = 1.0 - self.p
        samples = x.shape[0] if self.mode == "row" else 1
        mask = x.new_empty((samples,) + (1,) * (x.ndim - 1)).bernoulli_(keep)
        if keep > 0.0:
            mask.div_(keep)
        return x * mask


class Select(nn.Module):
    """Picks channels by their numbers."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.channels = list(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, self.channels]


class Scale(nn.Module):
    """Multiplies by a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


class InPlaceViews(nn.Module):
    """Shape: (N, in_channels, 8, 8) -> (N, 10)"""

    def __init__(self, in_channels: int = 4) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, kernel_size=3, padding=1)
        self.a = nn.Sequential(
            nn.Dropout(0.1), nn.ReLU(), nn.Conv2d(4, 4, kernel_size=1)
        )
        self.b = nn.Sequential(nn.Identity(), nn.ReLU(), nn.Conv2d(4, 4, kernel_size=1))
        self.c = nn.Sequential(Reshape(4, 8, 8), nn.ReLU())
        self.d = nn.Sequential(nn.ChannelShuffle(1), nn.ReLU())
        self.e = nn.Sequential(nn.Upsample(scale_factor=1), nn.ReLU())
        self.f = nn.Sequential(Permute(0, 1, 2, 3), nn.ReLU())
        self.g = nn.Sequential(StochasticDepth(0.1), nn.ReLU())
        self.h = nn.Sequential(nn.ZeroPad2d(0), nn.ReLU())
        self.i = nn.Sequential(Select((0, 1, 2, 3)), nn.ReLU())
        self.k = nn.Sequential(Scale(1), nn.ReLU())
        self.l = nn.Sequential(nn.AdaptiveAvgPool2d(8), nn.ReLU(inplace=True))
        self.m = nn.Sequential(nn.Dropout(0.1), nn.Dropout(0.2), nn.ReLU())
        self.fc = nn.Linear(4 * 8 * 8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = x + self.a(x)
        x = x + self.b(x)
        x = x + self.c(x)
        x = x + self.d(x)
        x = x + self.e(x)
        x = x + self.f(x)
        x = x + self.g(x)
        x = x + self.h(x)
        x = x + self.i(x)
        x = x + self.k(x)
        x = x + self.l(x)
        x = self.fc(torch.flatten(x + self.m(x), 1))
        return x


def in_place_views(**kwargs: Any) -> InPlaceViews:
    """2,758 parameters, 13,824 multiply-adds at 4x8x8."""
    return InPlaceViews(**kwargs)
