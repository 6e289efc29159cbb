"""AlexNet (Krizhevsky et al., 2012): as published, and as torchvision has it.

torchvision's is the single tower of "One weird trick for parallelizing convolutional
neural networks" (Krizhevsky, 2014): other widths, no groups, and no normalisation.

ImageNet Classification with Deep Convolutional Neural Networks, 2012.
https://doi.org/10.1145/3065386

Generated from specs/alexnet.arch by archdsl; edit the spec, not this file.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class AlexNet(nn.Module):
    """One tower, with torchvision's keys.

    Shape: (N, in_channels, 224, 224) -> (N, num_classes)
    """

    def __init__(
        self, num_classes: int = 1000, dropout: float = 0.5, in_channels: int = 3
    ) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 64, kernel_size=11, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(64, 192, kernel_size=5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(192, 384, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(6)
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = torch.flatten(self.avgpool(x), 1)
        x = self.classifier(x)
        return x


class AlexNetPaper(nn.Module):
    """Two towers, as groups (Fig. 2).

    Normalisation has the constants of Section 3.3, alpha divided by the size as in the
    authors' code, and reaches across the towers. Like that code, the first layer makes
    55x55 of 224x224 by zeros on the right and below.

    Shape: (N, in_channels, 224, 224) -> (N, num_classes)
    """

    def __init__(
        self,
        groups: int = 2,
        num_classes: int = 1000,
        dropout: float = 0.5,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 96, kernel_size=11, stride=4)
        self.relu = nn.ReLU(inplace=True)
        self.lrn1 = nn.LocalResponseNorm(size=5, k=2)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)

        self.conv2 = nn.Conv2d(96, 256, kernel_size=5, padding=2, groups=groups)
        self.lrn2 = nn.LocalResponseNorm(size=5, k=2)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2)

        self.conv3 = nn.Conv2d(256, 384, kernel_size=3, padding=1)
        self.conv4 = nn.Conv2d(384, 384, kernel_size=3, padding=1, groups=groups)
        self.conv5 = nn.Conv2d(384, 256, kernel_size=3, padding=1, groups=groups)
        self.maxpool3 = nn.MaxPool2d(kernel_size=3, stride=2)

        self.fc6 = nn.Linear(256 * 6 * 6, 4096)
        self.dropout1 = nn.Dropout(dropout)
        self.fc7 = nn.Linear(4096, 4096)
        self.dropout2 = nn.Dropout(dropout)
        self.fc8 = nn.Linear(4096, num_classes)

        for name, module in self.named_modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)) and name in (
                "conv2",
                "conv4",
                "conv5",
                "fc6",
                "fc7",
            ):
                nn.init.normal_(module.weight, std=0.01)
                if module.bias is not None:
                    nn.init.ones_(module.bias)
            elif isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.normal_(module.weight, std=0.01)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(F.pad(x, (0, 3, 0, 3)))
        x = self.maxpool1(self.lrn1(self.relu(x)))

        x = self.maxpool2(self.lrn2(self.relu(self.conv2(x))))

        x = self.relu(self.conv3(x))
        x = self.relu(self.conv4(x))
        x = self.maxpool3(self.relu(self.conv5(x)))

        x = torch.flatten(x, 1)
        x = self.dropout1(self.relu(self.fc6(x)))
        x = self.dropout2(self.relu(self.fc7(x)))
        x = self.fc8(x)
        return x


def alexnet(**kwargs: Any) -> AlexNet:
    """61,100,840 parameters, 714 M multiply-adds at 3x224x224."""
    return AlexNet(**kwargs)


def alexnet_paper(**kwargs: Any) -> AlexNetPaper:
    """60,965,224 parameters, 724 M multiply-adds at 3x224x224."""
    return AlexNetPaper(**kwargs)
