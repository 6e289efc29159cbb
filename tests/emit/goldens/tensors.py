"""tensors

Generated from specs/tensors.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
from torch import Tensor, nn

ROWS = (5, 2, 6, 1)


class Affine(nn.Module):
    """A learned weight and shift for each map.

    Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)
    """

    scale: Tensor

    def __init__(self, in_channels: int, gamma: float = 0.01) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((in_channels, 1, 1), gamma))
        self.shift = nn.Parameter(torch.zeros(in_channels, 1, 1))
        self.register_buffer("scale", torch.full((1,), 2.0))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight * self.scale + self.shift


class Bits(nn.Module):
    """Differences to the bits of the first rows, each weighed by its place.

    Shape: (N, C) -> (N, n * 3)
    """

    bits: Tensor
    places: Tensor
    units: Tensor

    def __init__(self, n: int) -> None:
        super().__init__()
        self.register_buffer(
            "bits",
            torch.tensor(
                [[row // 2**i % 2 for i in range(3)] for row in ROWS[:n]],
                dtype=torch.float32,
            ).reshape((n, 3)),
        )
        self.register_buffer(
            "places", torch.tensor((1, 2, 4), dtype=torch.float32).reshape((1, 3))
        )
        self.register_buffer(
            "units",
            torch.tensor(((1, 0, 0), (0, 1, 0), (0, 0, 1)), dtype=torch.float32),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x.reshape(x.shape[0], 1, 3)
        out = torch.matmul((x - self.bits) * self.places, self.units)
        return torch.flatten(out, 1)


class Tensors(nn.Module):
    """Shape: (N, in_channels, 16, 16) -> (N, 10)"""

    def __init__(self, n: int = 2, in_channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, kernel_size=3, padding=1)
        self.affine1 = Affine(4)
        self.relu = nn.ReLU()
        self.affine2 = Affine(4, gamma=0.5)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Linear(4, 3)
        self.bits = Bits(n)
        self.fc2 = nn.Linear(n * 3, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.affine2(self.relu(self.affine1(self.conv(x))))
        x = self.fc2(self.bits(self.fc1(torch.flatten(self.avgpool(x), 1))))
        return x


def tensors(**kwargs: Any) -> Tensors:
    """213 parameters, 27,738 multiply-adds at 3x16x16."""
    return Tensors(**kwargs)
