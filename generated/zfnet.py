"""ZFNet (Zeiler and Fergus, 2013): AlexNet with a finer first layer.

The sizes are those of Fig. 3, for which pools have to round up. The paper gives no
constants for its normalisation: these are AlexNet's.

Visualizing and Understanding Convolutional Networks, 2013.
https://arxiv.org/abs/1311.2901

Generated from specs/zfnet.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class ZFNet(nn.Module):
    """Five convolutions, of which `widths` are the last three, and three linear layers.

    Shape: (N, in_channels, 224, 224) -> (N, num_classes)
    """

    def __init__(
        self,
        widths: Sequence[int] = (384, 384, 256),
        num_classes: int = 1000,
        dropout: float = 0.5,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 96, kernel_size=7, stride=2, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
        self.lrn1 = nn.LocalResponseNorm(size=5, k=2)

        self.conv2 = nn.Conv2d(96, 256, kernel_size=5, stride=2)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
        self.lrn2 = nn.LocalResponseNorm(size=5, k=2)

        self.conv3 = nn.Conv2d(256, widths[0], kernel_size=3, padding=1)
        self.conv4 = nn.Conv2d(widths[0], widths[1], kernel_size=3, padding=1)
        self.conv5 = nn.Conv2d(widths[1], widths[2], kernel_size=3, padding=1)
        self.maxpool3 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)

        self.fc6 = nn.Linear(widths[2] * 6 * 6, 4096)
        self.dropout1 = nn.Dropout(dropout)
        self.fc7 = nn.Linear(4096, 4096)
        self.dropout2 = nn.Dropout(dropout)
        self.fc8 = nn.Linear(4096, num_classes)

        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.normal_(module.weight, std=0.01)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        x = self.lrn1(self.maxpool1(self.relu(x)))

        x = self.conv2(x)
        x = self.lrn2(self.maxpool2(self.relu(x)))

        x = self.relu(self.conv3(x))
        x = self.relu(self.conv4(x))
        x = self.maxpool3(self.relu(self.conv5(x)))

        x = torch.flatten(x, 1)
        x = self.dropout1(self.relu(self.fc6(x)))
        x = self.dropout2(self.relu(self.fc7(x)))
        x = self.fc8(x)
        return x


def zfnet(**kwargs: Any) -> ZFNet:
    """62,357,608 parameters, 1.17 G multiply-adds at 3x224x224."""
    return ZFNet(**kwargs)


def zfnet_wide(**kwargs: Any) -> ZFNet:
    """107,627,624 parameters, 2.48 G multiply-adds at 3x224x224."""
    return ZFNet(widths=(512, 1024, 512), **kwargs)
