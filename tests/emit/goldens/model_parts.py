"""model_parts

Generated from specs/model_parts.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
from torch import Tensor, nn


class Parts(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, num_classes)"""

    def __init__(self, width: int, num_classes: int = 10, in_channels: int = 3) -> None:
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
            *[
                nn.Sequential(
                    nn.Conv2d(
                        2 * width, 2 * width, kernel_size=3, padding=1, bias=False
                    ),
                    nn.BatchNorm2d(2 * width),
                    nn.ReLU(inplace=True),
                )
                for _ in range(2)
            ],
        )

        self.conv2 = nn.Conv2d(2 * width, 2 * width, kernel_size=1)

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(2 * width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer1(x)
        x = self.relu(self.conv2(x))
        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def parts(**kwargs: Any) -> Parts:
    """1,766 parameters, 123,984 multiply-adds at 3x32x32."""
    return Parts(4, **kwargs)


def parts_64(**kwargs: Any) -> Parts:
    """1,766 parameters, 495,696 multiply-adds at 3x64x64."""
    return Parts(4, **kwargs)
