"""taps

Generated from specs/taps.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

from torch import Tensor, nn


class BackboneTap(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 2 * width, ceil(H / 4), ceil(W / 4)), (N,
    4 * width, ceil(H / 8), ceil(W / 8))
    """

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, width, kernel_size=3, stride=2, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

        self.layer1 = nn.Sequential(
            nn.Conv2d(width, 2 * width, kernel_size=3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(inplace=True),
        )
        self.layer2 = nn.Sequential(
            nn.Conv2d(
                2 * width, 4 * width, kernel_size=3, stride=2, padding=1, bias=False
            ),
            nn.BatchNorm2d(4 * width),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.relu(self.bn1(self.conv1(x)))
        layer1 = self.layer1(x)
        layer2 = self.layer2(layer1)
        return layer1, layer2


class Detector(nn.Module):
    """Shape: (N, in_channels, 32, 32) -> (N, 4, 8, 8), (N, 4, 4, 4)"""

    def __init__(self, width: int, in_channels: int = 3) -> None:
        super().__init__()
        self.body = BackboneTap(in_channels, width)
        self.head1 = nn.Conv2d(2 * width, 4, kernel_size=1)
        self.head2 = nn.Conv2d(4 * width, 4, kernel_size=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        c1, c2 = self.body(x)
        fine = self.head1(c1)
        coarse = self.head2(c2)
        return fine, coarse


def detector(**kwargs: Any) -> Detector:
    """1,708 parameters, 67,584 multiply-adds at 3x32x32."""
    return Detector(4, **kwargs)
